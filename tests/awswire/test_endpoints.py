"""boto3's own clients are the oracle where no endpoint is configured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError

from awswire.endpoints import EndpointUnknown, resolve_endpoint, resolve_region

IN_VIRGINIA = {"AWS_REGION": "us-east-1"}


def resolved_url(service: str, session: botocore.session.Session, environ: Mapping[str, str]) -> str:
    endpoint = resolve_endpoint(service, session, environ)
    scheme = "http" if endpoint.origin.tls is None else "https"
    return f"{scheme}://{endpoint.origin.authority}{endpoint.path_prefix}"


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "bedrock-runtime": ("converse", {"modelId": "m"}),
    "bedrock": ("list_foundation_models", {}),
    "dynamodb": ("list_tables", {}),
}


def url_boto3_calls(service: str, session: botocore.session.Session, config: Config, region: str) -> str:
    """Where a client of `service` sends a request: `meta.endpoint_url` is another, older rule's opinion."""
    create_client: Any = session.create_client
    client = create_client(service, region, aws_access_key_id="AKID", aws_secret_access_key="secret", config=config)
    urls: list[str] = []

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        urls.append(request.url)
        return AWSResponse(request.url, 500, HTTPHeaders(), SimpleNamespace(stream=lambda: [b"{}"]))

    client.meta.events.register_first("before-send", answer)
    operation, arguments = CALLS[service]
    with pytest.raises(ClientError):
        getattr(client, operation)(**arguments)
    client.close()
    parts = urlsplit(urls[0])
    return f"{parts.scheme}://{parts.netloc}"


@pytest.mark.parametrize("fips", [False, True])
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1"])
@pytest.mark.parametrize("service", CALLS)
def test_regional_endpoints_are_the_ones_boto3_calls(
    service: str, region: str, fips: bool, isolated_session: botocore.session.Session
) -> None:
    config = Config(use_fips_endpoint=fips, account_id_endpoint_mode="disabled", retries={"total_max_attempts": 1})
    environ = {"AWS_REGION": region} | ({"AWS_USE_FIPS_ENDPOINT": "true"} if fips else {})
    url = resolved_url(service, isolated_session, environ)
    assert url == url_boto3_calls(service, isolated_session, config, region)


@pytest.mark.parametrize("service", CALLS)
def test_signing_names_are_those_of_the_service_models(
    service: str, isolated_session: botocore.session.Session
) -> None:
    endpoint = resolve_endpoint(service, isolated_session, IN_VIRGINIA)
    assert endpoint.signing_name == isolated_session.get_service_model(service).signing_name
    assert endpoint.region == "us-east-1"


@pytest.mark.parametrize("service", ["bedrock-runtime", "bedrock", "dynamodb", "secretsmanager"])
def test_a_services_own_variable_precedes_the_one_for_all(
    service: str, isolated_session: botocore.session.Session
) -> None:
    for_all = IN_VIRGINIA | {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    assert resolved_url(service, isolated_session, for_all) == "http://127.0.0.1:4566"
    service_id = isolated_session.get_service_model(service).service_id
    variable = f"AWS_ENDPOINT_URL_{service_id.upper().replace(' ', '_')}"
    own = for_all | {variable: "https://vpce-1.example.com/base/"}
    assert resolved_url(service, isolated_session, own) == "https://vpce-1.example.com/base"


def test_other_services_variables_are_not_taken(isolated_session: botocore.session.Session) -> None:
    environ = IN_VIRGINIA | {"AWS_ENDPOINT_URL_BEDROCK": "http://127.0.0.1:1"}
    url = resolved_url("bedrock-runtime", isolated_session, environ)
    assert url == "https://bedrock-runtime.us-east-1.amazonaws.com"


def test_the_profile_is_read_where_the_environment_says_nothing(
    isolated_session: botocore.session.Session, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(
        "[default]\nregion = eu-west-1\nservices = loopback\nendpoint_url = http://127.0.0.1:2\n"
        "[services loopback]\ndynamodb =\n  endpoint_url = http://127.0.0.1:1\n"
    )
    assert resolve_region(isolated_session, {}) == "eu-west-1"
    assert resolved_url("dynamodb", isolated_session, {}) == "http://127.0.0.1:1"
    assert resolved_url("bedrock", isolated_session, {}) == "http://127.0.0.1:2"
    ignoring = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    assert resolved_url("bedrock", isolated_session, ignoring) == "https://bedrock.eu-west-1.amazonaws.com"


def test_aws_region_precedes_the_older_variable(isolated_session: botocore.session.Session) -> None:
    environ = {"AWS_DEFAULT_REGION": "us-west-2", "AWS_REGION": "us-east-2"}
    assert resolve_region(isolated_session, environ) == "us-east-2"
    assert resolve_region(isolated_session, {"AWS_DEFAULT_REGION": "us-west-2"}) == "us-west-2"


def test_a_missing_region_says_what_to_set(isolated_session: botocore.session.Session) -> None:
    with pytest.raises(EndpointUnknown, match="AWS_REGION"):
        resolve_region(isolated_session, {})


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://example.com", "http://"])
def test_an_endpoint_that_is_no_url_is_refused(url: str, isolated_session: botocore.session.Session) -> None:
    with pytest.raises(EndpointUnknown, match="URL"):
        resolve_endpoint("dynamodb", isolated_session, IN_VIRGINIA | {"AWS_ENDPOINT_URL": url})
