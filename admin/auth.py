"""The bootstrap admin key, which comes from the operator's settings. Those in the store are told by `sign_in`."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from tenants.secret import SHORTEST_ADMIN_KEY_CHARS

BOOTSTRAP_ACTOR_ID = "admin_bootstrap"


@dataclass(frozen=True, slots=True)
class AdminKeys:
    """The admin keys that open the control plane without the store. `bootstrap` comes from the operator's settings.

    Raises ValueError for a key of fewer than 32 characters: it guards every tenant.
    """

    bootstrap: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.bootstrap) < SHORTEST_ADMIN_KEY_CHARS:
            raise ValueError(f"an admin key has at least {SHORTEST_ADMIN_KEY_CHARS} characters")

    def is_bootstrap(self, text: str) -> bool:
        # Digests have equal lengths, so that the comparison tells nothing of the key's, either.
        return hmac.compare_digest(_digest(text), _digest(self.bootstrap))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
