"""Requests that are made once, however often they are sent: what the store keeps of each. Pure.

A request claims its idempotency key before it does anything, and leaves its answer there. The claim is held for a
while only: where its holder died, the next attempt takes it over, with a token of its own. Every change that is made
under the claim is noted in it, in the change's own transaction: the next attempt cannot make it again, nor can a holder
that lost the claim, however late it wakes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

CLAIM_SORT = "CLAIM"
LEASE_MS = 60_000
KEPT_MS = 24 * 3600 * 1000
LARGEST_ANSWER_BYTES = 256 * 1024


def claim_partition(digest: str) -> str:
    """Of the claim for a key, by the digest of who uses it and for what."""
    return f"I#{digest}"


def step_of(action: str, target_id: str) -> str:
    """A change made under a claim. An attempt after a crash names it alike: ids are made from the claim's seed."""
    return f"{action}:{target_id}"


@dataclass(slots=True)
class HeldClaim:
    """A claim that this attempt holds by its `token`. `seed` and `made_at_ms` are those of the first attempt.

    `found_made`: a change turned out to be an earlier attempt's. Whatever secret was made this time is nobody's.
    """

    digest: str
    token: str
    seed: str
    made_at_ms: int
    found_made: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What the first attempt was answered, without its secrets. `body` None: it was too large to be kept."""

    status: int
    body: str | None
    etag: str | None = None
    secrets_dropped: bool = False
