"""What a document may not unpack to. Apart from who unpacks it: few requests have documents."""

from __future__ import annotations

from typing import Final

MOST_UNPACKED_BYTES: Final = 256 * 1024 * 1024
"""A file that unpacks to more is a bomb, not a document: Converse takes 4.5 MB packed."""


class ZipBomb(Exception):
    """The file unpacks to more than MOST_UNPACKED_BYTES."""
