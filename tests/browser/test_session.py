"""Signing in and out, and where a key may never be."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.console import Console, opened
from tests.wire.stack import Stack
from tests.wire.tenancy import Tenancy

ME = "**/v1/organization/me"


def answer_me(console: Console, **fields: object) -> None:
    """Have the server say who is signed in, as one that knows roles does."""
    actor = {
        "object": "organization.actor",
        "id": "key_a",
        "name": "Ada",
        "project_id": None,
        "user_id": None,
        **fields,
    }
    console.page.route(ME, lambda route: route.fulfill(status=200, body=json.dumps(actor)))


def kept_by_the_page(console: Console) -> str:
    """Everything that outlives a page: its storage, its cookies, its address and history."""
    storage: str = console.page.evaluate(
        "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state])"
    )
    return storage + json.dumps(console.page.context.cookies()) + json.dumps(console.page.context.storage_state())


@pytest.mark.parametrize("wrong", ["sk-sluice-admin_" + "x" * 50, "nonsense", "an inference key"])
def test_a_key_that_is_no_admin_key_opens_nothing(console: Console, wrong: str) -> None:
    console.open()
    console.page.get_by_label("Admin key").fill(console.stack.api_key if wrong == "an inference key" else wrong)
    console.button("Sign in").click()
    expect(console.page.get_by_role("alert").filter(has_text="no valid admin key")).to_be_visible()
    expect(console.page.get_by_role("navigation", name="Main")).to_have_count(0)


def test_the_key_is_in_memory_alone_and_a_reload_forgets_it(signed_in: Console) -> None:
    for place in ("Tenants", "Keys", "Usage", "Models", "Playground"):
        signed_in.place(place)
    assert signed_in.stack.admin_key not in kept_by_the_page(signed_in)
    assert signed_in.stack.admin_key not in signed_in.page.content()
    signed_in.page.reload()
    expect(signed_in.heading("Sign in")).to_be_visible()


def test_no_request_has_the_key_in_its_address(console: Console) -> None:
    addresses: list[str] = []
    console.page.on("request", lambda request: addresses.append(request.url))
    console.sign_in()
    console.place("Keys")
    console.loaded()
    assert len(addresses) > 10
    assert not [each for each in addresses if "sk-sluice" in each]
    assert {each.split("/")[2] for each in addresses} == {console.stack.root_url.split("/")[2]}


def test_signing_out_forgets_the_key_and_what_it_showed(signed_in: Console, tenancy: Tenancy) -> None:
    tenancy.create_project("Secret project")
    signed_in.place("Tenants")
    expect(signed_in.page.get_by_text("Secret project").first).to_be_visible()
    signed_in.button("Sign out").click()
    expect(signed_in.heading("Sign in")).to_be_visible()
    assert "Secret project" not in signed_in.page.content()
    signed_in.page.go_back()
    expect(signed_in.heading("Sign in")).to_be_visible()
    assert signed_in.page.get_by_label("Admin key").input_value() == ""


def test_half_an_hour_without_activity_signs_out(console: Console) -> None:
    console.page.clock.install()
    console.sign_in()
    console.page.clock.fast_forward("29:00")
    console.page.keyboard.press("Shift")
    console.page.clock.fast_forward("29:00")
    expect(console.heading("Overview")).to_be_visible()
    console.page.clock.fast_forward("31:00")
    expect(console.page.get_by_text("30 minutes without activity")).to_be_visible()


def test_a_key_that_stops_working_signs_out(signed_in: Console) -> None:
    refusal = {"error": {"message": "Incorrect API key", "type": "x", "param": None, "code": "invalid_api_key"}}
    signed_in.page.route("**/organization/projects*", lambda route: route.fulfill(status=401, body=json.dumps(refusal)))
    signed_in.go("tenants")
    expect(signed_in.page.get_by_text("no longer accepted")).to_be_visible()


def test_an_address_inside_the_console_is_where_one_is_after_signing_in(console: Console) -> None:
    console.sign_in("#/models")
    expect(console.heading("Models")).to_be_visible()


def test_below_a_prefix_of_a_proxy_all_addresses_hold(console: Console) -> None:
    root, asked = console.stack.root_url, []

    def strip(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(response=route.fetch(url=route.request.url.replace("/team/", "/")))

    console.page.route("**/team/**", strip)
    console.page.goto(f"{root}/team/console/#/models")
    console.page.get_by_label("Admin key").fill(console.stack.admin_key)
    console.button("Sign in").click()
    expect(console.page.get_by_role("rowheader", name=re.compile("amazon.nova-lite")).first).to_be_visible()
    assert f"{root}/team/v1/organization/models" in asked


def test_what_a_role_may_not_see_is_told_as_that(signed_in: Console) -> None:
    refusal = {
        "error": {"message": "Your role may not.", "type": "x", "param": None, "code": "insufficient_permissions"}
    }
    signed_in.page.route("**/organization/models", lambda route: route.fulfill(status=403, body=json.dumps(refusal)))
    signed_in.place("Models")
    expect(signed_in.page.get_by_text("Not for your role")).to_be_visible()
    assert signed_in.button("Try again").count() == 0


def test_a_viewer_is_offered_no_change(console: Console, tenancy: Tenancy) -> None:
    key = tenancy.issue_alone()
    answer_me(console, role="org.viewer")
    console.sign_in(f"#/tenants/{key.project_id}")
    expect(console.page.get_by_text("Viewer, read only")).to_be_visible()
    expect(console.page.get_by_role("link", name="wire test").first).to_be_visible()
    console.loaded()
    offered = re.compile("^(Issue|Edit|Rename|Archive|Create |Revoke|Rotate|Disable)")
    assert console.page.get_by_role("button", name=offered).count() == 0
    console.go("tenants", key.project_id, "keys", key.id)
    expect(console.page.get_by_text(key.id)).to_be_visible()
    assert console.page.get_by_role("button", name=offered).count() == 0


def test_the_owner_of_a_tenant_sees_it_alone(console: Console, tenancy: Tenancy) -> None:
    mine, other = tenancy.create_project("Mine alone"), tenancy.create_project("Of others")
    assert other
    answer_me(console, role="project_owner", project_id=mine)
    console.sign_in("#/tenants")
    expect(console.page.get_by_role("link", name="Mine alone")).to_be_visible()
    assert console.page.get_by_text("Of others").count() == 0
    assert console.button("Create tenant").count() == 0
    console.go("tenants", mine)
    expect(console.button("Issue key", exact=True)).to_be_visible()
    assert console.button("Edit limits").count() == 0


def test_an_answer_that_is_unavailable_is_told_with_its_request_and_tried_again(signed_in: Console) -> None:
    away = {"error": {"message": "The ledger is unavailable.", "type": "api_error", "param": None, "code": None}}
    headers = {"x-request-id": "req_lost"}

    def refuse(route: Route) -> None:
        route.fulfill(status=503, body=json.dumps(away), headers=headers)

    signed_in.page.route("**/organization/models", refuse)
    signed_in.place("Models")
    told = signed_in.page.get_by_role("alert").filter(has_text="The ledger is unavailable.")
    expect(told).to_contain_text("req_lost")
    signed_in.page.unroute("**/organization/models")
    signed_in.button("Try again").click()
    expect(signed_in.page.get_by_role("rowheader", name=re.compile("amazon.nova-lite")).first).to_be_visible()


def test_a_gateway_that_is_gone_is_told(signed_in: Console) -> None:
    signed_in.page.route("**/organization/models", lambda route: route.abort())
    signed_in.place("Models")
    expect(signed_in.page.get_by_text("could not be reached")).to_be_visible()
    signed_in.faults.clear()  # the browser's own line for a request that failed


def test_the_policy_of_the_page_refuses_what_is_not_the_consoles(chromium: Browser, stack: Stack) -> None:
    """The net under the rules for modules: what slipped in as markup would do nothing."""
    with opened(chromium, stack) as console:
        console.open()
        done = console.page.evaluate(
            """async () => {
              const script = document.createElement("script");
              script.textContent = "window.slipped = 1";
              document.body.append(script);
              const image = new Image();
              const loaded = new Promise((resolve) => {
                image.onload = () => resolve(true);
                image.onerror = () => resolve(false);
              });
              image.src = "http://127.0.0.1:9/x.png";
              const reached = await fetch("http://127.0.0.1:9/").then(() => true, () => false);
              return [window.slipped ?? 0, await loaded, reached];
            }"""
        )
        assert done == [0, False, False]
        assert len(console.faults) >= 3
        console.faults.clear()
