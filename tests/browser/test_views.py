"""What the views show, and that they do so on any screen, by keyboard, and whatever names people choose."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.console import PHONE, Console, opened
from tests.browser.history import HABITS, write_history
from tests.wire.stack import CLAUDE_MODEL, Stack
from tests.wire.tenancy import IssuedKey, Tenancy

PLACES = ("overview", "tenants", "keys", "usage", "audit", "models", "playground")
MARKER = "hostile-name-goes-here"
HOSTILE = {
    "markup": "<img src=x onerror=\"document.title='owned'\"><svg/onload=alert(1)>",
    "direction": "\u202egnp.exe\u202c \u2067abc\u2069 \u0645\u0631\u062d\u0628\u0627",
    "long": "W" * 10_000,
    "template": "${document.title='owned'} {{constructor}} %s %n",
}
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
AUDIT = {
    "object": "list",
    "data": [
        {
            "id": "audit_log-1",
            "object": "organization.audit_log",
            "type": "api_key.updated",
            "effective_at": 1_795_132_800,
            "actor": {"type": "api_key", "api_key": {"type": "user", "id": "admin_1", "user": {"email": "a@x.org"}}},
            "project": {"id": "proj_1", "name": MARKER},
            "api_key.updated": {"id": "key_1", "changes_requested": {"name": MARKER}},
            "before": {"name": "old"},
            "after": {"name": MARKER},
            "request_id": "req_1",
            "outcome": "done",
        }
    ],
    "first_id": "audit_log-1",
    "last_id": "audit_log-1",
    "has_more": False,
}  # fmt: skip
MEMBER = {"object": "organization.project.user", "id": "user_1", "name": MARKER, "role": "owner", "added_at": 1}
MEMBERS = {"object": "list", "data": [{**MEMBER, "email": "a@b.c"}], "has_more": False}


@pytest.fixture(scope="module")
def past(stack: Stack, tenancy: Tenancy) -> dict[str, IssuedKey]:
    return write_history(stack, tenancy)


def answer(page: Page, pattern: str, body: Any) -> None:
    page.route(pattern, lambda route: route.fulfill(status=200, body=json.dumps(body)))


def test_the_overview_tells_spend_by_day_model_tenant_and_key(signed_in: Console, past: dict[str, IssuedKey]) -> None:
    page = signed_in.page
    assert past
    signed_in.page.get_by_text("90 days").click()
    signed_in.loaded()
    top = page.get_by_role("region", name="Top").or_(page.locator("section").filter(has_text="Top by model"))
    expect(top.first).to_contain_text(CLAUDE_MODEL)
    page.get_by_role("group", name="Group by").get_by_text("Key").click()
    expect(page.get_by_text("Top by key")).to_be_visible()
    expect(page.get_by_text("batch labels · Data science").first).to_be_visible()
    page.get_by_role("group", name="Group by").get_by_text("Tenant").click()
    expect(page.get_by_text("Top by tenant")).to_be_visible()
    expect(page.get_by_text("Support assistant").first).to_be_visible()
    page.get_by_text("Show as a table").click()
    table = page.get_by_role("table", name="Spend by day and tenant")
    assert table.get_by_role("row").count() == 91
    assert "days=90" in page.url


def test_the_totals_are_those_of_the_api(signed_in: Console, past: dict[str, IssuedKey], tenancy: Tenancy) -> None:
    project = past["contract summaries"].project_id
    signed_in.go(f"usage?tenant={project}&range=month")
    row = signed_in.page.get_by_role("row").filter(
        has=signed_in.page.get_by_role("rowheader", name="amazon.nova-micro")
    )
    expect(row).to_be_visible()
    start = json.loads(row.page.evaluate("() => String((Math.floor(Date.now() / 864e5) - 29) * 86400)"))
    usage = tenancy.sdk.admin.organization.usage.completions(start_time=start, project_ids=[project], limit=31)
    used = [result for bucket in usage.model_dump()["data"] for result in bucket["results"]]
    shown = [int(text.replace(",", "")) for text in row.get_by_role("cell").all_inner_texts()]
    assert shown[1] == sum(each["input_tokens"] for each in used)
    assert shown[0] == sum(each["num_model_requests"] for each in used)


def test_usage_is_exported(signed_in: Console, past: dict[str, IssuedKey]) -> None:
    signed_in.go(f"usage?tenant={past['batch labels'].project_id}")
    signed_in.loaded()
    with signed_in.page.expect_download() as started:
        signed_in.button("Export CSV").click()
    lines = Path(started.value.path()).read_text().splitlines()
    assert lines[0].startswith("request_id,")
    assert len(lines) > 20
    assert started.value.suggested_filename.endswith(".csv")


def test_a_tenant_is_created_limited_and_archived_by_typing_its_name(signed_in: Console) -> None:
    page = signed_in.page
    signed_in.place("Tenants")
    signed_in.button("Create tenant").first.click()
    signed_in.dialog("Create a tenant").get_by_label("Name").fill("Short-lived")
    page.keyboard.press("Enter")
    expect(signed_in.heading("Short-lived")).to_be_visible()
    signed_in.button("Edit limits").click()
    form = signed_in.dialog("Limits of Short-lived")
    form.get_by_label("A month, US dollars").fill("1000")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("$1,000/month")).to_be_visible()
    signed_in.button("Edit models").click()
    form = signed_in.dialog("Models of Short-lived")
    form.get_by_text("Only these").click()
    form.get_by_label("Id, ARN or pattern").fill("amazon.nova-*")
    form.get_by_role("button", name="Add").click()
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("amazon.nova-*")).to_be_visible()
    signed_in.button("Archive").click()
    sure = signed_in.dialog("Archive tenant")
    sure.get_by_role("textbox").fill("short-lived")
    sure.get_by_role("button", name="Archive tenant").click()
    expect(sure.get_by_text("That is not the name")).to_be_visible()
    sure.get_by_role("textbox").fill("Short-lived")
    sure.get_by_role("button", name="Archive tenant").click()
    expect(page.get_by_text("archived", exact=True)).to_be_visible()
    assert signed_in.button("Issue key").count() == 0


def test_a_second_click_creates_nothing_twice(signed_in: Console, tenancy: Tenancy) -> None:
    """A connection that breaks after the server did what was asked: trying again names the same attempt."""
    names: list[str | None] = []
    signed_in.place("Tenants")

    def lose_first(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        names.append(route.request.headers.get("idempotency-key"))
        route.abort() if len(names) == 1 else route.continue_()

    signed_in.page.route("**/organization/projects", lose_first)
    signed_in.button("Create tenant").first.click()
    form = signed_in.dialog("Create a tenant")
    form.get_by_label("Name").fill("Once")
    form.get_by_role("button", name="Create tenant").click()
    expect(form.get_by_text("could not be reached")).to_be_visible()
    form.get_by_role("button", name="Create tenant").click()
    expect(signed_in.heading("Once")).to_be_visible()
    assert names[0] == names[1]
    signed_in.faults.clear()  # the browser's own line for a request that failed


def test_an_answer_that_is_replayed_says_that_the_secret_is_gone(signed_in: Console, tenancy: Tenancy) -> None:
    key = tenancy.issue_alone(name="replayed")
    body = {"id": key.id, "name": "replayed", "value": None}
    headers = {"idempotent-replayed": "true"}
    signed_in.go("tenants", key.project_id, "keys", key.id)
    signed_in.page.route("**/rotate", lambda route: route.fulfill(status=200, body=json.dumps(body), headers=headers))
    signed_in.button("Rotate").click()
    signed_in.dialog("Rotate replayed").get_by_role("button", name="Rotate").click()
    expect(signed_in.page.get_by_text("Rotate it for a new one")).to_be_visible()


def test_models_are_told_with_their_prices(signed_in: Console) -> None:
    signed_in.place("Models")
    signed_in.page.get_by_role("searchbox").fill("amazon.nova-lite-v1")
    row = signed_in.page.get_by_role("row").filter(
        has=signed_in.page.get_by_role("rowheader", name="amazon.nova-lite-v1:0")
    )
    expect(row.first).to_contain_text("$0.06")
    expect(row.first).to_contain_text("$0.24")


def test_the_audit_trail_is_told_entry_by_entry(signed_in: Console) -> None:
    asked: list[str] = []
    signed_in.page.on("request", lambda request: asked.append(request.url))
    answer(signed_in.page, "**/audit_logs?*", AUDIT)
    signed_in.place("Audit trail")
    signed_in.page.get_by_role("button", name=re.compile("Details of api_key.updated")).click()
    shown = signed_in.dialog("api_key.updated")
    expect(shown).to_contain_text('"name": "old"')
    signed_in.page.keyboard.press("Escape")
    signed_in.page.get_by_label("Event", exact=True).fill("api_key.updated")
    signed_in.page.get_by_label("From").fill("2026-11-01")
    signed_in.button("Filter").click()
    signed_in.loaded()
    filtered = [each for each in asked if "audit_logs" in each][-1]
    assert "event_types%5B%5D=api_key.updated" in filtered
    assert "effective_at%5Bgte%5D=1793491200" in filtered


def test_a_server_without_an_audit_trail_is_no_error(signed_in: Console) -> None:
    signed_in.page.route("**/audit_logs?*", lambda route: route.fulfill(status=404, body="{}"))
    signed_in.place("Audit trail")
    expect(signed_in.page.get_by_text("not available here")).to_be_visible()


@pytest.mark.parametrize("kind", HOSTILE)
def test_names_do_nothing_and_break_nothing(chromium: Browser, stack: Stack, tenancy: Tenancy, kind: str) -> None:
    """The API refuses some of these; the console must not depend on that. On a phone, where width is scarce."""
    key = tenancy.issue(
        tenancy.create_project(MARKER), name=MARKER, owner={"type": "user", "user_id": MARKER, "name": MARKER}
    )
    with opened(chromium, stack, viewport=PHONE) as console:
        console.sign_in()

        def rename(route: Route) -> None:
            answered = route.fetch()
            text = answered.text().replace(f'"{MARKER}"', json.dumps(HOSTILE[kind]))
            route.fulfill(response=answered, body=text)

        console.page.route("**/v1/organization/**", rename)
        answer(
            console.page,
            "**/audit_logs?*",
            json.loads(json.dumps(AUDIT).replace(MARKER, json.dumps(HOSTILE[kind])[1:-1])),
        )
        answer(
            console.page, "**/users?*", json.loads(json.dumps(MEMBERS).replace(MARKER, json.dumps(HOSTILE[kind])[1:-1]))
        )
        places: list[tuple[str, ...]] = [(place,) for place in PLACES]
        places += [("tenants", key.project_id), ("tenants", key.project_id, "keys", key.id)]
        for place in places:
            console.go(*place)
            expect(console.page.get_by_role("heading", level=1)).to_be_visible()
            console.loaded()
            assert console.page.evaluate(SIDEWAYS) == 0, place
            assert console.page.locator("main img").count() == 0
        for button in ("Rename", "Edit limits", "Edit models", "Revoke", "Rotate"):
            console.button(button).click()
            expect(console.page.get_by_role("dialog")).to_be_visible()
            assert console.page.evaluate(SIDEWAYS) == 0, button
            console.page.keyboard.press("Escape")
            expect(console.page.get_by_role("dialog")).to_have_count(0)
            console.loaded()
        assert console.page.title() != "owned"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_scrolls_sideways_on_a_phone(
    chromium: Browser, stack: Stack, past: dict[str, IssuedKey], scheme: str
) -> None:
    key = past[HABITS[0].key]
    with opened(chromium, stack, viewport=PHONE, color_scheme=scheme) as console:
        console.open()
        assert console.page.evaluate(SIDEWAYS) == 0
        console.sign_in()
        places: list[tuple[str, ...]] = [(place,) for place in PLACES]
        for place in [*places, ("tenants", key.project_id), ("tenants", key.project_id, "keys", key.id)]:
            console.go(*place)
            expect(console.page.get_by_role("heading", level=1)).to_be_visible()
            console.loaded()
            assert console.page.evaluate(SIDEWAYS) == 0, place
        console.go("tenants", key.project_id)
        console.button("Issue key").click()
        expect(console.page.get_by_role("dialog")).to_be_visible()
        console.page.get_by_text("Budgets and rate limits").click()
        assert console.page.evaluate(SIDEWAYS) == 0


def focused(page: Page) -> str:
    """What has the focus, by its words."""
    words: str = page.evaluate(
        "() => { const e = document.activeElement;"
        " return (e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent || '').trim() }"
    )
    return words


def tab_to(page: Page, name: str) -> None:
    """By the Tab key alone; fails where it cannot be reached."""
    passed = []
    for _ in range(80):
        page.keyboard.press("Tab")
        passed.append(focused(page))
        if passed[-1].startswith(name):
            return
    raise AssertionError(f"{name} cannot be reached: {passed}")


def test_a_key_is_issued_and_revoked_without_a_mouse(console: Console, tenancy: Tenancy) -> None:
    page = console.page
    tenancy.create_project("By keyboard")
    console.open("#/tenants")
    page.keyboard.type(console.stack.admin_key)  # the field has the focus
    page.keyboard.press("Enter")
    expect(console.heading("Tenants")).to_be_focused()
    console.loaded()
    tab_to(page, "Search tenants")
    page.keyboard.type("By keyboard")
    expect(page.get_by_role("row")).to_have_count(2)
    tab_to(page, "By keyboard")
    page.keyboard.press("Enter")
    expect(console.heading("By keyboard")).to_be_visible()
    console.loaded()
    tab_to(page, "Issue key")
    page.keyboard.press("Enter")
    expect(console.dialog(re.compile("Issue a key")).get_by_label("Name")).to_be_focused()
    page.keyboard.type("typed")
    page.keyboard.press("Enter")
    expect(console.dialog("Key issued: typed")).to_be_visible()
    tab_to(page, "I have stored the key")
    page.keyboard.press("Enter")
    expect(console.heading("typed")).to_be_visible()
    console.loaded()
    tab_to(page, "Revoke")
    page.keyboard.press("Enter")
    tab_to(page, "Cancel")
    page.keyboard.press("Enter")
    assert focused(page) == "Revoke"  # the focus is where it was
    page.keyboard.press("Enter")
    tab_to(page, "Revoke key")
    page.keyboard.press("Enter")
    expect(console.heading("By keyboard")).to_be_visible()


def test_the_skip_link_leads_to_the_content(signed_in: Console) -> None:
    signed_in.page.reload()
    signed_in.sign_in("#/keys")
    signed_in.page.get_by_role("link", name="Skip to the content").focus()
    signed_in.page.keyboard.press("Enter")
    expect(signed_in.heading("Keys")).to_be_focused()


def test_the_theme_is_the_systems_until_it_is_chosen(chromium: Browser, stack: Stack) -> None:
    ground = "() => getComputedStyle(document.body).backgroundColor"
    with opened(chromium, stack, color_scheme="dark") as console:
        console.open()
        dark = console.page.evaluate(ground)
        console.page.get_by_role("button", name="System theme").click()
        light = console.page.evaluate(ground)
        assert light != dark
        console.page.get_by_role("button", name="Light theme").click()
        assert console.page.evaluate(ground) == dark


def test_a_choice_that_was_overtaken_is_not_shown(signed_in: Console, past: dict[str, IssuedKey]) -> None:
    """Two choices after each other, of which the first is answered last."""
    held: list[Route] = []
    assert past
    signed_in.loaded()

    def hold_the_tenants(route: Route) -> None:
        held.append(route) if "group_by%5B%5D=project_id&" in route.request.url + "&" else route.continue_()

    signed_in.page.route("**/costs?*", hold_the_tenants)
    group = signed_in.page.get_by_role("group", name="Group by")
    group.get_by_text("Tenant").click()
    group.get_by_text("Model").click()
    expect(signed_in.page.get_by_text("Top by model")).to_be_visible()
    assert held
    with signed_in.page.expect_response("**/usage/embeddings?*"):
        for route in held:
            route.continue_()
    expect(signed_in.page.get_by_text("Top by model")).to_be_visible()
    expect(signed_in.page.get_by_text(CLAUDE_MODEL).first).to_be_visible()
