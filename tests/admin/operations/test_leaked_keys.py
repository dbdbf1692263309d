from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from unittest.mock import create_autospec

import pytest

from admin.auth import BOOTSTRAP_ACTOR_ID
from admin.control_plane import ControlPlane, Requester
from admin.operations.admin_keys import AdminKeyDraft, MadeAdminKey, create_admin_key
from admin.operations.api_keys import KeyTarget, delete_key, disable_key, enable_key
from admin.operations.imported_keys import ForeignKey, import_key
from admin.operations.issued_keys import IssuedKey, KeyDraft, UserOwner, issue_key, rotate_key
from admin.operations.leaked_keys import LeakReport, end_leaked_keys
from admin.operations.projects import create_project
from admin.sign_in import authenticate
from tenants.administrators import Administrators
from tenants.audit import ORGANIZATION, AuditAction, AuditEvent
from tenants.errors import ChangedMeanwhile, Conflict, IncorrectSecret, InsufficientPermissions, NotFound
from tenants.key import KeyStatus
from tenants.leak import LeakedKey
from tenants.principal import identify
from tenants.roles import FULL_ACCESS, Role, RoleBinding
from tenants.secret import ADMIN_PREFIX, KEY_PREFIX, Secret, new_secret
from tenants.store import Directory, KeyReader

AuditTrail = Callable[[], Awaitable[list[AuditEvent]]]


class Desk:
    """Reports leaks, and is told of them."""

    def __init__(self, control: ControlPlane, requester: Requester) -> None:
        self.control = control
        self._requester = requester
        self.told: list[LeakedKey] = []

    async def report(self, *tokens: str) -> list[bool]:
        reports = [LeakReport(token, "sluice_key", "https://git.example.org/x", "commit") for token in tokens]
        return await end_leaked_keys(self.control, self._requester, reports, self.told.append)

    async def works(self, secret: Secret) -> bool:
        record = await self.control.keys.find_key(secret.key_id)
        try:
            identify(record, secret, self.control.peppers, self.control.now_seconds())
        except IncorrectSecret:
            return False
        return True


@pytest.fixture
def desk(control: ControlPlane, requester: Requester) -> Desk:
    return Desk(control, requester)


@pytest.fixture
async def issued(control: ControlPlane, requester: Requester) -> IssuedKey:
    project = await create_project(control, requester, "team")
    return await issue_key(control, requester, project.id, KeyDraft("k", UserOwner("anna")))


def target_of(issued: IssuedKey) -> KeyTarget:
    return KeyTarget(issued.record.tenant.id, issued.record.key.id)


async def test_a_leaked_key_works_no_more_and_everybody_is_told(
    desk: Desk, issued: IssuedKey, audit_trail: AuditTrail
) -> None:
    assert await desk.report(issued.secret.text) == [True]
    assert not await desk.works(issued.secret)
    key = issued.record.key
    assert desk.told == [LeakedKey(key.id, key.tenant_id, "anna", "https://git.example.org/x", "commit", ended=True)]
    entry = (await audit_trail())[-1]
    assert (entry.action, entry.target_id) == (AuditAction.API_KEY_LEAKED, key.id)
    assert entry.after is not None
    assert entry.after["status"] == "disabled"
    assert entry.after["leak"] == {"url": "https://git.example.org/x", "source": "commit"}
    assert issued.secret.text not in repr(entry)


async def test_the_same_key_in_another_place_is_known_and_changes_nothing(
    desk: Desk, issued: IssuedKey, audit_trail: AuditTrail
) -> None:
    assert await desk.report(issued.secret.text, issued.secret.text) == [True, True]
    entries = len(await audit_trail())
    assert await desk.report(issued.secret.text) == [True]
    assert [each.ended for each in desk.told] == [True, False]
    assert len(await audit_trail()) == entries


async def test_a_leaked_key_comes_back_by_a_rotation_and_never_by_being_enabled(
    desk: Desk, issued: IssuedKey, requester: Requester
) -> None:
    await desk.report(issued.secret.text)
    with pytest.raises(Conflict, match="Rotate"):
        await enable_key(desk.control, requester, target_of(issued))
    answer = await rotate_key(desk.control, requester, target_of(issued), 3600)
    rotated = answer.issued
    assert answer.previous_expires_at <= desk.control.now_seconds()
    await enable_key(desk.control, requester, target_of(issued))
    assert await desk.works(rotated.secret)
    assert not await desk.works(issued.secret)  # whatever grace was asked for


async def test_a_former_secret_that_leaked_ends_alone(desk: Desk, issued: IssuedKey, requester: Requester) -> None:
    rotated = (await rotate_key(desk.control, requester, target_of(issued), 3600)).issued
    assert await desk.works(issued.secret)
    assert await desk.report(issued.secret.text) == [True]
    assert not await desk.works(issued.secret)
    assert await desk.works(rotated.secret)


async def test_a_disabled_key_that_leaked_cannot_be_enabled_again(
    desk: Desk, issued: IssuedKey, requester: Requester
) -> None:
    await disable_key(desk.control, requester, target_of(issued))
    assert await desk.report(issued.secret.text) == [True]
    with pytest.raises(Conflict):
        await enable_key(desk.control, requester, target_of(issued))


@pytest.mark.parametrize("disabled_before", [False, True])
async def test_a_user_enables_its_key_that_leaked_once_it_is_rotated_unless_an_owner_had_disabled_it(
    desk: Desk, issued: IssuedKey, requester: Requester, disabled_before: bool
) -> None:
    own = replace(target_of(issued), user_id="anna")
    if disabled_before:
        await disable_key(desk.control, requester, target_of(issued))
    await desk.report(issued.secret.text)
    with pytest.raises(InsufficientPermissions if disabled_before else Conflict):
        await enable_key(desk.control, requester, own)
    rotated = (await rotate_key(desk.control, requester, own, 0)).issued
    if disabled_before:
        with pytest.raises(InsufficientPermissions):
            await enable_key(desk.control, requester, own)
    else:
        await enable_key(desk.control, requester, own)
    assert await desk.works(rotated.secret) is not disabled_before


async def test_an_imported_key_is_ended_as_well(desk: Desk, requester: Requester) -> None:
    desk.control = replace(desk.control, imported_keys=True)
    project = await create_project(desk.control, requester, "team")
    text = "sk-1234567890abcdefghijklmn"
    foreign = ForeignKey(hashlib.sha256(text.encode()).hexdigest())
    record = await import_key(desk.control, requester, project.id, foreign, KeyDraft("k", UserOwner()))
    assert await desk.report(text, text + "x") == [True, False]
    found = await desk.control.keys.find_key(record.key.id)
    assert found is not None
    assert found.key.status is KeyStatus.DISABLED


async def test_what_is_no_key_is_told_apart_without_asking_the_store(desk: Desk, issued: IssuedKey) -> None:
    keys = create_autospec(KeyReader, instance=True)
    desk.control = replace(desk.control, keys=keys)
    typo = issued.secret.text[:-1] + ("0" if issued.secret.text[-1] != "0" else "1")
    admin = new_secret(ADMIN_PREFIX, "0" * 12, bytes(32)).text
    assert await desk.report("x", typo, admin, "sk-1234567890abcdefghijklmn", "\ud800") == [False] * 5
    assert keys.find_key.await_count == 0
    assert desk.told == []


async def test_another_secret_under_a_key_s_id_and_a_deleted_key_s_are_none_of_ours(
    desk: Desk, issued: IssuedKey, requester: Requester
) -> None:
    id_chars = issued.record.key.id.removeprefix("key_")
    assert await desk.report(new_secret(KEY_PREFIX, id_chars, bytes(32)).text) == [False]
    assert await desk.works(issued.secret)
    await delete_key(desk.control, requester, target_of(issued))
    assert await desk.report(issued.secret.text) == [False]


async def test_the_bootstrap_admin_key_is_told_of_though_no_call_can_end_it(desk: Desk) -> None:
    assert await desk.report(desk.control.admin_keys.bootstrap) == [True]
    assert [(each.key_id, each.tenant_id, each.ended) for each in desk.told] == [(BOOTSTRAP_ACTOR_ID, None, False)]


async def test_a_key_that_is_changed_at_the_same_moment_is_ended_all_the_same(desk: Desk, issued: IssuedKey) -> None:
    directory = create_autospec(Directory, instance=True)
    directory.update_key.side_effect = [ChangedMeanwhile(), ChangedMeanwhile(), None]
    directory.get_key.return_value = replace(issued.record.key, version=7)
    desk.control = replace(desk.control, directory=directory)
    assert await desk.report(issued.secret.text) == [True]
    assert directory.update_key.await_args.args[0].version == 8


async def an_admin_key(
    control: ControlPlane, requester: Requester, binding: RoleBinding, expires_in_seconds: int | None = None
) -> MadeAdminKey:
    owner = replace(requester, access=FULL_ACCESS)
    return await create_admin_key(control, owner, AdminKeyDraft("ci", binding, expires_in_seconds))


async def test_a_leaked_admin_key_is_refused_at_once_and_everybody_is_told(
    desk: Desk, requester: Requester, audit_trail: AuditTrail
) -> None:
    project = await create_project(desk.control, requester, "team")
    for binding, owner_id in (
        (RoleBinding(Role.ORG_OWNER), requester.actor.id),
        (RoleBinding(Role.PROJECT_OWNER, project.id, "anna"), "anna"),
    ):
        made = await an_admin_key(desk.control, requester, binding)
        assert await desk.report(made.secret.text, made.secret.text) == [True, True]
        with pytest.raises(IncorrectSecret):
            await authenticate(desk.control, {"authorization": f"Bearer {made.secret.text}"})
        place = ("https://git.example.org/x", "commit")
        assert desk.told.pop() == LeakedKey(made.key.id, binding.project_id, owner_id, *place, ended=True)
        entry = (await audit_trail())[-1]
        assert (entry.action, entry.target_id) == (AuditAction.ADMIN_API_KEY_DELETED, made.key.id)
        assert entry.tenant_id == (binding.project_id or ORGANIZATION)
        assert entry.after == {"leak": {"url": place[0], "source": place[1]}}
        assert made.secret.text not in repr(entry)
    assert desk.told == []


async def test_another_secret_under_an_admin_key_s_id_ends_nothing(desk: Desk, requester: Requester) -> None:
    made = await an_admin_key(desk.control, requester, RoleBinding(Role.ORG_OWNER))
    forged = new_secret(ADMIN_PREFIX, made.secret.id_chars, bytes(32))
    of_inference = new_secret(KEY_PREFIX, made.secret.id_chars, bytes(32))
    assert await desk.report(forged.text, of_inference.text) == [False, False]
    await authenticate(desk.control, {"authorization": f"Bearer {made.secret.text}"})
    assert desk.told == []


async def test_an_admin_key_that_had_expired_or_was_deleted_at_the_same_moment_is_known(
    desk: Desk, requester: Requester
) -> None:
    expired = await an_admin_key(desk.control, requester, RoleBinding(Role.ORG_OWNER), 60)
    later_ms = (expired.key.created_at + 61) * 1000
    desk.control = replace(desk.control, clock_ms=lambda: later_ms)
    assert await desk.report(expired.secret.text) == [True]
    raced = await an_admin_key(desk.control, requester, RoleBinding(Role.ORG_OWNER))
    administrators = create_autospec(Administrators, instance=True)
    administrators.find_admin_key.return_value = raced.key
    administrators.delete_admin_key.side_effect = NotFound("gone")
    desk.control = replace(desk.control, administrators=administrators)
    assert await desk.report(raced.secret.text) == [True]
    assert [each.ended for each in desk.told] == [False, False]
