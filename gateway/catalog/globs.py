"""Patterns of model ids and regions, as `fnmatch` knows them; letters count as they are written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import cache


def matches(globs: Iterable[str], name: str) -> bool:
    """Whether one of the patterns is about the whole of the name.

    The files that come with the gateway have 700 of them, nearly all with stars alone: to make regular expressions of
    all would be a twentieth of a cold start on Lambda.
    """
    return any(_is_about(glob, name) for glob in globs)


def _is_about(glob: str, name: str) -> bool:
    if "?" in glob or "[" in glob:
        return _to_expression(glob).fullmatch(name) is not None
    return _has_pieces(glob, name)


def _has_pieces(glob: str, name: str) -> bool:
    """What is between the stars is in the name, in this order, the first at its beginning and the last at its end."""
    first, *middle = glob.split("*")
    if not middle or not name.startswith(first):
        return name == glob
    last = middle.pop()
    at = len(first)
    for piece in middle:
        at = name.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return name.endswith(last) and at + len(last) <= len(name)


@cache  # of files that are read once
def _to_expression(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))
