"""Patterns of model ids and regions, as `fnmatch` knows them; letters count as they are written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import cache
from typing import NamedTuple


class _Pieces(NamedTuple):
    """What is before the first star, between stars, and after the last one, which is None where there is no star."""

    first: str
    middle: tuple[str, ...]
    last: str | None


def matches(globs: Iterable[str], name: str) -> bool:
    """Whether one of the patterns is about the whole of the name.

    The files that come with the gateway have 700 of them, nearly all with stars alone: to make regular expressions of
    all would be a twentieth of a cold start on Lambda.
    """
    for glob in globs:
        pieces = _to_pieces(glob)
        if pieces is None:
            if _to_expression(glob).fullmatch(name) is not None:
                return True
        elif name.startswith(pieces.first) and _has_others(pieces, name):
            return True
    return False


def _has_others(pieces: _Pieces, name: str) -> bool:
    """Whether a name that begins like the glob goes on with its other pieces, in order, and ends with the last."""
    at = len(pieces.first)
    if pieces.last is None:
        return len(name) == at
    for piece in pieces.middle:
        at = name.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return name.endswith(pieces.last) and at + len(pieces.last) <= len(name)


@cache  # without bound, as below: they come from files that are read once
def _to_pieces(glob: str) -> _Pieces | None:
    """None for a glob with signs other than stars."""
    if "?" in glob or "[" in glob:
        return None
    first, *others = glob.split("*")
    return _Pieces(first, tuple(filter(None, others[:-1])), others[-1] if others else None)


@cache
def _to_expression(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))
