"""An API key: the credential of a user or a service account of a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tenants.limits import NO_LIMITS, Limits
from tenants.permissions import ModelPermissions
from tenants.policy import NO_POLICY, Policy
from tenants.secret import Fingerprint, Peppers, Secret


class KeyStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


class OwnerKind(StrEnum):
    USER = "user"
    SERVICE_ACCOUNT = "service_account"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose key it is. `id` is what usage is attributed to; the rest is shown to people."""

    kind: OwnerKind
    id: str
    name: str
    created_at: int
    email: str | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`fingerprints` holds one entry, and during a rotation's grace the former one as well, with its end.

    `version` rises with every change; accounts carry it as a fence. Times are Unix seconds. `imported`: its current
    secret is one that another gateway made; its `hint` may be empty. `user_may_enable`: while disabled, it is so by its
    own user's doing, or by its leak; otherwise by somebody with a larger role, whose part it is to undo that.
    """

    id: str
    tenant_id: str
    name: str
    owner: Owner
    fingerprints: tuple[Fingerprint, ...]
    hint: str
    created_at: int
    status: KeyStatus = KeyStatus.ACTIVE
    expires_at: int | None = None
    models: ModelPermissions | None = None
    version: int = 1
    policy: Policy = NO_POLICY
    limits: Limits = NO_LIMITS
    imported: bool = False
    user_may_enable: bool = False

    def accepts(self, secret: Secret, peppers: Peppers, now: float) -> bool:
        """Whether `secret` is this key's, or was until a rotation whose grace still lasts."""
        return any(
            (each.expires_at is None or now < each.expires_at) and peppers.matches(secret, each)
            for each in self.fingerprints
        )

    def has_working_secret(self, now: float) -> bool:
        """False where its secret was found in public and ended, until it is rotated."""
        return any(each.expires_at is None or now < each.expires_at for each in self.fingerprints)

    def find_refusal(self, now: float) -> str | None:
        """Why the key may not be used at `now`, for the log; None when it may."""
        if self.status is not KeyStatus.ACTIVE:
            return self.status.value
        if self.expires_at is not None and now >= self.expires_at:
            return "expired"
        return None
