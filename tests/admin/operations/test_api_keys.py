from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from unittest.mock import create_autospec

import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.api_keys import KeyEdit, KeyTarget, delete_key, disable_key, enable_key, update_key
from admin.operations.issued_keys import IssuedKey, KeyDraft, UserOwner, issue_key, rotate_key
from admin.operations.projects import create_project
from tenants.account import Bound, Hold
from tenants.audit import AuditAction, AuditEvent
from tenants.demand import Demand
from tenants.errors import Conflict, FenceStale, InsufficientPermissions, InvalidArgument, StaleVersion
from tenants.event import Call, Operation
from tenants.key import KeyStatus
from tenants.permissions import ModelPermissions, PermissionMode
from tenants.principal import Fence
from tenants.store import Directory

AuditTrail = Callable[[], Awaitable[list[AuditEvent]]]
Change = Callable[[ControlPlane, Requester, KeyTarget], Awaitable[object]]


@pytest.fixture
async def issued(control: ControlPlane, requester: Requester) -> IssuedKey:
    project = await create_project(control, requester, "team")
    return await issue_key(control, requester, project.id, KeyDraft("k", UserOwner(), expires_in_seconds=600))


def target_of(issued: IssuedKey, *versions: int) -> KeyTarget:
    return KeyTarget(issued.record.tenant.id, issued.record.key.id, frozenset(versions) or None)


async def narrow(control: ControlPlane, requester: Requester, target: KeyTarget) -> object:
    models = ModelPermissions(PermissionMode.DENY_LIST, ("*",))
    return await update_key(control, requester, target, KeyEdit(models=models))


async def rotate(control: ControlPlane, requester: Requester, target: KeyTarget) -> object:
    return await rotate_key(control, requester, target, 0)


@pytest.mark.parametrize("change", [narrow, rotate, disable_key, delete_key])
async def test_a_process_that_missed_the_change_cannot_reserve_any_more(
    control: ControlPlane, requester: Requester, issued: IssuedKey, change: Change
) -> None:
    key, tenant = issued.record.key, issued.record.tenant
    fence = Fence(key.id, tenant.id, key.version, tenant.version)
    call = Call("req_1", key.id, tenant.id, key.owner.id, Operation.CHAT, "m", "m", control.clock_ms())
    await control.ledger.open_account(fence, call.month)

    await change(control, requester, target_of(issued))

    with pytest.raises(FenceStale) as refused:
        hold = Hold(call, Bound(1, 1, 1), control.now_seconds() + 60)
        await control.ledger.reserve(fence, hold, Demand(hold.window, call.model))
    assert refused.value.key_version == 2


async def test_every_change_is_audited_and_no_event_holds_a_secret(
    control: ControlPlane, requester: Requester, issued: IssuedKey, audit_trail: AuditTrail
) -> None:
    target = target_of(issued)
    await narrow(control, requester, target)
    rotated = (await rotate_key(control, requester, target, 60)).issued
    await disable_key(control, requester, target)
    await enable_key(control, requester, target)
    await delete_key(control, requester, target)

    events = [event for event in await audit_trail() if event.target_id == target.key_id]
    assert [event.action for event in events] == [
        AuditAction.API_KEY_CREATED,
        AuditAction.API_KEY_UPDATED,
        AuditAction.API_KEY_ROTATED,
        AuditAction.API_KEY_DISABLED,
        AuditAction.API_KEY_ENABLED,
        AuditAction.API_KEY_DELETED,
    ]
    assert events[3].before == {"status": "active", "version": 3}
    assert events[3].after == {"status": "disabled", "version": 4}
    text = repr(events)
    for secret in (issued.secret, rotated.secret):
        assert secret.text[-38:] not in text
        assert control.peppers.fingerprint(secret).digest not in text


async def test_an_expired_key_can_only_be_ended(control: ControlPlane, requester: Requester, issued: IssuedKey) -> None:
    target = target_of(issued)
    later = replace(control, clock_ms=lambda: control.clock_ms() + 600_000)
    with pytest.raises(Conflict, match="expired"):
        await update_key(later, requester, target, KeyEdit(expires_at=None))
    with pytest.raises(Conflict, match="expired"):
        await rotate_key(later, requester, target, 60)
    await disable_key(later, requester, target)
    await delete_key(later, requester, target)


async def test_an_expiry_in_the_past_is_refused(control: ControlPlane, requester: Requester, issued: IssuedKey) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await update_key(control, requester, target_of(issued), KeyEdit(expires_at=control.now_seconds()))
    assert refused.value.param == "expires_at"


@pytest.mark.parametrize("change", [narrow, rotate, disable_key, delete_key])
async def test_a_race_lost_to_another_change_is_a_stale_version_for_who_named_one(
    control: ControlPlane, requester: Requester, issued: IssuedKey, change: Change
) -> None:
    directory = create_autospec(Directory, instance=True)
    directory.get_tenant.return_value, directory.get_key.return_value = issued.record.tenant, issued.record.key
    directory.update_key.side_effect = directory.delete_key.side_effect = Conflict("changed meanwhile")
    racing = replace(control, directory=directory)
    with pytest.raises(StaleVersion):
        await change(racing, requester, target_of(issued, 1))
    with pytest.raises(Conflict, match="changed meanwhile"):
        await change(racing, requester, target_of(issued))


def own(issued: IssuedKey) -> KeyTarget:
    """The key as its user reaches it, with the role of a member."""
    return replace(target_of(issued), user_id=issued.record.key.owner.id)


async def test_a_user_enables_a_key_that_it_disabled_itself(
    control: ControlPlane, requester: Requester, issued: IssuedKey
) -> None:
    await disable_key(control, requester, own(issued))
    enabled = await enable_key(control, requester, own(issued))
    assert (enabled.key.status, enabled.key.user_may_enable) == (KeyStatus.ACTIVE, False)


@pytest.mark.parametrize("by_user_as_well", ["not", "before", "after"])
async def test_a_user_cannot_enable_a_key_that_an_owner_disabled(
    control: ControlPlane, requester: Requester, issued: IssuedKey, by_user_as_well: str
) -> None:
    if by_user_as_well == "before":
        await disable_key(control, requester, own(issued))
    await disable_key(control, requester, target_of(issued))
    if by_user_as_well == "after":
        await disable_key(control, requester, own(issued))
    await rotate_key(control, requester, own(issued), 0)
    with pytest.raises(InsufficientPermissions):
        await enable_key(control, requester, own(issued))
    read = await control.directory.get_key(issued.record.tenant.id, issued.record.key.id)
    assert read.status is KeyStatus.DISABLED
    assert (await enable_key(control, requester, target_of(issued))).key.status is KeyStatus.ACTIVE
    assert (await enable_key(control, requester, own(issued))).key.status is KeyStatus.ACTIVE  # safe to repeat


async def test_disabling_a_disabled_key_again_changes_nothing(
    control: ControlPlane, requester: Requester, issued: IssuedKey
) -> None:
    for target in (own(issued), target_of(issued)):
        once = await disable_key(control, requester, target)
        assert (await disable_key(control, requester, target)).key.version == once.key.version
