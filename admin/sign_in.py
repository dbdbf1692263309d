"""Who asks: the bootstrap key, an admin key of the store, or a person with a token; never an inference key.

An admin key, and a person's place in projects, are read from the store on every request, strongly consistent: what
is taken away is gone at once, in every process. The control plane is no hot path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from admin.auth import BOOTSTRAP_ACTOR_ID
from admin.control_plane import ControlPlane
from admin.identifiers import ADMIN_KEY
from admin.oidc import Person
from tenants.admin_key import AdminKey
from tenants.audit import Actor
from tenants.errors import IncorrectSecret, LedgerUnavailable, MissingCredential
from tenants.roles import FULL_ACCESS, Access, Role, RoleBinding
from tenants.secret import ADMIN_PREFIX, KEY_PREFIX, find_credential, parse_secret
from tenants.user import UserRole

# How exact `last_used_at` is: one write an hour and key.
USE_NOTED_EVERY_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Identity:
    """An actor, and what it may do."""

    actor: Actor
    access: Access


async def authenticate(control: ControlPlane, headers: Mapping[str, str], address: str | None = None) -> Identity:
    """The identity behind `Authorization: Bearer ...` or else `x-api-key`. `headers` has names in lower case.

    Raises MissingCredential; IncorrectSecret for anything but an admin key, one text for all reasons, redacted;
    TokenRefused; LedgerUnavailable, IdentityProviderUnavailable where somebody cannot be asked.
    """
    text = find_credential(headers)
    if text is None:
        raise MissingCredential
    if control.admin_keys.is_bootstrap(text):
        return Identity(Actor(BOOTSTRAP_ACTOR_ID, address, role=Role.ORG_OWNER), FULL_ACCESS)
    if control.identity_provider is not None and _looks_like_a_token(text):
        person = await control.identity_provider.identify(text)
        access = Access((*person.bindings, *await _bindings_of(control, person)))
        highest = access.find_highest()
        role = None if highest is None else highest.role
        return Identity(Actor(person.id, address, person.name, person.email, role), access)
    key = await _get_admin_key(control, text)
    await _note_use(control, key)
    access = Access((key.binding,))
    return Identity(Actor(key.id, address, name=key.name, role=key.binding.role), access)


def _looks_like_a_token(text: str) -> bool:
    """A JWT has three parts, and no key a point."""
    return text.count(".") == 2


async def _bindings_of(control: ControlPlane, person: Person) -> list[RoleBinding]:
    """The roles that the organization's own users have, by the id that the token names."""
    if person.user_id is None:
        return []
    user = await control.users.find_user(person.user_id)
    if user is None:
        return []
    project_ids = await control.users.list_projects_of(user.id)
    found = await asyncio.gather(*(control.users.find_member(each, user.id) for each in project_ids))
    bindings = [member.binding for member in found if member is not None]
    return [RoleBinding(Role.ORG_OWNER, None, user.id), *bindings] if user.role is UserRole.OWNER else bindings


async def _get_admin_key(control: ControlPlane, text: str) -> AdminKey:
    if text.startswith(KEY_PREFIX) and not text.startswith(ADMIN_PREFIX):
        raise IncorrectSecret(text, "inference key on the control plane")
    secret = parse_secret(text)
    key = await control.administrators.find_admin_key(ADMIN_KEY + secret.id_chars)
    if key is None:
        raise IncorrectSecret(text, "unknown admin key")
    if not key.accepts(secret, control.peppers):
        raise IncorrectSecret(text, "wrong secret")
    if key.has_expired(control.now_seconds()):
        raise IncorrectSecret(text, "expired")
    return key


async def _note_use(control: ControlPlane, key: AdminKey) -> None:
    now = control.now_seconds()
    if key.last_used_at is not None and now < key.last_used_at + USE_NOTED_EVERY_SECONDS:
        return
    try:
        await control.administrators.note_use(key, now)
    except LedgerUnavailable:
        return  # a read may still be served, and the next request notes it
