"""The console's files as they are served."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from admin.routes.console import CONTENT_SECURITY_POLICY, FOLDER, create_router, is_known, read_files
from tests.wire.stack import PROJECT

FILES = read_files(FOLDER)


@pytest.fixture
async def browser() -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    app.include_router(create_router())
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sluice.test") as opened:
        yield opened


async def test_the_page_is_where_the_console_is_with_and_without_a_slash(browser: httpx2.AsyncClient) -> None:
    redirected = await browser.get("/console")
    assert (redirected.status_code, redirected.headers["location"]) == (307, "console/")
    page = await browser.get("/console/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert (await browser.get("/console/index.html")).content == page.content


@pytest.mark.parametrize("name", FILES)
async def test_every_file_is_served_under_the_strict_policy(browser: httpx2.AsyncClient, name: str) -> None:
    answer = await browser.get(f"/console/{name}")
    assert answer.content == (FOLDER / name).read_bytes()
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_file_that_the_browser_has_is_not_sent_again(browser: httpx2.AsyncClient) -> None:
    etag = (await browser.get("/console/")).headers["etag"]
    again = await browser.get("/console/", headers={"if-none-match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    changed = await browser.get("/console/", headers={"if-none-match": '"another"'})
    assert changed.status_code == 200


@pytest.mark.parametrize(
    ("header", "known"),
    [(None, False), ('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False)],
)
def test_entity_tags_are_compared_as_the_rfc_says(header: str | None, known: bool) -> None:
    assert is_known(header, '"a"') is known


async def test_head_tells_what_get_would(browser: httpx2.AsyncClient) -> None:
    got, headed = await browser.get("/console/"), await browser.head("/console/")
    assert headed.status_code == 200
    assert headed.headers["etag"] == got.headers["etag"]


@pytest.mark.parametrize(
    "path", ["package.json", "nothing.js", "../auth.py", "%2e%2e/auth.py", "..%2fauth.py", "/etc/passwd", "vendor"]
)
async def test_only_files_of_the_console_are_served(browser: httpx2.AsyncClient, path: str) -> None:
    answer = await browser.get(f"/console/{path}")
    assert answer.status_code == 404


def test_the_wheel_has_every_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert {f"admin/console/{name}" for name in FILES} <= set(archive.namelist())
