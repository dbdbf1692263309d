from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.local.banner import Instance, banner
from gateway.local.engine import Engine
from gateway.local.environment import REGION
from simulator.catalog import Catalog

API_KEY = "sk-sluice_" + "a" * 50
ADMIN_KEY = "sk-sluice-admin_" + "b" * 50
# The banner never looks at the process.
DYNOXIDE = Engine("dynoxide", "http://127.0.0.1:4001", None, persistent=True)  # type: ignore[arg-type]
MOTO = replace(DYNOXIDE, name="moto", persistent=False)
INSTANCE = Instance(
    base_url="http://127.0.0.1:8080/v1",
    admin_key=ADMIN_KEY,
    data_dir=Path("/home/ada/.sluice"),
    engine=DYNOXIDE,
    bedrock_endpoint="http://127.0.0.1:4002",
    serve_env={"SLUICE_PEPPER": "pepper_1:" + "c" * 64},
    console_url="http://127.0.0.1:8080/console/",
)


def shown_command(text: str) -> list[str]:
    """The words of the curl line, as a shell reads them."""
    return shlex.split("curl" + text.split("\ncurl", 1)[1].split("\n\n", 1)[0])


def test_each_address_and_key_ends_a_line_of_its_own() -> None:
    lines = banner(INSTANCE, API_KEY).splitlines()
    for label, value in (
        ("Base URL", INSTANCE.base_url),
        ("API key", API_KEY),
        ("Admin key", ADMIN_KEY),
        ("Console", INSTANCE.console_url),
    ):
        assert [line.split()[-1] for line in lines if line.startswith(f"  {label} ")] == [value]


def test_a_console_that_is_turned_off_is_not_shown() -> None:
    assert "Console" not in banner(replace(INSTANCE, console_url=None), API_KEY)


def test_the_shown_command_is_a_request_that_the_simulator_can_answer() -> None:
    command = shown_command(banner(INSTANCE, API_KEY))
    assert command[:3] == ["curl", "-N", f"{INSTANCE.base_url}/chat/completions"]
    assert f"Authorization: Bearer {API_KEY}" in command
    body = json.loads(command[command.index("-d") + 1])
    assert body["stream"] is True
    assert Catalog(REGION).get_model(body["model"]).model_id == body["model"]


def test_the_command_line_is_named_as_a_shell_finds_it() -> None:
    program = "/home/ada/my work/.venv/bin/sluice"
    (line,) = [each for each in banner(replace(INSTANCE, program=program), API_KEY).splitlines() if "keys list" in each]
    assert shlex.split(line) == [program, "keys", "list", "--data-dir", str(INSTANCE.data_dir)]


def test_nothing_secret_but_the_two_keys_is_shown() -> None:
    assert "c" * 64 not in banner(INSTANCE, API_KEY)


@pytest.mark.parametrize(
    ("endpoint", "said"), [("http://127.0.0.1:4002", "simulator at http://127.0.0.1:4002"), (None, "billed")]
)
def test_who_answers_for_bedrock_is_said(endpoint: str | None, said: str) -> None:
    shown = banner(replace(INSTANCE, bedrock_endpoint=endpoint), API_KEY)
    assert [said in line for line in shown.splitlines() if line.startswith("  Bedrock ")] == [True]


def test_a_store_that_is_kept_is_named_with_its_folder_and_without_a_warning() -> None:
    shown = banner(INSTANCE, API_KEY)
    assert "dynoxide, kept in /home/ada/.sluice" in shown
    assert "VOLATILE" not in shown


def test_a_store_that_is_lost_at_the_end_is_warned_of_before_all_else() -> None:
    shown = banner(replace(INSTANCE, engine=MOTO), API_KEY)
    assert 0 < shown.index("VOLATILE") < shown.index("Sluice is ready")
    assert "moto, in memory" in shown
    assert "kept in" not in shown
