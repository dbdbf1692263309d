from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.api_keys import KeyTarget, delete_key
from admin.operations.imported_keys import ForeignKey, import_key
from admin.operations.issued_keys import KeyDraft, UserOwner, rotate_key
from admin.operations.projects import create_project
from tenants.account import Bound, Hold
from tenants.audit import AuditAction, AuditEvent
from tenants.demand import Demand
from tenants.dynamo_ledger import DynamoKeyReader
from tenants.errors import Conflict, FenceStale, IncorrectSecret
from tenants.event import Call, Operation
from tenants.imported import parse_foreign
from tenants.limits import NO_LIMITS
from tenants.principal import Fence, KeyRecord, identify
from tenants.secret import Peppers
from tenants.window import window_of

AuditTrail = Callable[[], Awaitable[list[AuditEvent]]]
TEXT = "sk-1234567890abcdefghijklmn"
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()
FOREIGN = ForeignKey(SHA256, "klmn")
DRAFT = KeyDraft("taken over", UserOwner("anna"))


@pytest.fixture
def importing(control: ControlPlane) -> ControlPlane:
    return replace(control, imported_keys=True)


@pytest.fixture
async def project(importing: ControlPlane, requester: Requester) -> str:
    return (await create_project(importing, requester, "team")).id


async def find_caller(control: ControlPlane, text: str = TEXT) -> KeyRecord:
    """Whom the data plane takes the holder of `text` for."""
    for secret in parse_foreign(text, control.peppers):
        record = await control.keys.find_key(secret.key_id)
        if record is not None:
            break
    return identify(record, secret, control.peppers, control.now_seconds()).record


async def reserve(control: ControlPlane, record: KeyRecord, request_id: str) -> None:
    """As a request of the key does."""
    now_ms = control.clock_ms()
    call = Call(request_id, record.key.id, record.tenant.id, "anna", Operation.CHAT, "m", "m", now_ms)
    fence = Fence(record.key.id, record.tenant.id, record.key.version, record.tenant.version)
    hold = Hold(call, Bound(1, 1), now_ms // 1000 + 60)
    demand = Demand(window_of(now_ms), "m", NO_LIMITS, NO_LIMITS)
    try:
        await control.ledger.reserve(fence, hold, demand)
    except FenceStale:
        await control.ledger.open_account(fence, call.month)
        await control.ledger.reserve(fence, hold, demand)


async def test_the_holder_of_an_imported_key_is_known(
    importing: ControlPlane, requester: Requester, project: str
) -> None:
    record = await import_key(importing, requester, project, FOREIGN, DRAFT)
    assert await find_caller(importing) == record
    assert (record.key.hint, record.key.owner.id, record.key.imported) == ("klmn", "anna", True)
    with pytest.raises(IncorrectSecret):
        await find_caller(importing, TEXT + "x")


async def test_an_import_is_in_the_audit_trail_without_a_hash(
    importing: ControlPlane, requester: Requester, project: str, audit_trail: AuditTrail
) -> None:
    record = await import_key(importing, requester, project, FOREIGN, DRAFT)
    entry = (await audit_trail())[-1]
    assert (entry.action, entry.target_id) == (AuditAction.API_KEY_IMPORTED, record.key.id)
    assert SHA256 not in repr(entry)


async def test_a_rotation_gives_the_same_key_a_secret_of_ours(
    importing: ControlPlane, requester: Requester, project: str
) -> None:
    record = await import_key(importing, requester, project, FOREIGN, DRAFT)
    rotated = (await rotate_key(importing, requester, KeyTarget(project, record.key.id), 60)).issued
    assert rotated.secret.text.startswith("sk-sluice_")
    assert rotated.secret.key_id == rotated.record.key.id == record.key.id
    assert identify(rotated.record, rotated.secret, importing.peppers, importing.now_seconds())
    assert (await find_caller(importing)).key.id == record.key.id  # in its grace
    assert not rotated.record.key.imported
    await rotate_key(importing, requester, KeyTarget(project, record.key.id), 0)
    with pytest.raises(IncorrectSecret):
        await find_caller(importing)


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_key_is_imported_once(
    importing: ControlPlane, requester: Requester, project: str, elsewhere: bool
) -> None:
    record = await import_key(importing, requester, project, FOREIGN, DRAFT)
    other = (await create_project(importing, requester, "other")).id if elsewhere else project
    with pytest.raises(Conflict) as refused:
        await import_key(importing, requester, other, FOREIGN, DRAFT)
    assert record.key.id not in refused.value.message
    assert project not in refused.value.message


async def test_a_key_is_imported_once_across_a_change_of_the_pepper(
    importing: ControlPlane, requester: Requester, project: str
) -> None:
    await import_key(importing, requester, project, FOREIGN, DRAFT)
    newer = replace(importing, peppers=Peppers({"p2": b"a newer pepper", **importing.peppers.by_id}, "p2"))
    with pytest.raises(Conflict):
        await import_key(newer, requester, project, FOREIGN, DRAFT)
    assert await find_caller(newer)


async def test_a_key_that_was_used_and_deleted_can_be_imported_again_and_used(
    importing: ControlPlane, requester: Requester, project: str
) -> None:
    """Its account remembers the deletion: a version that began at one again would be refused for the whole month."""
    first = await import_key(importing, requester, project, FOREIGN, DRAFT)
    await reserve(importing, first, "req_1")
    await delete_key(importing, requester, KeyTarget(project, first.key.id))
    with pytest.raises(FenceStale):
        await reserve(importing, first, "req_2")
    second = await import_key(importing, requester, project, FOREIGN, DRAFT)
    assert second.key.id == first.key.id
    await reserve(importing, second, "req_3")


async def test_a_key_that_another_project_used_this_month_is_refused(
    importing: ControlPlane, requester: Requester, project: str
) -> None:
    first = await import_key(importing, requester, project, FOREIGN, DRAFT)
    await reserve(importing, first, "req_1")
    await delete_key(importing, requester, KeyTarget(project, first.key.id))
    other = (await create_project(importing, requester, "other")).id
    with pytest.raises(Conflict, match="another project this month"):
        await import_key(importing, requester, other, FOREIGN, DRAFT)


async def test_where_imported_keys_are_not_accepted_none_is_made(
    control: ControlPlane, requester: Requester, project: str, key_reader: DynamoKeyReader
) -> None:
    with pytest.raises(Conflict, match="SLUICE_IMPORTED_KEYS"):
        await import_key(control, requester, project, FOREIGN, DRAFT)
    assert await key_reader.find_key(parse_foreign(TEXT, control.peppers)[0].key_id) is None
