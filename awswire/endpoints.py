"""Where an AWS service listens: the same answer as boto3 gives, without building a boto3 client."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from awswire.http import Origin
from awswire.lone_environment import LoneEnvironment, find_plain_url

if TYPE_CHECKING:
    import botocore.session

    Configuration = botocore.session.Session | LoneEnvironment

# Signing names, from `signingName` (where absent, `endpointPrefix`) in botocore's service models.
_SIGNING_NAMES = {
    "bedrock": "bedrock",
    "bedrock-runtime": "bedrock",
    "dynamodb": "dynamodb",
    "secretsmanager": "secretsmanager",
}
# In variables and profiles services are called by their `serviceId`, in snake case.
_CONFIGURED_NAMES = {"secretsmanager": "secrets_manager"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`path_prefix` precedes every path and has no trailing slash; it is empty but for custom endpoints."""

    origin: Origin
    path_prefix: str
    region: str
    signing_name: str


class EndpointUnknown(Exception):
    """No region is set, or the endpoint configured is no URL. The message says what to set."""


def resolve_region(session: Configuration, environ: Mapping[str, str]) -> str:
    """AWS_REGION, AWS_DEFAULT_REGION, or the profile's region, in this order. Raises EndpointUnknown.

    boto3 alone among AWS's SDKs does not read AWS_REGION; Lambda and ECS set it.
    """
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or session.get_config_variable("region")
    if not region:
        raise EndpointUnknown("No AWS region is set. Set AWS_REGION, or `region` in the profile of AWS_PROFILE.")
    return str(region)


def resolve_endpoint(service: str, session: Configuration, environ: Mapping[str, str]) -> Endpoint:
    """The endpoint of `bedrock-runtime`, `bedrock`, `dynamodb` or `secretsmanager`.

    Blocking: reads botocore's rule files. An endpoint set by AWS_ENDPOINT_URL_BEDROCK_RUNTIME and its like, by
    AWS_ENDPOINT_URL or by the profile comes first, unless `ignore_configured_endpoint_urls` is on; else AWS's own
    rules, FIPS and dual stack included. Raises EndpointUnknown.
    """
    region = resolve_region(session, environ)
    url = find_configured_url(service, session, environ) or _regional_url(service, region, session, environ)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise EndpointUnknown(f"The endpoint {url!r} of {service} is no http:// or https:// URL.")
    tls = _tls_context(session, environ) if parts.scheme == "https" else None
    origin = Origin(parts.hostname, parts.port or (443 if tls else 80), tls)
    return Endpoint(origin, parts.path.rstrip("/"), region, _SIGNING_NAMES[service])


def find_configured_url(service: str, session: Configuration, environ: Mapping[str, str]) -> str | None:
    """The endpoint URL that the environment or the profile sets for `service`, in boto3's order of precedence."""
    if _flag("ignore_configured_endpoint_urls", session, environ):
        return None
    profile = session.get_scoped_config()
    name = _CONFIGURED_NAMES.get(service, service.replace("-", "_"))
    of_service = session.full_config.get("services", {}).get(profile.get("services"), {}).get(name)
    url = (
        environ.get(f"AWS_ENDPOINT_URL_{name.upper()}")
        or environ.get("AWS_ENDPOINT_URL")
        or (of_service or {}).get("endpoint_url")
        or profile.get("endpoint_url")
    )
    return str(url) if url else None


def _regional_url(service: str, region: str, session: Configuration, environ: Mapping[str, str]) -> str:
    """AWS's endpoint rules, as botocore ships them per service. A client would be exact too, at 16 MB each."""
    fips = _flag("use_fips_endpoint", session, environ)
    dual_stack = _flag("use_dualstack_endpoint", session, environ)
    if isinstance(session, LoneEnvironment) and not fips and not dual_stack:
        plain = find_plain_url(service, region)
        if plain is not None:
            return plain
    from botocore.endpoint_provider import EndpointProvider
    from botocore.exceptions import EndpointProviderError
    from botocore.loaders import create_loader

    loader: Any = create_loader(session.get_config_variable("data_path"))
    rules = EndpointProvider(
        ruleset_data=loader.load_service_model(service, "endpoint-rule-set-1"),
        partition_data=loader.load_data("partitions"),
    )
    try:
        resolved = rules.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack)
    except EndpointProviderError as error:
        raise EndpointUnknown(f"{service} has no endpoint in {region}: {error}") from error
    return str(resolved.url)


def _flag(name: str, session: Configuration, environ: Mapping[str, str]) -> bool:
    value = environ.get(f"AWS_{name.upper()}") or session.get_scoped_config().get(name) or "false"
    return str(value).lower() == "true"


def _tls_context(session: Configuration, environ: Mapping[str, str]) -> ssl.SSLContext:
    """Trusts AWS_CA_BUNDLE, or the profile's `ca_bundle`, or the roots that boto3 trusts."""
    return _trusting(environ.get("AWS_CA_BUNDLE") or session.get_scoped_config().get("ca_bundle") or _roots_of_boto3())


def _roots_of_boto3() -> str:
    """certifi's where it is installed, else botocore's own. botocore's function for it would load urllib3."""
    try:
        from certifi import where
    except ImportError:
        import botocore

        return str(Path(botocore.__file__).with_name("cacert.pem"))
    return where()


@cache
def _trusting(ca_file: str) -> ssl.SSLContext:
    """One for all services: a cold start on Lambda would read the roots three times."""
    return ssl.create_default_context(cafile=ca_file)
