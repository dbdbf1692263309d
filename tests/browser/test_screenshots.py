"""The pictures of README.md and docs/console.md: `make screenshots` writes them, nothing else does."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.console import PHONE, Console, opened
from tests.browser.history import SONNET, write_history
from tests.wire.polling import eventually
from tests.wire.stack import CLAUDE_MODEL, PROJECT, Stack
from tests.wire.tenancy import IssuedKey, Tenancy

IMAGES = PROJECT / "docs" / "images"
# Nobody should wonder whether a key in a picture works.
HIDE_SECRETS = """() => {
  const walk = document.createTreeWalker(document.querySelector("dialog"), NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode())
    node.data = node.data.replace(/sk-sluice_[0-9A-Za-z]{50}/g, "sk-sluice_" + "EXAMPLE".repeat(7) + "X");
}"""
pytestmark = pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="`make screenshots` asks for pictures")


@pytest.fixture(scope="module")
def past(stack: Stack, tenancy: Tenancy) -> dict[str, IssuedKey]:
    keys = write_history(stack, tenancy)
    ask(stack, keys["production"], "[[sim:input_tokens=5400000 tokens=800]]")
    return keys


def ask(stack: Stack, key: IssuedKey, text: str, timeout_seconds: float = 60.0) -> None:
    body = {"model": SONNET, "messages": [{"role": "user", "content": text}], "stream": True, "max_tokens": 64_000}
    headers = {"authorization": f"Bearer {key.value}"}
    url = f"{stack.base_url}/chat/completions"
    with httpx2.stream("POST", url, json=body, headers=headers, timeout=timeout_seconds) as answer:
        for _ in answer.iter_lines():
            pass


@contextmanager
def in_flight(stack: Stack, key: IssuedKey) -> Iterator[None]:
    """A long answer, so that something is held, from when it is."""
    asking = threading.Thread(target=ask, args=(stack, key, "[[sim:tokens=600 gap_ms=20]]"))
    asking.start()
    budget = f"{stack.base_url}/organization/projects/{key.project_id}/budget"
    headers = {"authorization": f"Bearer {stack.admin_key}"}
    eventually(lambda: httpx2.get(budget, headers=headers).json()["in_flight"], bool)
    yield
    asking.join()


def picture(console: Console, name: str) -> None:
    console.loaded()
    console.page.mouse.move(1, 1)
    IMAGES.mkdir(exist_ok=True)
    console.page.screenshot(path=IMAGES / f"{name}.png")


def chat(console: Console, key: IssuedKey) -> None:
    console.place("Playground")
    console.page.get_by_label("Inference key").fill(key.value)
    console.button("Connect").click()
    expect(console.page.get_by_label("Model")).to_be_enabled()
    console.page.get_by_label("Model").select_option(CLAUDE_MODEL)
    console.page.get_by_label("Reasoning effort").select_option("low")
    console.page.get_by_label("System prompt").fill("You explain things in two sentences.")
    message = console.page.get_by_role("textbox", name="Message")
    replies: list[str] = []

    def direct(route: Route) -> None:
        """The simulator says what it is told to: in the request alone, not on the page."""
        body = json.loads(route.request.post_data or "")
        body["messages"][-1]["content"] += f' [[sim:reply="{replies[-1]}"]]'
        route.continue_(post_data=json.dumps(body))

    console.page.route("**/chat/completions", direct)
    reply = (
        "A sluice lets through as much water as its gate allows, and no more. So does a budget that is reserved before"
    )
    for question, answered in (
        ("Why is a gateway called Sluice?", f"{reply} each request and settled after it."),
        ("And when the gate is shut?", "Then nothing passes, on the very next request."),
    ):
        replies.append(answered)
        message.fill(question)
        message.press("Enter")
        expect(console.page.get_by_test_id("usage")).to_have_count(len(replies))
        expect(console.button("Send")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_of_a_desk(
    chromium: Browser, stack: Stack, past: dict[str, IssuedKey], tenancy: Tenancy, scheme: str
) -> None:
    production = past["production"]
    open_key = tenancy.issue(production.project_id, name="playground")
    with opened(chromium, stack, color_scheme=scheme, device_scale_factor=1) as console:
        console.sign_in("#/overview")
        picture(console, f"overview-{scheme}")
        with in_flight(stack, production):
            console.go("tenants", production.project_id)
            picture(console, f"tenant-{scheme}")
        if scheme == "dark":
            return
        console.go("keys")
        picture(console, f"keys-{scheme}")
        chat(console, open_key)
        picture(console, f"playground-{scheme}")
        console.go("tenants", production.project_id)
        console.button("Issue key").click()
        console.dialog(re.compile("Issue")).get_by_label("Name").fill("on-call bot")
        console.button("Issue key").last.click()
        expect(console.dialog(re.compile("Key issued"))).to_be_visible()
        console.page.evaluate(HIDE_SECRETS)
        picture(console, f"secret-{scheme}")
        console.button("I have stored the key").click()


def test_pictures_of_a_phone(chromium: Browser, stack: Stack, past: dict[str, IssuedKey]) -> None:
    production = past["production"]
    with opened(chromium, stack, viewport=PHONE, device_scale_factor=1.5) as console:
        console.sign_in("#/overview")
        picture(console, "overview-phone")
        console.go("tenants", production.project_id)
        picture(console, "tenant-phone")


def test_pictures_are_small(past: dict[str, IssuedKey]) -> None:
    assert past
    assert {path.name: path.stat().st_size for path in IMAGES.glob("*.png") if path.stat().st_size > 200_000} == {}
