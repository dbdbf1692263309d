"""Patterns of model ids and regions, as `fnmatch` knows them; letters count as they are written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate
from functools import cache

_SIGNS = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Globs:
    """One pattern or several; `to_globs` makes it. `heads` are what they begin with, up to the first sign of each.

    There are 700 of them, to compile one takes 0.1 ms, and nearly all are a name, or a head and a star: what is asked
    about begins like a few, and of those only the others are ever compiled.
    """

    patterns: tuple[str, ...]
    heads: tuple[str, ...]

    def match(self, name: str) -> bool:
        """Whether one of the patterns is about the whole of the name."""
        return name.startswith(self.heads) and any(map(_is_about, self.patterns, self.heads, [name] * len(self.heads)))


def to_globs(patterns: Iterable[str]) -> Globs:
    patterns = tuple(patterns)
    return Globs(patterns, tuple(_SIGNS.split(pattern, maxsplit=1)[0] for pattern in patterns))


def _is_about(pattern: str, head: str, name: str) -> bool:
    if not name.startswith(head):
        return False
    rest = pattern[len(head) :]
    return rest == "*" or (_compiled(pattern).fullmatch(name) is not None if rest else name == pattern)


@cache  # of files that are read once
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))
