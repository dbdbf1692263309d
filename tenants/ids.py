"""Identifiers: base62, sortable by the millisecond of their making.

Seven base62 characters hold milliseconds until the year 2081, so that a range of ids is a range of time and a listing
in key order is a listing in order of creation, with no index to keep.
"""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TIME_CHARS = 7

_LIMIT_MS = 62**TIME_CHARS


def to_base62(number: int, width: int) -> str:
    """`number` in base62, zero-padded to `width`. Raises ValueError where it does not fit."""
    digits = []
    rest = number
    for _ in range(width):
        rest, digit = divmod(rest, 62)
        digits.append(ALPHABET[digit])
    if rest or number < 0:
        raise ValueError(f"{number} does not fit into {width} base62 characters")
    return "".join(reversed(digits))


def from_base62(text: str) -> int:
    """The number that `to_base62` wrote. Raises ValueError for another character than its own."""
    number = 0
    for character in text:
        number = number * 62 + ALPHABET.index(character)
    return number


def time_ordered(now_ms: int, randomness: bytes, width: int = 16) -> str:
    """`width` characters: the time, then as many random ones as fit. Ids made later sort later.

    `randomness` has to hold at least as many bytes as `width - 7`, or the id is guessable beyond its time.
    """
    random_chars = width - TIME_CHARS
    if len(randomness) < random_chars:
        raise ValueError(f"{random_chars} random bytes are needed, got {len(randomness)}")
    number = int.from_bytes(randomness, "big") % 62**random_chars
    return to_base62(now_ms % _LIMIT_MS, TIME_CHARS) + to_base62(number, random_chars)
