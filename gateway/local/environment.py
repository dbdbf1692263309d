"""The environment of a local instance: of its own gateway, and of further `sluice serve` that share it. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping

from gateway.local.credentials import LocalCredentials

TABLE_PREFIX = "sluice"
REGION = "us-east-1"
SIMULATOR_ACCESS_KEY = "AKIASLUICELOCALDEV00"
SIMULATOR_SECRET_KEY = "sluice-local-secret-key"  # noqa: S105 - opens a simulator on loopback, and nothing else

# What of the caller's own AWS set-up must not reach a local instance with the simulator.
_FOREIGN = (
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_CA_BUNDLE",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
)


def serve_environment(
    credentials: LocalCredentials, dynamodb_endpoint: str, bedrock_endpoint: str | None, *, bearer: bool = False
) -> dict[str, str]:
    """The variables with which `sluice serve` shares a local store. `bedrock_endpoint` is None for real Bedrock.

    `bearer`: a Bedrock API key is set, so credentials are for the local engine alone, which takes any.
    """
    peppers = credentials.peppers
    environment = {
        "SLUICE_TABLE_PREFIX": TABLE_PREFIX,
        "SLUICE_PEPPER": f"{peppers.current}:{peppers.by_id[peppers.current].hex()}",
        "SLUICE_ADMIN_KEY": credentials.admin_key.text,
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint,
    }
    if bedrock_endpoint is not None or bearer:
        environment |= {"AWS_ACCESS_KEY_ID": SIMULATOR_ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SIMULATOR_SECRET_KEY}
    if bedrock_endpoint is not None:
        environment |= {
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_ENDPOINT_URL_BEDROCK": bedrock_endpoint,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock_endpoint,
        }
    return environment


def apply(environ: Mapping[str, str], serve_env: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the instance's own variables in the place of the caller's; other `SLUICE_…` settings stay.

    Logs are text unless the caller chose otherwise: a person is looking.
    """
    simulated = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME" in serve_env
    kept = {name: value for name, value in environ.items() if not (simulated and name in _FOREIGN)}
    kept.pop("SLUICE_PEPPER_FILE", None)
    kept.pop("SLUICE_ADMIN_KEY_FILE", None)
    return {"SLUICE_LOG_FORMAT": "text", **kept, **serve_env}
