"""The audit trail, the members and the roles, as the admin API tells of them: nothing of it is made up here."""

from __future__ import annotations

import re

import openai
import pytest
from playwright.sync_api import expect

from tests.browser.console import Console
from tests.wire.tenancy import Tenancy

MEMBER = {"user_id": "grace", "email": "grace@example.com", "name": "Grace"}
TABLE_SIDEWAYS = "frame => frame.scrollWidth - frame.clientWidth"


def sign_in_with(console: Console, tenancy: Tenancy, role: str, **fields: object) -> None:
    """With an admin key of its own, of this role."""
    made = tenancy.post("/organization/admin_api_keys", {"name": f"the {role}", "role": role, **fields})
    console.open()
    console.page.get_by_label("Admin key").fill(made["value"])
    console.button("Sign in").click()
    expect(console.page.get_by_role("navigation", name="Main")).to_be_visible()


def refused_requests(console: Console) -> list[str]:
    """Those that the API answers with 4xx or 5xx, from now on."""
    refused: list[str] = []
    console.page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    return refused


def test_a_change_is_in_the_audit_trail_with_its_tenant_and_what_it_changed(
    signed_in: Console, tenancy: Tenancy
) -> None:
    key = tenancy.issue(tenancy.create_project("Audited team"), name="before it")
    tenancy.change(key, body={"name": "after it"})
    page = signed_in.page
    signed_in.place("Audit trail")
    page.get_by_label("Tenant").select_option(key.project_id)
    signed_in.loaded()
    rows = page.get_by_role("table", name="Audit trail").get_by_role("row")
    expect(rows).to_have_count(4)  # the head, and what was done in this tenant
    for row, event in enumerate(("api_key.updated", "api_key.created", "project.created"), start=1):
        expect(rows.nth(row)).to_contain_text(event)
        expect(rows.nth(row)).to_contain_text("Audited team")
        expect(rows.nth(row)).to_contain_text("admin_bootstrap")
        expect(rows.nth(row)).to_contain_text("success")
    frame = page.get_by_role("table", name="Audit trail").locator("..")
    assert frame.evaluate(TABLE_SIDEWAYS) == 0, "the outcome is out of sight"
    page.get_by_role("button", name=re.compile("Details of api_key.updated")).click()
    shown = signed_in.dialog("api_key.updated")
    expect(shown).to_contain_text('"name": "before it"')
    expect(shown).to_contain_text('"name": "after it"')
    expect(shown).to_contain_text(key.id)


def test_a_refused_attempt_is_in_the_audit_trail_with_what_was_asked_for(signed_in: Console, tenancy: Tenancy) -> None:
    made = tenancy.post("/organization/admin_api_keys", {"name": "curious viewer", "role": "viewer"})
    with openai.OpenAI(
        api_key="unused", admin_api_key=made["value"], base_url=tenancy.sdk.base_url, max_retries=0
    ) as viewer:
        with pytest.raises(openai.PermissionDeniedError):
            viewer.admin.organization.projects.create(name="not by a viewer")
    page = signed_in.page
    signed_in.place("Audit trail")
    page.get_by_label("Actor id").fill(made["id"])
    signed_in.button("Filter").click()
    signed_in.loaded()
    row = page.get_by_role("row").filter(has_text="request.refused")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("curious viewer")
    row.get_by_role("button").click()
    shown = signed_in.dialog("request.refused")
    expect(shown).to_contain_text("POST /v1/organization/projects")
    expect(shown).to_contain_text("insufficient_permissions")


def test_a_tenants_members_are_told(signed_in: Console, tenancy: Tenancy) -> None:
    project_id = tenancy.create_project("Team with members")
    tenancy.post(f"/organization/projects/{project_id}/users", {"role": "owner", **MEMBER})
    signed_in.go("tenants", project_id)
    row = signed_in.page.get_by_role("table", name="Members").get_by_role("row").filter(has_text="Grace")
    for told in ("grace@example.com", "owner"):
        expect(row).to_contain_text(told)


@pytest.mark.parametrize("role", ["viewer", "project_owner", "project_member"])
def test_each_role_walks_through_every_place_and_is_refused_nothing(
    console: Console, tenancy: Tenancy, role: str
) -> None:
    """What a role may not see is not asked for: each refusal would be an entry of the audit trail."""
    project_id = tenancy.create_project("Team of roles")
    key = tenancy.issue(project_id, name="Grace's laptop", owner={"type": "user", "user_id": "grace"})
    of_project = {"project_id": project_id} if role.startswith("project") else {}
    whose = {"user_id": "grace"} if role == "project_member" else {}
    refused = refused_requests(console)
    sign_in_with(console, tenancy, role, **of_project, **whose)
    places = console.page.get_by_role("navigation", name="Main").get_by_role("link")
    names = [name for name in places.all_inner_texts() if name != "Playground"]
    assert ("Audit trail" in names) == (role != "project_member")
    for name in names:
        console.place(name)
        console.loaded()
    for path in (("tenants", project_id), ("tenants", project_id, "keys", key.id)):
        console.go(*path)
        expect(console.heading("Team of roles" if len(path) == 2 else "Grace's laptop")).to_be_visible()
        console.loaded()
    expect(console.button("Rotate")).to_have_count(0 if role == "viewer" else 1)
    assert refused == []
