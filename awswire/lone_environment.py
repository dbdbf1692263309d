"""AWS's configuration where the environment's variables are all of it, as on Lambda: without botocore, whose session
and endpoint rules are a third of what a cold start there costs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from awswire.credentials import Credentials

# With any of these, or a folder ~/.aws, botocore has more to read than the variables that are read here.
_LEADING_ELSEWHERE = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DATA_PATH",
)
# `regionRegex` and `dnsSuffix` of botocore's partitions.json, which a test holds this to.
_SUFFIXES = (
    (re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+"), "amazonaws.com"),
    (re.compile(r"us-gov-\w+-\d+"), "amazonaws.com"),
    (re.compile(r"cn-\w+-\d+"), "amazonaws.com.cn"),
    (re.compile(r"eusc-de-\w+-\d+"), "amazonaws.eu"),
    (re.compile(r"us-iso-\w+-\d+"), "c2s.ic.gov"),
    (re.compile(r"us-isob-\w+-\d+"), "sc2s.sgov.gov"),
    (re.compile(r"eu-isoe-\w+-\d+"), "cloud.adc-e.uk"),
    (re.compile(r"us-isof-\w+-\d+"), "csp.hci.ic.gov"),
)


class LoneEnvironment:
    """What botocore's session says where no file is configured: nothing beyond the variables."""

    full_config: Mapping[str, Any] = {}

    def get_scoped_config(self) -> Mapping[str, Any]:
        return {}

    def get_config_variable(self, name: str) -> None:
        return None


class FixedCredentials:
    """The same for as long as the process lives, as Lambda's are."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def current(self) -> Credentials:
        return self._credentials


def find_lone_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """The variables' credentials, where variables are all there is; None where botocore has to look.

    botocore's chain begins with these variables, in this order. Touches the file system: asks whether ~/.aws is there.
    """
    access_key_id, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not access_key_id or not secret or any(name in environ for name in _LEADING_ELSEWHERE):
        return None
    if Path("~/.aws").expanduser().exists():
        return None
    token = environ.get("AWS_SECURITY_TOKEN") or environ.get("AWS_SESSION_TOKEN")
    return Credentials(access_key_id, secret, token or None)


def find_plain_url(service: str, region: str) -> str | None:
    """The endpoint without FIPS and dual stack; None for a region that only botocore's rules may know."""
    for regions, suffix in _SUFFIXES:
        if regions.fullmatch(region):
            return f"https://{service}.{region}.{suffix}"
    return None
