"""A key's life, in the browser: issued, shown once, used, seen, narrowed, rotated, revoked, refused."""

from __future__ import annotations

import re

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.console import Console
from tests.wire.stack import CHAT_MODEL, Stack
from tests.wire.tenancy import IssuedKey, Tenancy

SECRET = re.compile(r"sk-sluice_[0-9A-Za-z]{50}")


def chat(stack: Stack, key: str) -> httpx2.Response:
    body = {"model": CHAT_MODEL, "messages": [{"role": "user", "content": "Hello!"}]}
    headers = {"authorization": f"Bearer {key}"}
    return httpx2.post(f"{stack.base_url}/chat/completions", json=body, headers=headers)


def open_key(console: Console, key: IssuedKey) -> None:
    console.go("tenants", key.project_id, "keys", key.id)
    expect(console.page.get_by_text(key.id)).to_be_visible()
    console.loaded()


def test_a_key_is_issued_shown_once_used_and_revoked(signed_in: Console, tenancy: Tenancy) -> None:
    page, stack = signed_in.page, signed_in.stack
    project = tenancy.create_project("Search team")
    signed_in.go("tenants", project)
    signed_in.button("Issue the first key").click()
    form = signed_in.dialog("Issue a key for Search team")
    form.get_by_label("Name").fill("Ada's laptop")
    form.get_by_label("User id").fill("ada")
    form.get_by_text("Only these").click()
    form.get_by_label("Search models").fill(CHAT_MODEL)
    form.get_by_role("checkbox", name=CHAT_MODEL).first.check()
    form.get_by_text("Budgets and rate limits").click()
    form.get_by_label("A month, US dollars").fill("12.50")
    form.get_by_role("button", name="Issue key").click()

    shown = signed_in.dialog(re.compile("Key issued"))
    secret = shown.get_by_test_id("secret").inner_text()
    assert SECRET.fullmatch(secret)
    assert secret in shown.get_by_text("curl -N").inner_text()
    assert secret in shown.get_by_text("from openai import").inner_text()
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(shown).to_be_visible()  # a key that is shown once is not lost to a slip
    shown.get_by_role("button", name="I have stored the key").click()

    expect(signed_in.heading("Ada's laptop")).to_be_visible()
    signed_in.loaded()
    assert secret not in page.content()
    expect(page.get_by_text("$0.00 used of $12.50").or_(page.get_by_text("of $12.50"))).to_be_visible()

    assert chat(stack, secret).status_code == 200
    signed_in.go("keys")
    signed_in.go("usage")
    expect(page.get_by_role("rowheader", name=CHAT_MODEL)).to_be_visible()

    signed_in.go("tenants", project)
    page.get_by_role("link", name="Ada's laptop").click()
    signed_in.button("Revoke").click()
    signed_in.dialog("Revoke key").get_by_role("button", name="Revoke key").click()
    expect(page.get_by_text("Revoked: Ada's laptop")).to_be_visible()
    assert chat(stack, secret).status_code == 401


def test_a_key_is_found_by_its_last_characters_its_owner_and_its_tenant(signed_in: Console, tenancy: Tenancy) -> None:
    project = tenancy.create_project("Zebra tenant")
    key = tenancy.issue(
        project, name="needle", owner={"type": "user", "user_id": "grace", "email": "grace@example.com"}
    )
    tenancy.issue(project, name="haystack")
    signed_in.place("Keys")
    search = signed_in.page.get_by_role("searchbox")
    for text in (key.value[-4:], "grace@example", "zebra needle", key.id):
        search.fill(text)
        expect(signed_in.page.get_by_role("link", name="needle")).to_be_visible()
        expect(signed_in.page.get_by_role("link", name="haystack")).to_have_count(0)


def test_a_key_is_disabled_and_enabled(signed_in: Console, tenancy: Tenancy) -> None:
    key = tenancy.issue_alone()
    open_key(signed_in, key)
    signed_in.button("Disable").click()
    expect(signed_in.page.get_by_text("disabled", exact=True)).to_be_visible()
    expect(signed_in.heading("wire test")).to_be_focused()  # the button that had the focus is gone
    assert chat(signed_in.stack, key.value).status_code == 401
    signed_in.button("Enable").click()
    expect(signed_in.button("Disable")).to_be_visible()
    assert chat(signed_in.stack, key.value).status_code == 200


def test_a_rotated_key_has_a_new_secret_and_the_former_one_works_through_its_grace(
    signed_in: Console, tenancy: Tenancy
) -> None:
    key = tenancy.issue_alone()
    open_key(signed_in, key)
    signed_in.button("Rotate").click()
    form = signed_in.dialog(re.compile("Rotate"))
    form.get_by_label("The current secret stops working").select_option("In an hour")
    form.get_by_role("button", name="Rotate").click()
    shown = signed_in.dialog(re.compile("Key rotated"))
    secret = shown.get_by_test_id("secret").inner_text()
    assert secret != key.value
    shown.get_by_role("button", name="I have stored the key").click()
    assert [chat(signed_in.stack, each).status_code for each in (secret, key.value)] == [200, 200]


def test_limits_are_changed_and_what_was_not_touched_stays(signed_in: Console, tenancy: Tenancy) -> None:
    rates = {"max_requests_per_1_minute": 60, "max_tokens_per_1_minute": None, "max_parallel_requests": 4}
    by_model = [{"model": CHAT_MODEL, **rates}]
    key = tenancy.issue_alone(rate_limits=rates, model_rate_limits=by_model)
    open_key(signed_in, key)
    signed_in.button("Edit limits").click()
    form = signed_in.dialog(re.compile("Limits of"))
    form.get_by_label("A day, US dollars").fill("1,000.29")
    form.get_by_label("A month, tokens").fill("200000")
    form.get_by_role("button", name="Save").click()
    expect(signed_in.page.get_by_text("$1,000.29/day")).to_be_visible()
    path = f"/organization/projects/{key.project_id}/api_keys/{key.id}"
    kept = tenancy.sdk.admin.organization.projects.api_keys.retrieve(key.id, project_id=key.project_id).model_dump()
    assert path
    assert kept["rate_limits"] == rates
    assert kept["model_rate_limits"] == by_model
    assert {(each["interval"], each["currency"], each["threshold_amount"]) for each in kept["spend_limits"]} == {
        ("day", "usd", 100_029),
        ("month", "tokens", 200_000),
    }


@pytest.mark.parametrize("typed", ["12.345", "ten", "-1", "0"])
def test_an_amount_that_is_none_is_refused_beside_its_field(signed_in: Console, tenancy: Tenancy, typed: str) -> None:
    key = tenancy.issue_alone()
    open_key(signed_in, key)
    signed_in.button("Edit limits").click()
    form = signed_in.dialog(re.compile("Limits of"))
    form.get_by_label("A month, US dollars").fill(typed)
    form.get_by_role("button", name="Save").click()
    wrong = form.get_by_role("alert").filter(has_text=re.compile("."))
    expect(wrong.first).to_be_visible()
    form.get_by_role("button", name="Cancel").click()
    expect(form).to_have_count(0)


def test_a_change_that_lost_a_race_is_told_and_overwrites_nothing(signed_in: Console, tenancy: Tenancy) -> None:
    key = tenancy.issue_alone()
    open_key(signed_in, key)
    signed_in.button("Edit limits").click()
    form = signed_in.dialog(re.compile("Limits of"))
    form.get_by_label("Requests a minute").first.fill("5")
    tenancy.change(key, body={"rate_limits": {"max_requests_per_1_minute": 77}})
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert").filter(has_text="Somebody changed this key")).to_be_visible()
    form.get_by_role("button", name="Cancel").click()
    expect(signed_in.page.get_by_text("77 requests/min")).to_be_visible()
