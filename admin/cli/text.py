"""Text on a terminal: how wide it is, and what of it may be written there. Pure."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"

# What can move a cursor, start an escape sequence, or turn the direction of writing. The admin API refuses it in names;
# models, errors and audit entries hold what clients chose.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_WIDE = ("W", "F")


def printable(text: str) -> str:
    """The same text with unprintable characters escaped as Python writes them: `\\x1b`."""
    return _UNPRINTABLE.sub(_escaped, text)


def escape_in_json(document: str) -> str:
    """The same JSON document, safe on a terminal: what is unprintable in its strings as JSON's own escapes.

    Line breaks stay: outside of strings they are layout, and inside of them JSON has none.
    """
    return _UNPRINTABLE.sub(lambda match: match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}", document)


def width_of(text: str) -> int:
    """How many columns a terminal takes for it."""
    if text.isascii():
        return len(text)
    return sum(map(_columns_of, text))


def fitted(text: str, width: int) -> str:
    """The text in at most `width` columns, cut ones ending in an ellipsis."""
    if width_of(text) <= width:
        return text
    kept, left = "", width - 1
    for character in text:
        left -= _columns_of(character)
        if left < 0:
            break
        kept += character
    return kept + ELLIPSIS if width > 0 else ""


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
