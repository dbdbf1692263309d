"""axe-core's rules, WCAG 2.2 A and AA, for every view and dialog, light and dark: contrast, names, roles, structure."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.console import Console, opened
from tests.wire.stack import CHAT_MODEL, PROJECT, Stack
from tests.wire.tenancy import IssuedKey, Tenancy

AXE = PROJECT / "tests/clients/node/node_modules/axe-core/axe.js"
RULES = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await axe.run(document, { runOnly: tags });
  const told = (node) => node.html.slice(0, 200) + node.failureSummary;
  return found.violations.map((each) => [each.id, ...each.nodes.map(told)]);
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The library. Skips where the set-up of the clients for Node.js did not bring it, unless they are required."""
    if not AXE.exists():
        if os.environ.get("TEST_CLIENTS") == "required":
            pytest.fail("axe-core is missing: scripts/setup clients")
        pytest.skip("axe-core is not installed: scripts/setup clients")
    return AXE.read_text()


@pytest.fixture(scope="module")
def used_key(tenancy: Tenancy, stack: Stack) -> IssuedKey:
    """One that has limits and has been used, so that bars and charts are there."""
    limit = {"interval": "month", "currency": "usd", "threshold_amount": 500}
    key = tenancy.issue_alone(spend_limits=[limit])
    with stack.openai(key.value) as client:
        client.chat.completions.create(model=CHAT_MODEL, messages=[{"role": "user", "content": "Hello!"}])
    return key


def violations(console: Console, axe: str) -> list[list[str]]:
    # Evaluated by the debugger's protocol, which no policy of the page stands against.
    console.loaded()
    console.page.evaluate(axe + "; undefined")
    found: list[list[str]] = console.page.evaluate(RULES)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_breaks_a_rule(chromium: Browser, stack: Stack, used_key: IssuedKey, axe: str, scheme: str) -> None:
    project, key = used_key.project_id, used_key.id
    with opened(chromium, stack, color_scheme=scheme) as console:
        console.open()
        assert violations(console, axe) == []
        console.sign_in()
        places = [("overview",), ("tenants",), ("keys",), ("usage",), ("audit",), ("models",), ("playground",)]
        for place in [*places, ("tenants", project), ("tenants", project, "keys", key), ("nowhere",)]:
            console.go(*place)
            expect(console.page.get_by_role("heading", level=1)).to_be_visible()
            assert violations(console, axe) == [], place


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_dialog_breaks_a_rule(chromium: Browser, stack: Stack, used_key: IssuedKey, axe: str, scheme: str) -> None:
    with opened(chromium, stack, color_scheme=scheme) as console:
        console.sign_in(f"#/tenants/{used_key.project_id}/keys/{used_key.id}")
        for button in ("Edit limits", "Edit models", "Rotate", "Revoke"):
            console.button(button).click()
            dialog = console.page.get_by_role("dialog")
            expect(dialog).to_be_visible()
            if button == "Edit models":
                dialog.get_by_text("Only these").click()
            assert violations(console, axe) == [], button
            console.page.keyboard.press("Escape")
            expect(dialog).to_have_count(0)
        console.button("Rotate").click()
        console.page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
        expect(console.page.get_by_test_id("secret")).to_be_visible()
        assert violations(console, axe) == []


def test_a_chat_breaks_no_rule(signed_in: Console, used_key: IssuedKey, axe: str) -> None:
    signed_in.place("Playground")
    signed_in.page.get_by_label("Inference key").fill(used_key.value)
    signed_in.button("Connect").click()
    message = signed_in.page.get_by_role("textbox", name="Message")
    for text in ("Hello!", "[[sim:error=AccessDeniedException]]"):
        message.fill(text)
        message.press("Enter")
        expect(signed_in.button("Send")).to_be_visible()
    assert violations(signed_in, axe) == []
