from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.predecessor import understand
from gateway.settings import Settings

PEPPER = {"SLUICE_PEPPER": "p1:" + "00" * 16, "SLUICE_SURFACES": "gateway"}
SECRET = "the-shared-key-of-everybody"
ALL = {
    "API_KEY": SECRET,
    "API_KEY_SECRET_ARN": SECRET,
    "API_KEY_PARAM_NAME": SECRET,
    "API_ROUTE_PREFIX": "/api/v1",
    "DEFAULT_MODEL": "anthropic.claude-3-sonnet-20240229-v1:0",
    "DEFAULT_EMBEDDING_MODEL": "cohere.embed-multilingual-v3",
    "ENABLE_CROSS_REGION_INFERENCE": "true",
    "ENABLE_APPLICATION_INFERENCE_PROFILES": "true",
    "ENABLE_PROMPT_CACHING": "true",
    "PROMPT_CACHE_TTL": "1h",
    "DEBUG": "true",
    "ALLOWED_ORIGINS": "https://chat.example.com, https://other.example.com",
}


def settings_of(environ: dict[str, str]) -> Settings:
    return Settings.from_env(understand(PEPPER | environ).environ)


def test_each_of_its_variables_gets_one_line_and_none_shows_a_value() -> None:
    sayings = understand(ALL).sayings
    assert sorted(saying.partition(",")[0] for saying in sayings) == sorted(ALL)
    assert not [saying for saying in sayings if SECRET in saying]


@pytest.mark.parametrize("name", ["API_KEY", "API_KEY_SECRET_ARN", "API_KEY_PARAM_NAME"])
def test_of_its_key_is_said_how_to_import_it(name: str) -> None:
    (saying,) = understand({name: SECRET}).sayings
    assert "`sluice keys import`" in saying
    assert "SLUICE_IMPORTED_KEYS=true" in saying


def test_what_is_the_same_here_is_taken_over() -> None:
    settings = settings_of(ALL)
    assert (settings.log_level, settings.cors_origins) == ("debug", ALL["ALLOWED_ORIGINS"])


def test_settings_of_ones_own_stand() -> None:
    own = {"SLUICE_LOG_LEVEL": "error", "SLUICE_CORS_ORIGINS": ""}
    settings = settings_of(ALL | own)
    assert (settings.log_level, settings.cors_origins) == ("error", "")


def test_a_file_is_a_setting_of_ones_own() -> None:
    by_file = understand(ALL | {"SLUICE_LOG_LEVEL_FILE": "/level", "SLUICE_CORS_ORIGINS_FILE": "/origins"})
    assert not {"SLUICE_LOG_LEVEL", "SLUICE_CORS_ORIGINS"} & by_file.environ.keys()


@pytest.mark.parametrize("value", ["false", "False", "", "app:*"])
def test_debug_is_taken_only_where_it_is_on(value: str) -> None:
    assert settings_of({"DEBUG": value}).log_level == "info"


def test_origins_that_are_none_stop_nothing_and_are_named() -> None:
    understood = understand(PEPPER | {"ALLOWED_ORIGINS": "https://chat.example.com/path"})
    assert Settings.from_env(understood.environ).cors_origins == ""
    assert "not used" in understood.sayings[0]


def test_without_its_variables_nothing_is_said_and_nothing_changed() -> None:
    understood = understand(PEPPER | {"AWS_REGION": "us-east-1"})
    assert (understood.environ, understood.sayings) == (PEPPER | {"AWS_REGION": "us-east-1"}, ())


_COLD_START = "import asyncio, os; from gateway.lambda_runtime import build; asyncio.run(build(os.environ))"
_SERVE = """
import gateway.serving, gateway.cli
gateway.serving.serve = lambda settings, listener, workers: print(settings.log_level)
gateway.cli.app(["serve", "--port", "0"])
"""


@pytest.mark.parametrize("program", [_COLD_START, _SERVE], ids=["lambda", "serve"])
def test_each_way_to_start_says_it_and_never_the_key(program: str, tmp_path: Path) -> None:
    aws = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
    environ = PEPPER | ALL | aws | {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("of bedrock-access-gateway") == len(ALL)
    assert SECRET not in done.stdout + done.stderr
