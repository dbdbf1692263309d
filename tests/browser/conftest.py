"""The browser ring: the console in Chromium, against a running `sluice dev`.

stack      a running `sluice dev`                                            session
tenancy    tenants and keys, over HTTP, behind the browser's back            session
chromium   a browser                                                         module
console    a page of it on the console; a broken rule of the page fails      test
signed_in  the same, signed in with the stack's admin key                    test

Playwright's synchronous API holds an event loop of its own while it is open: a browser lives as long as its module,
whose tests are all synchronous, so that no test with a loop of pytest's ever meets it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.console import TIMEOUT_MILLISECONDS, Console, chromium_binary, opened
from tests.engines import dynoxide_binary
from tests.wire.stack import Stack, running_stack
from tests.wire.tenancy import Tenancy

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
]  # fmt: skip


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Ends cleanly, or the last test that used it fails. Skips where dynoxide or Chromium is not installed."""
    dynoxide_binary()
    chromium_binary()
    with running_stack(tmp_path_factory.mktemp("console") / "store") as running:
        yield running


@pytest.fixture(scope="session")
def tenancy(stack: Stack) -> Iterator[Tenancy]:
    opened = Tenancy(stack.base_url, stack.admin_key)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Skips where there is none, unless TEST_BROWSER=required."""
    binary = chromium_binary()
    expect.set_options(timeout=TIMEOUT_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=FLAGS, headless=True)
        yield browser
        browser.close()


@pytest.fixture
def console(chromium: Browser, stack: Stack) -> Iterator[Console]:
    """A page of its own context: nothing that another test left is in it."""
    with opened(chromium, stack) as console:
        yield console


@pytest.fixture
def signed_in(console: Console) -> Console:
    console.sign_in()
    return console
