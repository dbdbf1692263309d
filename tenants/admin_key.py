"""An admin key: a credential for the control plane, with the role that it was made for."""

from __future__ import annotations

from dataclasses import dataclass

from tenants.roles import RoleBinding
from tenants.secret import Fingerprint, Peppers, Secret


@dataclass(frozen=True, slots=True)
class AdminKey:
    """It never changes, but for `last_used_at`, which is exact to about an hour. Times are Unix seconds.

    `created_by`: the id of the actor who made it.
    """

    id: str
    name: str
    binding: RoleBinding
    fingerprint: Fingerprint
    hint: str
    created_at: int
    created_by: str
    expires_at: int | None = None
    last_used_at: int | None = None

    @property
    def owner_id(self) -> str:
        """Whose it is: the user it was made for, or else whoever made it."""
        return self.binding.user_id or self.created_by

    def accepts(self, secret: Secret, peppers: Peppers) -> bool:
        """Whether `secret` is this key's, whatever the key's state."""
        return peppers.matches(secret, self.fingerprint)

    def has_expired(self, now: float) -> bool:
        return self.expires_at is not None and now >= self.expires_at
