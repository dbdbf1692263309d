"""A key that somebody found where everybody can read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeakedKey:
    """`url` and `source` are the finder's words: where it is, and what kind of place that is. Either may be empty.

    `tenant_id` is None for an admin key of no project. `ended`: the secret worked until this report; False where it had
    been ended before. `works_on`: it is the bootstrap admin key, which no call can end, and which is nobody's.
    """

    key_id: str
    tenant_id: str | None
    owner_id: str | None
    url: str
    source: str
    ended: bool
    works_on: bool = False
