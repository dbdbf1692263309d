from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from openai.types.admin.organization import AuditLogListResponse
from pydantic import ValidationError

from admin.operations.audit_logs import AuditPage
from admin.schemas.audit_logs import AuditLogObject, AuditLogQuery, to_page
from tenants.audit import ORGANIZATION, UNKNOWN_ACTOR_ID, Actor, Attempt, AuditAction, AuditEvent
from tenants.event_order import Period

EVENT = AuditEvent(
    "audit_0000000000",
    1_795_132_800_999,
    AuditAction.API_KEY_UPDATED,
    Actor("admin_1", "192.0.2.7", email="ada@example.com"),
    "proj_1",
    "key_1",
    "req_1",
    {"name": "a"},
    {"name": "b"},
)
ATTEMPT = Attempt("POST", "/v1/organization/projects", "incorrect_secret", "Incorrect.", 3, 1_795_132_800_000)
LAST = 253_402_300_799


def shown(**changes: Any) -> dict[str, Any]:
    return AuditLogObject.from_event(replace(EVENT, **changes)).model_dump(mode="json")


def test_an_entry_reads_through_the_sdks_type() -> None:
    entry = AuditLogListResponse.model_validate(shown())
    assert (entry.id, entry.type, entry.effective_at) == (EVENT.id, "api_key.updated", 1_795_132_800)
    assert entry.actor is not None
    assert entry.actor.api_key is not None
    assert entry.actor.api_key.id == "admin_1"
    assert entry.project is not None
    assert entry.project.id == "proj_1"
    assert entry.api_key_updated is not None
    assert entry.api_key_updated.id == "key_1"


def test_an_entry_has_what_openais_lacks() -> None:
    entry = shown()
    assert (entry["before"], entry["after"], entry["request_id"]) == ({"name": "a"}, {"name": "b"}, "req_1")
    assert (entry["outcome"], entry["attempt"]) == ("success", None)
    assert entry["actor"]["ip_address"] == "192.0.2.7"


@pytest.mark.parametrize(
    ("action", "details"),
    [
        ("api_key.created", {"id": "key_1", "data": {"name": "b"}}),
        ("api_key.rotated", {"id": "key_1", "changes_requested": {"name": "b"}}),
        ("project.archived", {"id": "key_1"}),
        ("something.newer", {"id": "key_1", "changes_requested": {"name": "b"}}),
    ],
)
def test_the_details_are_under_the_name_of_the_type(action: str, details: dict[str, Any]) -> None:
    assert shown(action=action)[action] == details


def test_a_deletion_has_its_id_alone() -> None:
    assert shown(action=AuditAction.API_KEY_DELETED, after=None)["api_key.deleted"] == {"id": "key_1"}


def test_a_failed_login_reads_through_the_sdks_type() -> None:
    actor = Actor(UNKNOWN_ACTOR_ID, "192.0.2.7")
    fields = shown(action=AuditAction.LOGIN_FAILED, actor=actor, tenant_id=ORGANIZATION, attempt=ATTEMPT)
    entry = AuditLogListResponse.model_validate(fields)
    assert entry.login_failed is not None
    assert (entry.login_failed.error_code, entry.project) == ("incorrect_secret", None)
    assert entry.actor is not None
    assert entry.actor.session is not None
    assert (entry.actor.session.ip_address, entry.actor.session.user) == ("192.0.2.7", None)
    assert (fields["outcome"], fields["attempt"]["more"], fields["attempt"]["since"]) == ("refused", 3, 1_795_132_800)


def test_what_was_refused_is_under_a_type_of_its_own() -> None:
    entry = shown(action=AuditAction.REQUEST_REFUSED, attempt=replace(ATTEMPT, since_ms=None))
    assert entry["request.refused"]["id"] == "key_1"
    assert entry["attempt"]["since"] is None


def test_a_person_who_signed_in_has_a_session() -> None:
    actor = shown(actor=Actor("user_1", "192.0.2.7", "Ada", "ada@example.com", "org.owner"))["actor"]
    assert (actor["type"], actor["session"]["user"]["email"]) == ("session", "ada@example.com")
    assert (actor["name"], actor["role"]) == ("Ada", "org.owner")


@pytest.mark.parametrize(
    ("fields", "period"),
    [
        ({}, Period(0, LAST * 1000)),
        ({"effective_at[gte]": 5}, Period(5_000, LAST * 1000)),
        ({"effective_at[gt]": 5}, Period(6_000, LAST * 1000)),
        ({"effective_at[gt]": 0}, Period(1_000, LAST * 1000)),
        ({"effective_at[gt]": 5, "effective_at[gte]": 9}, Period(9_000, LAST * 1000)),
        ({"effective_at[lt]": 5}, Period(0, 5_000)),
        ({"effective_at[lte]": 5}, Period(0, 6_000)),
        ({"effective_at[lt]": 5, "effective_at[lte]": 3}, Period(0, 4_000)),
    ],
)
def test_bounds_are_of_whole_seconds(fields: dict[str, int], period: Period) -> None:
    assert AuditLogQuery.model_validate(fields).to_question().period == period


@pytest.mark.parametrize(
    "fields",
    [
        {"limit": 0},
        {"limit": 101},
        {"after": "audit_"},
        {"after": "audit_123456"},
        {"before": "key_0123456789"},
        {"before": "audit_ü123456789"},
        {"effective_at[gte]": -1},
        {"effective_at[gte]": 10**15},
        {"effective_at": 5},
        {"project_ids": ["x"] * 101},
        {"unknown": 1},
    ],
)
def test_what_cannot_be_meant_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AuditLogQuery.model_validate(fields)


def test_entries_of_openais_tenants_are_none() -> None:
    assert AuditLogQuery.model_validate({"tenant_only": "true"}).to_question().project_ids == frozenset()
    assert AuditLogQuery.model_validate({"tenant_only": "false"}).to_question().project_ids is None


def test_the_cursor_is_where_the_reading_ended_on_the_way_back_too() -> None:
    assert to_page(AuditPage((EVENT,), None)).last_id == EVENT.id
    onward = to_page(AuditPage((), "audit_reached"))
    assert (onward.data, onward.has_more, onward.last_id) == ([], True, "audit_reached")
    back = to_page(AuditPage((EVENT,), "audit_reached", backwards=True))
    assert (back.first_id, back.last_id, back.has_more) == ("audit_reached", EVENT.id, True)
