"""People who sign in with a token of the company's identity provider (OpenID Connect): what a token says of them.

Pure: `oidc_tokens` checks the signature before, `oidc_keys` fetches what that needs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from admin.identifiers import ADMIN_ACTOR, RECORDED_USER_ID
from tenants.errors import AuthenticationFailed
from tenants.group_roles import GroupRoles
from tenants.roles import RoleBinding

Claims = Mapping[str, Any]

# Clocks of identity providers differ from ours.
LEEWAY_SECONDS = 60
# Who is no person in the audit trail: `tenants.audit.UNKNOWN_ACTOR_ID`, and a scanner that reports leaked keys.
_NOBODYS = ("unknown", "secret_scanning")
_LONGEST_TEXT_CHARS = 320


class TokenRefused(AuthenticationFailed):
    """A token of sign-in that is malformed, expired, of another issuer or audience, or not signed by the issuer."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "The token was not accepted: it has expired, or was not issued for this gateway. Sign in again; the "
            "gateway's log tells the reason, by the request id.",
            reason,
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in, and the roles of the groups that the token names. `user_id` None: no id that keys could have."""

    id: str
    user_id: str | None
    name: str | None
    email: str | None
    bindings: tuple[RoleBinding, ...]


class IdentityProvider(Protocol):
    """Where people sign in."""

    async def identify(self, token: str) -> Person:
        """Raises TokenRefused, IdentityProviderUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens are accepted, for whom, and what is read in them. Names of claims may be paths: `realm.roles`."""

    issuer: str
    audience: str
    roles: GroupRoles
    groups_claim: str = "groups"
    user_claim: str = "sub"

    def check(self, claims: Claims, now: float) -> None:
        """Raises TokenRefused unless the claims are of this issuer, for this audience, and of now."""
        if claims.get("iss") != self.issuer:
            raise TokenRefused("another issuer")
        audience = claims.get("aud")
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise TokenRefused("another audience")
        expires_at = _find_time(claims, "exp")
        if expires_at is None:
            raise TokenRefused("no expiry")
        if now >= expires_at + LEEWAY_SECONDS:
            raise TokenRefused("expired")
        for name in ("nbf", "iat"):
            begins_at = _find_time(claims, name)
            if begins_at is not None and now < begins_at - LEEWAY_SECONDS:
                raise TokenRefused(f"{name} is in the future")

    def to_person(self, claims: Claims) -> Person:
        """Of claims that were checked. Raises TokenRefused where they name nobody."""
        subject = _find_text(claims, "sub")
        user_id = self._find_user_id(claims)
        if subject is None or _is_reserved(subject) or _is_reserved(user_id or ""):
            raise TokenRefused("no usable subject")
        groups = _find(claims, self.groups_claim)
        named = groups if isinstance(groups, list) else [groups]
        given = (role for group in named if isinstance(group, str) for role in self.roles.get(group, ()))
        found = dict.fromkeys(role.find_binding(user_id) for role in given)
        bindings = tuple(binding for binding in found if binding is not None)
        return Person(user_id or subject, user_id, _find_text(claims, "name"), _find_text(claims, "email"), bindings)

    def _find_user_id(self, claims: Claims) -> str | None:
        if self.user_claim == "email" and claims.get("email_verified", True) not in (True, "true"):
            return None  # anybody can write anybody's address into a profile; some providers write booleans as text
        text = _find_text(claims, self.user_claim) or ""
        user_id = text.lower() if self.user_claim == "email" else text
        return user_id if re.fullmatch(RECORDED_USER_ID, user_id, re.ASCII) else None


def _is_reserved(actor_id: str) -> bool:
    return actor_id.startswith(ADMIN_ACTOR) or actor_id in _NOBODYS


def _find(claims: Claims, name: str) -> Any:
    """The claim of that name, or else what the path leads to."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _find_text(claims: Claims, name: str) -> str | None:
    value = _find(claims, name)
    usable = isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT_CHARS and value.isprintable()
    return value if usable else None


def _find_time(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TokenRefused(f"{name} is no time")
    return value
