"""The console as somebody uses it who sees its words: by roles and labels, never by classes."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.wire.stack import Stack

TIMEOUT_MILLISECONDS = 15_000
LOAD_MILLISECONDS = 60_000  # the first report over a month makes the sums of all its hours
_BINARIES = ("chromium", "chromium-browser", "google-chrome")
# The browser's own line for any answer of 4xx or 5xx: what the page makes of it is each test's subject.
_HTTP_STATUS = re.compile(r"Failed to load resource: the server responded with a status of \d+")
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}


def chromium_binary() -> str:
    """Where Chromium is. Skips without it, unless TEST_BROWSER=required: then it fails."""
    found = next((path for path in map(shutil.which, _BINARIES) if path), None)
    if found is None:
        if os.environ.get("TEST_BROWSER") == "required":
            pytest.fail("TEST_BROWSER=required, and there is no Chromium: apt-get install chromium")
        pytest.skip("no Chromium here: apt-get install chromium")
    return found


@dataclass(frozen=True, slots=True)
class Console:
    """A page on the console. `faults` are broken rules: errors of scripts, and what the page's policy refused."""

    page: Page
    stack: Stack
    faults: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> None:
        self.page.goto(f"{self.stack.root_url}/console/{path}")

    def sign_in(self, path: str = "") -> None:
        self.open(path)
        self.page.get_by_label("Admin key").fill(self.stack.admin_key)
        self.button("Sign in").click()
        expect(self.page.get_by_role("navigation", name="Main")).to_be_visible()

    def go(self, *path: str) -> None:
        """To a place of the console, without loading it anew: that would forget the key."""
        self.page.evaluate("hash => { location.hash = hash }", "#/" + "/".join(path))

    def place(self, name: str) -> None:
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
        expect(self.heading(name)).to_be_visible()

    def heading(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("heading", name=name, level=1)

    def button(self, name: str, exact: bool = True) -> Locator:
        return self.page.get_by_role("button", name=name, exact=exact)

    def dialog(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("dialog", name=name)

    def loaded(self) -> None:
        """Wait until nothing on the page is still being asked for."""
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0, timeout=LOAD_MILLISECONDS)


@contextmanager
def opened(browser: Browser, stack: Stack, **context: Any) -> Iterator[Console]:
    """A page of its own context. Fails at its end where the page broke a rule."""
    with browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce", **context}) as own:
        page = own.new_page()
        page.set_default_timeout(TIMEOUT_MILLISECONDS)
        console = Console(page, stack)

        def hear(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not _HTTP_STATUS.match(message.text):
                console.faults.append(message.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: console.faults.append(str(error)))
        yield console
        assert console.faults == []
