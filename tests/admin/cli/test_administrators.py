"""`sluice admin-keys`, `users`, `me`, `audit`: by the contract of the admin API."""

from __future__ import annotations

import json

import pytest

from admin.cli import audit
from admin.cli.audit import actor_cell, change_cell, target_cell
from tests.admin.cli.gateways import Says, StubGateway, error, page
from tests.admin.cli.samples import Json, a_project

ENTRY: Json = {
    "id": "audit_1",
    "type": "api_key.created",
    "effective_at": 1_795_132_800,
    "actor": {"type": "api_key", "api_key": {"id": "admin_1", "user": None}, "id": "admin_1", "name": "finance"},
    "project": {"id": "proj_1", "name": None},
    "api_key.created": {"id": "key_1", "data": {"scopes": ["a\x1b[2J"]}},
    "outcome": "success",
}
ADMIN_KEY_OBJECT: Json = {"id": "admin_1", "name": "finance", "role": "viewer", "project_id": None, "expires_at": None}


def test_an_admin_key_is_made_with_its_role_and_told_once(gateway: StubGateway) -> None:
    gateway.on("POST", "admin_api_keys", Says(body={**ADMIN_KEY_OBJECT, "value": "sk-sluice-admin_new"}))
    done = gateway.sluice("admin-keys", "create", "finance", "--role", "viewer", "--expires", "1d", "-q")
    assert (done.exit_code, done.stdout) == (0, "sk-sluice-admin_new\n")
    assert gateway.last.json == {"name": "finance", "role": "viewer", "expires_in_seconds": 86_400}


def test_an_admin_key_of_a_tenant_is_made_by_the_tenants_name(gateway: StubGateway) -> None:
    gateway.on("GET", "projects", page(a_project()))
    gateway.on("POST", "admin_api_keys", Says(body={**ADMIN_KEY_OBJECT, "value": "x"}))
    gateway.sluice("admin-keys", "create", "a", "--role", "project_member", "--tenant", "Search team", "--user", "ada")
    assert gateway.last.json == {"name": "a", "role": "project_member", "project_id": "proj_1", "user_id": "ada"}


def test_admin_keys_are_listed_and_deleted(gateway: StubGateway) -> None:
    gateway.on("GET", "admin_api_keys", page(ADMIN_KEY_OBJECT))
    gateway.on("DELETE", "admin_api_keys/admin_1", Says(body={"id": "admin_1", "deleted": True}))
    assert "finance  viewer" in gateway.sluice("admin-keys", "list").stdout
    assert gateway.sluice("admin-keys", "delete", "admin_1").exit_code == 2
    assert gateway.sluice("admin-keys", "delete", "admin_1", "--yes").exit_code == 0


def test_people_are_listed_added_and_taken_out(gateway: StubGateway) -> None:
    ada = {"id": "ada", "name": None, "email": "ada@example.com", "role": "owner", "added_at": 0}
    gateway.on("GET", "users", page(ada))
    gateway.on("GET", "projects/proj_1/users", page())
    gateway.on("POST", "projects/proj_1/users", Says(body=ada))
    gateway.on("DELETE", "projects/proj_1/users/ada", Says(body={"id": "ada", "deleted": True}))
    assert "ada@example.com" in gateway.sluice("users", "list").stdout
    assert gateway.sluice("users", "list", "-t", "proj_1").stdout == ""
    assert gateway.sluice("users", "add", "ada", "-t", "proj_1", "--role", "owner").exit_code == 0
    assert gateway.last.json == {"user_id": "ada", "role": "owner"}
    gateway.on("POST", "projects/proj_1/users/ada", Says(body={**ada, "role": "member"}))
    assert "member" in gateway.sluice("users", "set-role", "ada", "member", "-t", "proj_1").stdout
    assert gateway.last.json == {"role": "member"}
    assert gateway.sluice("users", "remove", "ada", "-t", "proj_1", "--yes").exit_code == 0
    assert gateway.last.path.endswith("/projects/proj_1/users/ada")


def test_a_person_leaves_every_tenant_only_where_that_is_said(gateway: StubGateway) -> None:
    gateway.on("DELETE", "users/ada", Says(body={"id": "ada", "deleted": True}))
    assert gateway.sluice("users", "remove", "ada", "--yes").exit_code == 2
    assert gateway.sluice("users", "remove", "ada", "-t", "proj_1", "--everywhere", "--yes").exit_code == 2
    assert gateway.asked == []
    assert gateway.sluice("users", "remove", "ada", "--everywhere", "--yes").exit_code == 0


def test_me_tells_the_role(gateway: StubGateway) -> None:
    gateway.on("GET", "me", Says(body={"id": "admin_1", "name": "finance", "role": "org.viewer", "project_id": None}))
    assert gateway.sluice("me").stdout.splitlines() == ["Id    admin_1", "Name  finance", "Role  org.viewer"]


def test_an_older_gateway_is_told_from_a_missing_thing(gateway: StubGateway) -> None:
    done = gateway.sluice("me")
    assert (done.exit_code, "older" in done.stderr) == (4, True)


def test_a_role_that_does_not_suffice_has_the_exit_code_of_a_wrong_key(gateway: StubGateway) -> None:
    gateway.on("GET", "admin_api_keys", error(403, "Your role does not suffice.", "insufficient_permissions"))
    done = gateway.sluice("admin-keys", "list")
    assert (done.exit_code, done.stderr) == (5, "sluice: Your role does not suffice.\n")


def test_the_audit_trail_says_who_did_what_to_what_and_cannot_drive_the_terminal(
    gateway: StubGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_POLL_SECONDS", 0.001)
    gateway.on("GET", "audit_logs", page(ENTRY))
    line = gateway.sluice("audit", "list", "--utc").stdout.splitlines()[1]
    gateway.on("GET", "audit_logs", page({**ENTRY, "actor": {"name": "\x1b[2J"}}), error(403))
    assert "\\x1b[2J" in gateway.sluice("audit", "list", "--follow").stdout
    for part in ("2026-11-20 00:00 UTC", "finance", "api_key.created", "key_1", "proj_1", "success", "scopes"):
        assert part in line
    assert "\x1b" not in line


def test_the_audit_trail_is_asked_for_in_openais_words(gateway: StubGateway) -> None:
    gateway.on("GET", "audit_logs", page())
    gateway.sluice(
        *("audit", "list", "--since", "2026-11-20", "--until", "2026-11-21", "--utc", "-t", "proj_1"),
        *("--type", "api_key.created", "--type", "api_key.deleted", "--actor", "admin_1", "--resource", "key_1"),
    )
    assert gateway.last.query == {
        "project_ids[]": ["proj_1"],
        "event_types[]": ["api_key.created", "api_key.deleted"],
        "actor_ids[]": ["admin_1"],
        "resource_ids[]": ["key_1"],
        "effective_at[gte]": ["1795132800"],
        "effective_at[lt]": ["1795219200"],
        "limit": ["51"],
    }


def test_an_entry_of_openais_own_shape_or_with_nothing_in_it_is_shown_as_far_as_it_goes() -> None:
    session = {"actor": {"type": "session", "session": {"user": {"id": "user_1", "email": "a@b.c"}}}}
    assert actor_cell(session).text == "a@b.c"
    assert [each({"type": "x"}).text for each in (actor_cell, target_cell, change_cell)] == ["-", "-", "-"]
    attempt = {"type": "request.refused", "attempt": {"method": "POST", "route": "/x", "error": "NotFound", "more": 0}}
    assert change_cell(attempt).text == "POST /x NotFound"


def test_following_shows_each_entry_once_as_it_comes_until_it_is_stopped(
    gateway: StubGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_POLL_SECONDS", 0.001)
    second, third = {**ENTRY, "id": "audit_2"}, {**ENTRY, "id": "audit_3", "effective_at": 1_795_132_850}
    gateway.on("GET", "audit_logs", page(second, ENTRY), page(third, second, ENTRY), page(third), error(403, "Stop."))
    done = gateway.sluice("audit", "list", "--follow", "--json")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["audit_1", "audit_2", "audit_3"]
    assert done.exit_code == 5
    assert gateway.last.query["effective_at[gte]"] == ["1795132790"]
