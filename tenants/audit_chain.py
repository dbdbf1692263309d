"""The chains of the audit trail: who writes entries numbers them, and each holds the hash of the one before. Pure.

An entry's hash is SHA-256 over DOMAIN and the canonical text of its row: a JSON object (RFC 8785) of all attributes but
`pk`, `sk` and `hash`. The row has strings and integers alone, so that JSON with sorted names and without white space
is that text. `previous` is the hash of the writer's entry before; the first one, number 1, has none.

Now and then an entry is a witness: `seen` holds the heads of the other chains, so that the end of one cannot be cut
off without changing another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DOMAIN = b"sluice.audit.entry.v1\n"
WITNESS_EVERY = 20
"""A chain's first entry is a witness, and every 20th after it."""

_OUTSIDE = frozenset({"pk", "sk", "hash"})


@dataclass(frozen=True, slots=True)
class Head:
    """The latest entry of a chain, as far as somebody knows. `at_ms`: when what it tells happened."""

    writer: str
    number: int
    hash: str
    at_ms: int


def canonical_text(row: Mapping[str, Any]) -> bytes:
    """What is hashed of an entry, after DOMAIN."""
    covered = {name: value for name, value in row.items() if name not in _OUTSIDE}
    # Other values than strings and integers were not written here, and need no text that others agree on.
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=repr)
    return text.encode(errors="surrogatepass")


def entry_hash(row: Mapping[str, Any]) -> str:
    """64 hexadecimal digits. `row` has strings and integers alone."""
    return hashlib.sha256(DOMAIN + canonical_text(row)).hexdigest()


def linked(row: Mapping[str, Any], writer: str, previous: Head | None, seen: Sequence[Head] = ()) -> dict[str, Any]:
    """The row as the next entry of the writer's chain, which `previous` is the head of so far."""
    entry: dict[str, Any] = {**row, "writer": writer, "number": 1 if previous is None else previous.number + 1}
    if previous is not None:
        entry["previous"] = previous.hash
    if seen:
        entry["seen"] = _heads_to_text(seen)
    return {**entry, "hash": entry_hash(entry)}


def is_witness(number: int) -> bool:
    return number % WITNESS_EVERY == 1


def head_of(row: Mapping[str, Any]) -> Head | None:
    """Where a row is in its chain; None for one that has no place in any."""
    writer, number, digest, at_ms = (row.get(name) for name in ("writer", "number", "hash", "at_ms"))
    if isinstance(writer, str) and isinstance(number, int) and isinstance(digest, str) and isinstance(at_ms, int):
        return Head(writer, number, digest, at_ms)
    return None


def latest_heads(rows: Iterable[Mapping[str, Any]]) -> dict[str, Head]:
    """The head of every chain that has an entry among the rows, by writer."""
    heads: dict[str, Head] = {}
    for row in rows:
        head = head_of(row)
        if head is not None and (head.writer not in heads or heads[head.writer].number < head.number):
            heads[head.writer] = head
    return heads


def heads_seen(row: Mapping[str, Any]) -> list[Head]:
    """What a witness saw; nothing for other entries, and for what is no list of heads."""
    try:
        return [
            Head(str(writer), int(number), str(digest), int(at_ms))
            for writer, number, digest, at_ms in json.loads(row["seen"])
        ]
    except (KeyError, TypeError, ValueError):
        return []


def _heads_to_text(heads: Sequence[Head]) -> str:
    return json.dumps([[head.writer, head.number, head.hash, head.at_ms] for head in heads], separators=(",", ":"))
