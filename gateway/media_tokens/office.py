"""How much text a file of Word or Excel can have: by what its zip directory says its parts unpack to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

from gateway.media_tokens.zip_bomb import MOST_UNPACKED_BYTES, ZipBomb

MOST_READ_BYTES: Final = 8 * 1024 * 1024

_IMAGE: Final = re.compile(r".*/media/[^/]+$")
_STRINGS_PART: Final = "sharedstrings"
# Names of elements may have a prefix of their namespace's.
_STRING_BEGINS: Final = re.compile(rb"<(?:\w{1,32}:)?si\b")
_CELL_BEGINS: Final = re.compile(rb"<(?:\w{1,32}:)?c\b")
_NAMES_A_STRING: Final = re.compile(rb"""[^<>]{0,512}?\bt\s*=\s*["']s["']""")
_VALUE: Final = re.compile(rb"<(?:\w{1,32}:)?v\b[^<>]{0,512}>\s*(\d{1,9})\b")


@dataclass(frozen=True, slots=True)
class OfficeSize:
    """Upper bounds. `text_bytes` in UTF-8."""

    images: int
    text_bytes: int


def find_office_size(content: bytes) -> OfficeSize | None:
    """None for a file whose parts cannot be read, or whose sheets are more than MOST_READ_BYTES, which take a second to
    read. Raises ZipBomb.

    A cell of Excel's names its text by a number: one text can stand in any number of cells, and counts in each.
    """
    try:
        with ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
                raise ZipBomb
            shared = _shared_bytes(archive, parts)
    except (BadZipFile, ZlibError, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        return None
    if shared is None:
        return None
    pictures = [part for part in parts if _IMAGE.match(part.filename)]
    text = sum(part.file_size for part in parts) - sum(picture.file_size for picture in pictures)
    return OfficeSize(len(pictures), text + shared)


def _shared_bytes(archive: ZipFile, parts: list[ZipInfo]) -> int | None:
    """What all cells that name a shared string show; 0 where no string is shared. None where that cannot be told."""
    sheets = [part for part in parts if part.filename.startswith("xl/") and part.filename.endswith(".xml")]
    strings = [part for part in sheets if _STRINGS_PART in part.filename.lower()]
    if not sheets:
        return 0
    if len(strings) > 1 or sum(part.file_size for part in sheets) > MOST_READ_BYTES:
        return None
    lengths = [len(text) for part in strings for text in _STRING_BEGINS.split(archive.read(part))[1:]]
    shown = 0
    for sheet in sheets:
        for number in _named_strings(archive.read(sheet)):
            if number >= len(lengths):
                return None
            shown += lengths[number]
    return shown


def _named_strings(sheet: bytes) -> Iterator[int]:
    """The numbers of the shared strings that a sheet's cells name."""
    for cell in _CELL_BEGINS.split(sheet)[1:]:
        if _NAMES_A_STRING.match(cell) and (value := _VALUE.search(cell)) is not None:
            yield int(value[1])
