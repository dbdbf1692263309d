from __future__ import annotations

import asyncio
import re
import sys
import threading

import httpx2
import pytest

from awswire.endpoints import EndpointUnknown
from gateway.app import create_app
from gateway.routes.application import Application
from gateway.settings import Settings, SettingsError

ENVIRON = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "AKIATEST000000000000",
    "AWS_SECRET_ACCESS_KEY": "a-secret",
    "AWS_ENDPOINT_URL_BEDROCK": "http://127.0.0.1:9",  # nobody listens there
}
INFERENCE, ADMINISTRATION = "/v1/chat/completions", "/v1/organization/projects"


def app_of(surfaces: str, **more: str) -> Application:
    settings = {
        "SLUICE_PEPPER": "p1:" + "00" * 16,
        "SLUICE_ADMIN_KEY": "sk-sluice-admin_" + "0123456789" * 5,
        "SLUICE_SURFACES": surfaces,
        **more,
    }
    return create_app(Settings.from_env(settings), ENVIRON)


@pytest.mark.parametrize(
    ("surfaces", "served"),
    [
        ("gateway,admin", {INFERENCE, ADMINISTRATION}),
        ("gateway", {INFERENCE}),
        ("admin", {ADMINISTRATION}),
    ],
)
async def test_an_application_serves_the_surfaces_of_its_settings_alone(surfaces: str, served: set[str]) -> None:
    app = app_of(surfaces)
    async with app.running():
        assert {INFERENCE, ADMINISTRATION} & app.openapi()["paths"].keys() == served


def test_no_region_is_refused_before_anything_is_served() -> None:
    settings = Settings.from_env({"SLUICE_PEPPER": "p1:" + "00" * 16, "SLUICE_SURFACES": "gateway"})
    with pytest.raises(EndpointUnknown):
        create_app(settings, {"AWS_CONFIG_FILE": "/nonexistent"})


async def test_webhooks_run_where_there_is_one_as_long_as_the_application_does() -> None:
    def running() -> bool:
        return any(task.get_name() == "webhooks" for task in asyncio.all_tasks())

    webhook = {"SLUICE_ALERT_WEBHOOK_URL": "http://127.0.0.1:9", "SLUICE_ALERT_WEBHOOK_SECRET": "0123456789abcdef" * 2}
    for more in ({}, webhook):
        app = app_of("gateway", **more)
        async with app.running():
            assert running() is bool(more)
        assert not running()


@pytest.mark.parametrize(
    ("surfaces", "console", "served"),
    [("gateway,admin", "true", 200), ("admin", "true", 200), ("gateway", "true", 404), ("gateway,admin", "false", 404)],
)
async def test_the_console_is_where_the_admin_api_is_unless_it_is_turned_off(
    surfaces: str, console: str, served: int
) -> None:
    transport = httpx2.ASGITransport(app=app_of(surfaces, SLUICE_CONSOLE=console))
    async with httpx2.AsyncClient(transport=transport, base_url="http://sluice.test") as browser:
        assert (await browser.get("/console/")).status_code == served


SIGN_IN = {"SLUICE_OIDC_ISSUER": "https://login.example.com", "SLUICE_OIDC_AUDIENCE": "sluice"}


def test_signing_in_without_its_extra_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)  # importing it fails, as where it is not installed
    monkeypatch.delitem(sys.modules, "admin.oidc_tokens", raising=False)
    with pytest.raises(SettingsError, match=r"sluice\[oidc\]"):
        app_of("admin", **SIGN_IN)
    app_of("admin")
    app_of("gateway", **SIGN_IN)


def test_signing_in_asks_nobody_at_the_start() -> None:
    app_of("gateway,admin", **SIGN_IN)


@pytest.mark.parametrize(
    ("setting", "module", "extra"),
    [
        ({"SLUICE_TRACES": "true"}, "gateway.tracing", "sluice[otel]"),
        ({"SLUICE_SECRET_SCANNING_KEYS_URL": "https://x.example/keys"}, "gateway.scanner_signatures", "sluice[oidc]"),
    ],
)
def test_a_setting_whose_packages_are_missing_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, setting: dict[str, str], module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # as Python has it: its import fails
    with pytest.raises(SettingsError, match=re.escape(extra)):
        app_of("gateway,admin", **setting)


async def test_traces_end_with_the_application() -> None:
    def exporting() -> bool:
        return any("BatchSpanRecordProcessor" in thread.name for thread in threading.enumerate())

    app = app_of("gateway", SLUICE_TRACES="true")
    assert exporting()
    async with app.running():
        pass
    assert not exporting()
