"""Every knob of the gateway, with its unit and default, on one page.

Read once, by the entry points, from an environment that is passed in: `Settings.from_env(os.environ)`. AWS's own
variables (credentials, region, `AWS_ENDPOINT_URL_*`, `AWS_BEARER_TOKEN_BEDROCK`) keep their names and are botocore's.
"""

from __future__ import annotations

import binascii
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from gateway.https_address import check_https_url
from tenants.busy_keys import MOST_SHARDS
from tenants.secret import SHORTEST_ADMIN_KEY_CHARS, Peppers

PREFIX = "SLUICE_"
_FILE_SUFFIX = "_FILE"
_SHORTEST_WEBHOOK_SECRET_CHARS = 32
# Read by `sluice dev` alone (gateway/local/dynoxide.py), and by the commands that speak to a gateway (docs/cli.md).
_NOT_SETTINGS = frozenset({"SLUICE_DYNOXIDE", "SLUICE_URL", "SLUICE_API_KEY"})


def _networks(text: str) -> str:
    for part in text.split(",") if text else ():
        ipaddress.ip_network(part.strip())
    return text


def check_origins(text: str) -> str:
    """The text, if it is a list of origins or `*`. Raises ValueError, which says what an origin is."""
    for origin in text.split(",") if text else ():
        if origin.strip() != "*" and not re.fullmatch(r"https?://[^/\s,]+", origin.strip()):
            raise ValueError(f"{origin.strip()!r} is no origin: write https://host, with its port but without a path")
    return text


def _group_roles(text: str) -> str:
    if text:
        from tenants.group_roles import parse_group_roles  # not above: few sign in so, and the data plane never

        parse_group_roles(text)
    return text


Seconds = Annotated[float, Field(gt=0)]
Networks = Annotated[str, AfterValidator(_networks)]
Surface = Literal["gateway", "admin"]


class SettingsError(Exception):
    """The environment cannot be used as it is. The message names the variables and says what to do."""


class Settings(BaseModel):
    """The gateway's settings. The variable of a field is its name in capitals, with the prefix `SLUICE_`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = "127.0.0.1"
    """Address to listen on. `0.0.0.0` for all; put TLS in front."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port to listen on; 0 takes a free one."""
    surfaces: tuple[Surface, ...] = ("gateway", "admin")
    """Which planes this process serves, comma-separated: `gateway`, `admin`."""
    forwarded_allow_ips: Networks = ""
    """The proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses and networks, comma-separated.
    Empty: nobody's, and the audit log has the address of the connection."""

    connection_idle_seconds: Seconds = 75
    """How long a connection may lie idle between two requests: longer than a load balancer in front lets it, which has
    to be the one that closes it."""
    cors_origins: Annotated[str, AfterValidator(check_origins)] = ""
    """Origins whose pages may call the data plane from a browser, comma-separated: `https://chat.example.org`; `*` for
    all. Empty: none."""

    console: bool = True
    """Whether the web console is served at `/console`, where the admin API is. It is files alone: docs/console.md."""

    # Store and secrets
    table_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,200}$")] = "sluice"
    """The tables are `<prefix>-core`, `<prefix>-usage` and `<prefix>-audit`."""
    pepper: SecretStr
    """`<id>:<hex>`, at least 16 bytes; several, comma-separated, while one replaces another: the first is current.
    `SLUICE_PEPPER_FILE` names a file that holds it instead."""
    admin_key: Annotated[SecretStr, Field(min_length=SHORTEST_ADMIN_KEY_CHARS)] | None = None
    """The bootstrap admin key, at least 32 characters. `SLUICE_ADMIN_KEY_FILE` names a file that holds it instead."""

    imported_keys: bool = False
    """Whether keys are accepted that another gateway made, and that were imported by their SHA-256:
    docs/imported-keys.md. While they are, any made-up key of 16 to 512 characters costs a read of the table."""

    # Signing in to the control plane with a token of an identity provider: docs/administration.md
    oidc_issuer: Annotated[str, AfterValidator(check_https_url)] | None = None
    """The issuer of the tokens, as its discovery document writes it: https, or http on this machine. Needs the extra
    `oidc`."""
    oidc_audience: Annotated[str, Field(min_length=1)] | None = None
    """For whom tokens have to be issued: the id under which the provider knows this gateway."""
    oidc_groups_claim: str = "groups"
    """The claim that holds a person's groups; a path where it is nested: `realm_access.roles`."""
    oidc_roles: Annotated[str, AfterValidator(_group_roles)] = ""
    """Roles of groups, comma-separated: `platform=org.owner,finance=org.viewer,search=project.owner:proj_…`."""
    oidc_user_claim: str = "sub"
    """The claim that holds the id of the user, which keys are owned by and who is put into projects: `sub`, `email`."""

    # Requests
    max_body_bytes: Annotated[int, Field(gt=0)] = 25 * 1024 * 1024
    """A larger body is refused with 413. Bedrock itself takes 25 MB."""
    hold_seconds: Seconds = 1800
    """How long a request may take. Past it, its hold may be charged as abandoned, so it is broken off before."""
    disconnect_drain_seconds: Annotated[float, Field(ge=0)] = 30
    """How long a stream is read on after its client left, for Bedrock's own count of it."""
    shutdown_grace_seconds: Annotated[float, Field(ge=0)] = 30
    """How long requests in flight may go on after SIGTERM."""
    keepalive_seconds: Seconds = 15
    """A stream that is silent for so long sends a comment, so that no proxy on the way gives it up."""
    fetch_media: bool = True
    """Whether images and files are fetched where a request names them by https URL. Public addresses alone are
    connected to, each of them checked, through redirects too; false refuses such URLs."""
    fetch_media_networks: Networks = ""
    """Networks that media may be fetched from though they are not public, an intranet's for one, comma-separated. Any
    port will do there."""
    fetch_media_seconds: Seconds = 10
    """How long fetching all the media of one request may take."""
    reasoning_seconds: Annotated[float, Field(ge=0)] = 3600
    """How long a model's signed reasoning before a tool call is kept, for clients that do not send it back with the
    call's result. It is the only content that is stored, in the usage table; 0 keeps none."""

    # Models
    models_file: Path | None = None
    """A TOML file with aliases, fallbacks, a guardrail, prices and capabilities of models, over those that are
    shipped: docs/models.md."""

    # Ledger
    sweep_seconds: Annotated[float, Field(ge=0)] = 60
    """How often the accounts are looked through for what a process left behind when it died; one process does it at a
    time. 0: never, then let `sluice ledger sweep` run on a schedule."""
    account_shards: Annotated[int, Field(ge=1, le=MOST_SHARDS)] = MOST_SHARDS
    """On how many DynamoDB items at most a busy key is kept; 1: always on one. What was spread stays exact."""
    account_shard_requests: Annotated[int, Field(ge=1)] = 24
    """How many of a key's requests are in flight on an item before another one is used, too."""
    metrics: bool = False
    """Whether `GET /metrics` is served, in Prometheus's format and without a key."""

    traces: bool = False
    """Whether traces are sent by OTLP over HTTP, to where `OTEL_EXPORTER_OTLP_ENDPOINT` says: docs/observability.md."""

    # Alerts
    alert_webhook_url: Annotated[str, AfterValidator(check_https_url)] | None = None
    """Where spend alerts are posted: https, or http on this machine. docs/alerts.md. Without it they are logged and
    counted alone."""
    alert_webhook_secret: Annotated[SecretStr, Field(min_length=_SHORTEST_WEBHOOK_SECRET_CHARS)] | None = None
    """What alerts are signed with, at least 32 characters: `openssl rand -hex 32` makes one.
    `SLUICE_ALERT_WEBHOOK_SECRET_FILE` names a file that holds it instead."""

    secret_scanning_keys_url: Annotated[str, AfterValidator(check_https_url)] | None = None
    """Where a secret scanner publishes the keys that it signs reports of leaked keys with: docs/leaked-keys.md. GitHub:
    `https://api.github.com/meta/public_keys/secret_scanning`. Without it only administrators may report."""

    # Caches
    key_cache_seconds: Seconds = 300
    """How long a key's record is used without being read again. Changes of it act at once all the same: the account's
    fence refuses who has not seen them."""
    key_cache_size: Annotated[int, Field(gt=0)] = 10_000
    """How many keys a process remembers."""
    catalog_seconds: Seconds = 600
    """How old the list of models may be before it is read again, in the background."""

    # Bedrock and the wire
    bedrock_connect_timeout_seconds: Seconds = 3
    """For a connection to Bedrock to be made."""
    bedrock_read_timeout_seconds: Seconds = 1700
    """For each wait for Bedrock's next bytes: an answer that is not streamed comes whole, after many minutes perhaps.
    A peer that is gone is noticed earlier, by TCP."""
    max_connections: Annotated[int, Field(gt=0)] = 1000
    """Connections to one AWS service. More requests at once wait for one."""
    http_client: Literal["lean", "aiohttp"] = "lean"
    """`lean` is our own, made for this path; `aiohttp` also honours HTTPS_PROXY."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Of the lines on standard error. `info` has one line per request, without its content."""
    log_format: Literal["json", "text"] = "json"
    """`text` is for reading; `sluice dev` uses it unless told otherwise."""

    @model_validator(mode="after")
    def _admin_needs_a_key(self) -> Settings:
        if "admin" in self.surfaces and self.admin_key is None:
            raise PydanticCustomError(
                "no_admin_key",
                "The admin API needs SLUICE_ADMIN_KEY (`sluice generate admin-key` makes one); "
                "SLUICE_SURFACES=gateway serves without it",
            )
        return self

    @model_validator(mode="after")
    def _a_webhook_needs_both(self) -> Settings:
        if (self.alert_webhook_url is None) != (self.alert_webhook_secret is None):
            raise PydanticCustomError(
                "half_a_webhook",
                "SLUICE_ALERT_WEBHOOK_URL and SLUICE_ALERT_WEBHOOK_SECRET are set together or not at all",
            )
        return self

    @model_validator(mode="after")
    def _sign_in_needs_both(self) -> Settings:
        if (self.oidc_issuer is None) != (self.oidc_audience is None):
            raise PydanticCustomError(
                "half_a_sign_in", "SLUICE_OIDC_ISSUER and SLUICE_OIDC_AUDIENCE are set together or not at all"
            )
        return self

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings. Raises SettingsError for a missing, unknown or unusable variable, naming all of them."""
        fields: dict[str, Any] = {}
        unknown = []
        for variable, text in environ.items():
            if not variable.startswith(PREFIX) or variable in _NOT_SETTINGS:
                continue
            name = variable.removeprefix(PREFIX).lower()
            if variable.endswith(_FILE_SUFFIX) and name not in cls.model_fields:
                name, text = name.removesuffix(_FILE_SUFFIX.lower()), _read_file(variable, text)
            if name not in cls.model_fields:
                unknown.append(variable)
            elif name in fields:
                raise SettingsError(f"{PREFIX}{name.upper()} and {PREFIX}{name.upper()}{_FILE_SUFFIX} are both set.")
            else:
                fields[name] = tuple(part.strip() for part in text.split(",")) if name == "surfaces" else text
        if unknown:
            raise SettingsError(
                f"Unknown settings: {', '.join(sorted(unknown))}. See docs/settings.md for all of them."
            )
        try:
            settings = cls(**fields)
        except ValidationError as error:
            raise SettingsError(_explain(error)) from error
        settings.peppers()
        return settings

    def peppers(self) -> Peppers:
        """The peppers of the keys' fingerprints. Raises SettingsError for an unusable one, without showing it."""
        by_id: dict[str, bytes] = {}
        for entry in self.pepper.get_secret_value().split(","):
            pepper_id, _, text = entry.strip().partition(":")
            try:
                pepper = binascii.unhexlify(text)
            except ValueError:
                raise SettingsError(_PEPPER_FORM) from None
            if not pepper_id or len(pepper) < 16 or pepper_id in by_id:
                raise SettingsError(_PEPPER_FORM)
            by_id[pepper_id] = pepper
        return Peppers(by_id, next(iter(by_id)))


_PEPPER_FORM = (
    "SLUICE_PEPPER has to be <id>:<hex>, with at least 16 bytes of hex, each id once. "
    "`sluice generate pepper` makes a new one."
)


def _read_file(variable: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}: {path} cannot be read: {error}") from error


def _explain(error: ValidationError) -> str:
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        variables = "".join(PREFIX + str(part).upper() + ": " for part in fault["loc"][:1])
        hint = " `sluice generate pepper` makes one." if fault["type"] == "missing" else ""
        # Pydantic counts the characters of a secret as items.
        lines.append(f"{variables}{fault['msg'].replace('items after validation', 'characters')}.{hint}")
    return "\n".join(lines)
