"""botocore is the oracle: without it everything has to be as with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore
import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider

from awswire.credentials import Credentials, find_credentials
from awswire.endpoints import resolve_endpoint
from awswire.lone_environment import FixedCredentials, LoneEnvironment, find_lone_credentials, find_plain_url

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "secret"}
SERVICES = ["bedrock", "bedrock-runtime", "dynamodb", "secretsmanager"]
PARTITIONS: list[dict[str, Any]] = json.loads((Path(botocore.__file__).parent / "data/partitions.json").read_text())[
    "partitions"
]
REGIONS = [region for partition in PARTITIONS for region in partition["regions"] if not region.endswith("-global")]
# Regions that are still to come are matched as those of today are.
TO_COME = [
    "us-south-7",
    "eu-north-12",
    "mx-central-3",
    "cn-east-2",
    "us-gov-north-1",
    "eusc-de-west-2",
    "us-isof-west-9",
]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module", params=SERVICES)
def rules(request: pytest.FixtureRequest) -> tuple[str, EndpointProvider]:
    loader: Any = botocore.session.Session().get_component("data_loader")
    ruleset = loader.load_service_model(request.param, "endpoint-rule-set-1")
    return request.param, EndpointProvider(ruleset, loader.load_data("partitions"))


def test_every_region_has_the_endpoint_that_botocores_rules_give_it(rules: tuple[str, EndpointProvider]) -> None:
    service, provider = rules
    assert len(REGIONS) > 40
    for region in REGIONS + TO_COME:
        resolved = provider.resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False)
        assert find_plain_url(service, region) == resolved.url, region


@pytest.mark.parametrize("region", ["local", "aws-global", "", "us-east-1.evil.example", "us-east-1\n", "xx-east-1"])
def test_what_is_no_known_region_is_left_to_botocores_rules(region: str) -> None:
    assert find_plain_url("dynamodb", region) is None


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_REGION": "local"},
        {"AWS_REGION": "us-gov-west-1", "AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566/base"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ],
)
def test_variables_lead_to_the_endpoint_that_a_session_leads_to(
    service: str, variables: dict[str, str], isolated_session: botocore.session.Session
) -> None:
    environ = {"AWS_REGION": "eu-central-1"} | variables
    assert resolve_endpoint(service, LoneEnvironment(), environ) == resolve_endpoint(service, isolated_session, environ)


@pytest.mark.parametrize(
    "tokens",
    [
        {},
        {"AWS_SESSION_TOKEN": "token"},
        {"AWS_SESSION_TOKEN": ""},
        {"AWS_SECURITY_TOKEN": "older", "AWS_SESSION_TOKEN": "token"},
    ],
)
async def test_credentials_are_those_that_botocore_finds(
    tokens: dict[str, str], home: Path, isolated_session: botocore.session.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (KEYS | tokens).items():
        monkeypatch.setenv(name, value)
    found = find_lone_credentials(KEYS | tokens)
    assert found == find_credentials(isolated_session)
    assert found is not None
    assert await FixedCredentials(found).current() == found


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"AWS_ACCESS_KEY_ID": "AKIDENV"},
        KEYS | {"AWS_SECRET_ACCESS_KEY": ""},
        KEYS | {"AWS_PROFILE": "team"},
        KEYS | {"AWS_DEFAULT_PROFILE": "team"},
        KEYS | {"AWS_CONFIG_FILE": "/config"},
        KEYS | {"AWS_SHARED_CREDENTIALS_FILE": "/credentials"},
        KEYS | {"AWS_CREDENTIAL_EXPIRATION": "2027-01-01T00:00:00Z"},
        KEYS | {"AWS_DATA_PATH": "/models"},
    ],
)
def test_what_only_botocore_can_read_is_left_to_it(environ: dict[str, str], home: Path) -> None:
    assert find_lone_credentials(environ) is None


def test_a_configuration_folder_is_left_to_botocore(home: Path) -> None:
    assert find_lone_credentials(KEYS) == Credentials("AKIDENV", "secret")
    (home / ".aws").mkdir()
    assert find_lone_credentials(KEYS) is None


def test_neither_botocores_session_nor_its_http_client_is_loaded(home: Path) -> None:
    program = (
        "import asyncio, os, sys\n"
        "from awswire.transport_lean import LeanTransport\n"
        "from gateway.aws import connect_dynamodb\n"
        "async def main(): connect_dynamodb(LeanTransport(), os.environ)\n"
        "asyncio.run(main())\n"
        "print(sorted({'botocore.session', 'botocore.httpsession', 'urllib3'} & set(sys.modules)))"
    )
    environ = KEYS | {"AWS_REGION": "us-east-1", "HOME": str(home), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
