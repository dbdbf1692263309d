from __future__ import annotations

from unittest.mock import create_autospec

from admin.auth import AdminKeys
from admin.control_plane import Change, ControlPlane, Requester, to_audit_event
from tenants.administrators import Administrators
from tenants.audit import Actor, AuditAction
from tenants.secret import Peppers
from tenants.store import Directory, KeyReader, Ledger
from tenants.users import Users

NOW_MS = 1_795_132_800_999


def control_at(now_ms: int) -> ControlPlane:
    return ControlPlane(
        directory=create_autospec(Directory, instance=True),
        administrators=create_autospec(Administrators, instance=True),
        users=create_autospec(Users, instance=True),
        ledger=create_autospec(Ledger, instance=True),
        keys=create_autospec(KeyReader, instance=True),
        peppers=Peppers({"p1": b"pepper of the tests"}, "p1"),
        admin_keys=AdminKeys("x" * 32),
        clock_ms=lambda: now_ms,
        randomness=lambda size: b"\x01" * size,
    )


def test_ids_sort_by_the_time_of_their_making() -> None:
    assert control_at(NOW_MS).new_id("proj_") < control_at(NOW_MS + 1).new_id("proj_")
    assert len(control_at(NOW_MS).new_id("key_", 12)) == len("key_") + 12


def test_seconds_are_whole_and_not_rounded_up() -> None:
    assert control_at(NOW_MS).now_seconds() == 1_795_132_800


def test_an_audit_event_says_who_did_what_when_and_in_which_request() -> None:
    actor = Actor("admin_1", "192.0.2.1")
    change = Change(AuditAction.API_KEY_UPDATED, "proj_1", "key_1", {"name": "a"}, {"name": "b"})
    event = to_audit_event(control_at(NOW_MS), Requester(actor, "req_1"), change)
    assert (event.at_ms, event.action, event.actor, event.request_id) == (NOW_MS, change.action, actor, "req_1")
    assert (event.tenant_id, event.target_id, event.before, event.after) == (
        "proj_1",
        "key_1",
        change.before,
        change.after,
    )


def test_an_audit_id_fits_a_transaction_token_whole() -> None:
    change = Change(AuditAction.PROJECT_CREATED, "proj_1", "proj_1")
    assert len(to_audit_event(control_at(NOW_MS), Requester(Actor("a")), change).id) <= 36
