from __future__ import annotations

import pytest

from gateway.local.credentials import LocalCredentials
from gateway.local.environment import REGION, TABLE_PREFIX, apply, serve_environment
from gateway.settings import Settings
from tenants.secret import ADMIN_PREFIX, Peppers, new_secret

CREDENTIALS = LocalCredentials(
    admin_key=new_secret(ADMIN_PREFIX, "0123456789ab", bytes(range(32))),
    peppers=Peppers({"pepper_1": bytes(range(32))}, "pepper_1"),
)
DYNAMODB, BEDROCK = "http://127.0.0.1:4001", "http://127.0.0.1:4002"
SIMULATED = serve_environment(CREDENTIALS, DYNAMODB, BEDROCK)
ON_BEDROCK = serve_environment(CREDENTIALS, DYNAMODB, None)

# What an AWS user may have exported, and what would lead a simulated instance astray.
OF_THE_CALLER = {
    "AWS_PROFILE": "production",
    "AWS_SESSION_TOKEN": "token",
    "AWS_BEARER_TOKEN_BEDROCK": "bearer",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": "https://example.com",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_CA_BUNDLE": "/etc/ca.pem",
}


@pytest.mark.parametrize("serve_env", [SIMULATED, ON_BEDROCK], ids=["simulator", "bedrock"])
def test_a_gateway_with_these_variables_shares_the_store_and_its_secrets(serve_env: dict[str, str]) -> None:
    settings = Settings.from_env(serve_env)
    assert settings.table_prefix == TABLE_PREFIX
    assert settings.peppers() == CREDENTIALS.peppers
    assert settings.admin_key is not None
    assert settings.admin_key.get_secret_value() == CREDENTIALS.admin_key.text
    assert serve_env["AWS_ENDPOINT_URL_DYNAMODB"] == DYNAMODB


def test_bedrock_is_the_simulator_and_no_profile_is_read_where_there_is_one() -> None:
    assert SIMULATED["AWS_ENDPOINT_URL_BEDROCK"] == SIMULATED["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] == BEDROCK
    assert SIMULATED["AWS_REGION"] == REGION
    assert SIMULATED["AWS_CONFIG_FILE"] == SIMULATED["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_real_bedrock_is_asked_as_the_caller_would() -> None:
    assert {name for name in ON_BEDROCK if name.startswith("AWS_")} == {"AWS_ENDPOINT_URL_DYNAMODB"}
    assert apply(OF_THE_CALLER, ON_BEDROCK).items() >= OF_THE_CALLER.items()


@pytest.mark.parametrize("name", OF_THE_CALLER)
def test_nothing_of_the_callers_aws_set_up_reaches_a_simulated_instance(name: str) -> None:
    assert name not in apply({name: OF_THE_CALLER[name]}, SIMULATED)


def test_the_instances_own_variables_win() -> None:
    theirs = {"SLUICE_ADMIN_KEY": "theirs", "SLUICE_TABLE_PREFIX": "production", "AWS_ACCESS_KEY_ID": "AKIATHEIRS"}
    assert apply(theirs, SIMULATED).items() >= SIMULATED.items()


def test_a_file_of_the_callers_does_not_overrule_a_secret_of_the_instance() -> None:
    files = {"SLUICE_PEPPER_FILE": "/run/pepper", "SLUICE_ADMIN_KEY_FILE": "/run/admin"}
    assert not files.keys() & apply(files, SIMULATED).keys()


def test_settings_that_are_not_the_instances_own_stay_and_logs_are_text_unless_told_otherwise() -> None:
    applied = apply({"SLUICE_KEEPALIVE_SECONDS": "3", "PATH": "/bin"}, SIMULATED)
    assert (applied["SLUICE_KEEPALIVE_SECONDS"], applied["PATH"]) == ("3", "/bin")
    assert applied["SLUICE_LOG_FORMAT"] == "text"
    assert apply({"SLUICE_LOG_FORMAT": "json"}, SIMULATED)["SLUICE_LOG_FORMAT"] == "json"
