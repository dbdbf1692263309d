from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from unittest.mock import AsyncMock

import pytest

from admin.auth import BOOTSTRAP_ACTOR_ID
from admin.control_plane import ControlPlane, Requester
from admin.oidc import Person, TokenRefused
from admin.operations.admin_keys import AdminKeyDraft, MadeAdminKey, create_admin_key, delete_admin_key
from admin.operations.members import MemberDraft, add_member, remove_member
from admin.operations.projects import create_project
from admin.operations.users import change_user, delete_user
from admin.sign_in import USE_NOTED_EVERY_SECONDS, Identity, authenticate
from tenants.administrators import Administrators
from tenants.audit import Actor
from tenants.errors import IncorrectSecret, LedgerUnavailable, MissingCredential
from tenants.roles import FULL_ACCESS, Access, Role, RoleBinding
from tenants.secret import ADMIN_PREFIX, KEY_PREFIX, Peppers, new_secret
from tenants.user import MemberRole, UserRole
from tests.admin.conftest import BOOTSTRAP, NOW_MS

INFERENCE = new_secret(KEY_PREFIX, "0" * 12, bytes(range(32))).text
UNKNOWN = new_secret(ADMIN_PREFIX, "0" * 12, bytes(range(32))).text
VIEWER = RoleBinding(Role.ORG_VIEWER)
Make = Callable[..., Awaitable[MadeAdminKey]]


@pytest.fixture
def make(control: ControlPlane, requester: Requester) -> Make:
    async def made(expires_in_seconds: int | None = None) -> MadeAdminKey:
        owner = replace(requester, access=FULL_ACCESS)
        return await create_admin_key(control, owner, AdminKeyDraft("ci", VIEWER, expires_in_seconds))

    return made


async def sign_in(control: ControlPlane, text: str) -> Identity:
    return await authenticate(control, {"authorization": f"Bearer {text}"}, "192.0.2.1")


def at(control: ControlPlane, seconds: int) -> ControlPlane:
    return replace(control, clock_ms=lambda: seconds * 1000)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {BOOTSTRAP}"},
        {"authorization": f"bearer   {BOOTSTRAP} "},
        {"x-api-key": BOOTSTRAP},
        {"authorization": "Basic eDp5", "x-api-key": BOOTSTRAP},
    ],
)
async def test_the_bootstrap_key_is_an_owner_in_either_header(control: ControlPlane, headers: dict[str, str]) -> None:
    actor = Actor(BOOTSTRAP_ACTOR_ID, "192.0.2.1", role=Role.ORG_OWNER)
    assert await authenticate(control, headers, "192.0.2.1") == Identity(actor, FULL_ACCESS)


async def test_the_bootstrap_key_needs_no_store(control: ControlPlane) -> None:
    away = AsyncMock(spec=Administrators, side_effect=LedgerUnavailable)
    assert (await sign_in(replace(control, administrators=away), BOOTSTRAP)).access == FULL_ACCESS
    away.find_admin_key.assert_not_called()


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": ""}, {"authorization": "Bearer "}, {"authorization": BOOTSTRAP}, {"x-api-key": " "}],
)
async def test_a_request_without_a_credential_is_told_so(control: ControlPlane, headers: dict[str, str]) -> None:
    with pytest.raises(MissingCredential):
        await authenticate(control, headers)


async def test_an_admin_key_of_the_store_has_the_role_that_it_was_made_for(control: ControlPlane, make: Make) -> None:
    made = await make()
    identity = await sign_in(control, made.secret.text)
    assert identity.access == Access((VIEWER,))
    assert identity.actor == Actor(made.key.id, "192.0.2.1", name="ci", role=Role.ORG_VIEWER)


@pytest.mark.parametrize(
    "text", [INFERENCE, UNKNOWN, BOOTSTRAP + "x", BOOTSTRAP[:-1], "sk-proj-0123456789abcdef", "ключ-ключ-ключ-ключ"]
)
async def test_any_other_key_is_refused_without_being_repeated(control: ControlPlane, text: str) -> None:
    with pytest.raises(IncorrectSecret) as refused:
        await sign_in(control, text)
    assert text not in refused.value.message


async def test_a_secret_with_the_id_of_a_key_and_another_secret_is_refused(control: ControlPlane, make: Make) -> None:
    made = await make()
    forged = new_secret(ADMIN_PREFIX, made.secret.id_chars, bytes(range(32)))
    with pytest.raises(IncorrectSecret) as refused:
        await sign_in(control, forged.text)
    assert refused.value.reason == "wrong secret"


async def test_a_key_under_a_pepper_that_is_gone_is_refused(control: ControlPlane, make: Make) -> None:
    made = await make()
    with pytest.raises(IncorrectSecret):
        await sign_in(replace(control, peppers=Peppers({"p2": b"another pepper"}, "p2")), made.secret.text)


async def test_all_reasons_read_alike(control: ControlPlane, requester: Requester, make: Make) -> None:
    expired, deleted = await make(expires_in_seconds=5), await make()
    owner = replace(requester, access=FULL_ACCESS)
    await delete_admin_key(control, owner, deleted.key.id)
    later = at(control, (expired.key.expires_at or 0))
    messages, reasons = set(), set()
    for text in (expired.secret.text, deleted.secret.text, UNKNOWN, INFERENCE):
        with pytest.raises(IncorrectSecret) as refused:
            await sign_in(later, text)
        messages.add(refused.value.message.replace(text[-4:], "last").replace("-admin", ""))
        reasons.add(refused.value.reason)
    assert messages == {"Incorrect API key provided: sk-sluice_...last."}
    assert reasons == {"expired", "unknown admin key", "inference key on the control plane"}


async def test_a_key_works_until_the_second_that_it_expires_in(control: ControlPlane, make: Make) -> None:
    made = await make(expires_in_seconds=5)
    assert made.key.expires_at is not None
    await sign_in(at(control, made.key.expires_at - 1), made.secret.text)
    with pytest.raises(IncorrectSecret):
        await sign_in(at(control, made.key.expires_at), made.secret.text)


async def test_a_wrong_bearer_is_not_made_good_by_the_other_header(control: ControlPlane) -> None:
    with pytest.raises(IncorrectSecret):
        await authenticate(control, {"authorization": "Bearer wrong-wrong-wrong-wrong", "x-api-key": BOOTSTRAP})


async def test_use_is_noted_once_an_hour(control: ControlPlane, make: Make) -> None:
    made, now = await make(), NOW_MS // 1000
    seen = []
    for seconds in (0, 1, USE_NOTED_EVERY_SECONDS - 1, USE_NOTED_EVERY_SECONDS, USE_NOTED_EVERY_SECONDS + 1):
        await sign_in(at(control, now + seconds), made.secret.text)
        found = await control.administrators.find_admin_key(made.key.id)
        seen.append(None if found is None or found.last_used_at is None else found.last_used_at - now)
    assert seen == [0, 0, 0, USE_NOTED_EVERY_SECONDS, USE_NOTED_EVERY_SECONDS]


async def test_who_cannot_note_a_use_is_let_in_all_the_same(control: ControlPlane, make: Make) -> None:
    made = await make()
    stiff = AsyncMock(spec=Administrators)
    stiff.find_admin_key.return_value = made.key
    stiff.note_use.side_effect = LedgerUnavailable
    assert (await sign_in(replace(control, administrators=stiff), made.secret.text)).actor.id == made.key.id


async def test_a_store_that_is_away_is_no_wrong_key(control: ControlPlane, make: Make) -> None:
    made = await make()
    away = AsyncMock(spec=Administrators)
    away.find_admin_key.side_effect = LedgerUnavailable
    with pytest.raises(LedgerUnavailable):
        await sign_in(replace(control, administrators=away), made.secret.text)


class Provider:
    """Signs in `person`, whatever the token."""

    def __init__(self, person: Person | None) -> None:
        self.person = person
        self.tokens: list[str] = []

    async def identify(self, token: str) -> Person:
        self.tokens.append(token)
        if self.person is None:
            raise TokenRefused("expired")
        return self.person


ANNA = Person("anna", "anna", "Anna", "anna@example.com", (RoleBinding(Role.ORG_VIEWER, None, "anna"),))


async def test_a_person_has_the_roles_of_its_groups_and_of_its_places_in_projects(
    control: ControlPlane, requester: Requester
) -> None:
    p, q = [(await create_project(control, requester, name)).id for name in "pq"]
    provider = Provider(ANNA)
    signing_in = replace(control, identity_provider=provider)
    assert (await sign_in(signing_in, "a.b.c")).access == Access(ANNA.bindings)
    await add_member(control, requester, p, MemberDraft("anna", MemberRole.OWNER))
    await add_member(control, requester, q, MemberDraft("anna", MemberRole.MEMBER))
    own = (RoleBinding(Role.PROJECT_OWNER, p, "anna"), RoleBinding(Role.PROJECT_MEMBER, q, "anna"))
    identity = await sign_in(signing_in, "a.b.c")
    assert identity.access == Access((*ANNA.bindings, *own))
    assert identity.actor == Actor("anna", "192.0.2.1", "Anna", "anna@example.com", Role.ORG_VIEWER)
    await remove_member(control, requester, p, "anna")
    assert (await sign_in(signing_in, "a.b.c")).access == Access((*ANNA.bindings, own[1]))
    await change_user(control, requester, "anna", UserRole.OWNER)
    identity = await sign_in(signing_in, "a.b.c")
    assert RoleBinding(Role.ORG_OWNER, None, "anna") in identity.access.bindings
    assert identity.actor.role == Role.ORG_OWNER
    await delete_user(control, requester, "anna")
    assert (await sign_in(signing_in, "a.b.c")).access == Access(ANNA.bindings)


async def test_a_person_without_an_id_that_keys_can_have_is_in_no_project(
    control: ControlPlane, requester: Requester
) -> None:
    p = (await create_project(control, requester, "p")).id
    await add_member(control, requester, p, MemberDraft("anna", MemberRole.OWNER))
    nobody = replace(ANNA, user_id=None, bindings=())
    identity = await sign_in(replace(control, identity_provider=Provider(nobody)), "a.b.c")
    assert (identity.access, identity.actor.role) == (Access(), None)


async def test_a_refused_token_is_not_tried_as_a_key_nor_the_other_header(control: ControlPlane) -> None:
    headers = {"authorization": "Bearer a.b.c", "x-api-key": BOOTSTRAP}
    with pytest.raises(TokenRefused):
        await authenticate(replace(control, identity_provider=Provider(None)), headers)


async def test_no_key_is_shown_to_the_identity_provider(control: ControlPlane, make: Make) -> None:
    provider, made = Provider(None), await make()
    signing_in = replace(control, identity_provider=provider)
    await sign_in(signing_in, BOOTSTRAP)
    await sign_in(signing_in, made.secret.text)
    for text in (INFERENCE, UNKNOWN, "sk-proj-0123456789abcdef"):
        with pytest.raises(IncorrectSecret):
            await sign_in(signing_in, text)
    assert provider.tokens == []


async def test_without_an_identity_provider_a_token_is_a_wrong_key(control: ControlPlane) -> None:
    with pytest.raises(IncorrectSecret):
        await sign_in(control, "a.b.c")
