"""Who may use the control plane: the holder of an admin key, never of an inference key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from tenants.audit import Actor
from tenants.errors import IncorrectSecret, MissingCredential
from tenants.secret import ADMIN_PREFIX, KEY_PREFIX, SHORTEST_ADMIN_KEY_CHARS, find_credential

BOOTSTRAP_ACTOR_ID = "admin_bootstrap"


@dataclass(frozen=True, slots=True)
class AdminKeys:
    """The admin keys that open the control plane. `bootstrap` comes from the operator's settings, not from the store.

    Raises ValueError for a key of fewer than 32 characters: it guards every tenant.
    """

    bootstrap: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.bootstrap) < SHORTEST_ADMIN_KEY_CHARS:
            raise ValueError(f"an admin key has at least {SHORTEST_ADMIN_KEY_CHARS} characters")


def authenticate_admin(headers: Mapping[str, str], keys: AdminKeys, address: str | None = None) -> Actor:
    """The actor behind `Authorization: Bearer ...` or else `x-api-key`. `headers` has names in lower case.

    Raises MissingCredential, or IncorrectSecret for anything but an admin key: one text for all reasons, redacted.
    """
    text = find_credential(headers)
    if text is None:
        raise MissingCredential
    # Digests have equal lengths, so that the comparison tells nothing of the key's, either.
    if hmac.compare_digest(_digest(text), _digest(keys.bootstrap)):
        return Actor(BOOTSTRAP_ACTOR_ID, address)
    if text.startswith(KEY_PREFIX) and not text.startswith(ADMIN_PREFIX):
        raise IncorrectSecret(text, "inference key on the control plane")
    raise IncorrectSecret(text, "unknown admin key")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
