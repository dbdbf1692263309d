"""How many objects and arrays a JSON text holds and how deep they nest: told by its bytes, before anything is built.

A parsed `[]` takes some 64 bytes of memory for 3 bytes of text, and walking what was parsed in Python takes longer than
parsing it. The marks that matter, brackets outside strings, are found by passes of `bytes` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

# orjson writes 254 levels at most, and Bedrock's own parser has a floor; no real tool schema comes near this.
MAX_NESTING: Final = 128

# About what a prompt of a million tokens could hold if it were all JSON, at five tokens for each object.
MAX_CONTAINERS: Final = 200_000

_NOT_MARKS: Final = bytes(set(range(256)) - set(b'"[]{}'))
_QUOTED: Final = re.compile(rb'"[^"]*+"?')
_LEVELS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class StructureTooLarge(ValueError):
    """A JSON text nests too deep or holds too many objects and arrays. Its message reads on: "it nests deeper …"."""


def check_structure(text: bytes) -> None:
    """Raises StructureTooLarge for more than MAX_NESTING levels, or more than MAX_CONTAINERS objects and arrays.

    Exact for valid JSON; whether the text is valid, its parser has to say.
    """
    if most_containers(text) <= MAX_NESTING:
        return
    brackets = _brackets_of(text)
    if most_containers(brackets) > MAX_CONTAINERS:
        raise StructureTooLarge(f"it holds more than {MAX_CONTAINERS} objects and arrays")
    if max(_depths_of(brackets), default=0) > MAX_NESTING:
        raise StructureTooLarge(f"it nests deeper than {MAX_NESTING} levels")


def most_containers(text: bytes) -> int:
    """An upper bound of the objects and arrays in a JSON text, for next to nothing: brackets in strings count too."""
    return text.count(b"{") + text.count(b"[")


def count_containers(text: bytes) -> int:
    """The objects and arrays in a valid JSON text; exact up to MAX_CONTAINERS, some number above it past that."""
    return most_containers(_brackets_of(text))


def _brackets_of(text: bytes) -> bytes:
    """The brackets outside strings, in order. More than MAX_CONTAINERS of them may come with those inside strings."""
    # A run of backslashes begins at its first one, so pairs are taken off from there: what is left escapes a quote.
    unescaped = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two quotes with no bracket between them change no bracket's side, whichever of them opens or closes a string.
    marks = unescaped.translate(None, _NOT_MARKS).replace(b'""', b"")
    # No two strings stand together any more, and half of all brackets open something: this many strings lie between
    # more than MAX_CONTAINERS objects and arrays. The expression is the one slow step here, 0.25 us for each string.
    if marks.count(b'"') > 4 * MAX_CONTAINERS + 4:
        return marks
    return _QUOTED.sub(b"", marks)


def _depths_of(brackets: bytes) -> Iterator[int]:
    return accumulate(_LEVELS[bracket] for bracket in brackets)
