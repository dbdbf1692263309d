"""`sluice keys issue | import | update | rotate`: what makes or changes a key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from admin.cli.amounts import NONE
from admin.cli.commands import command
from admin.cli.exact_json import Json
from admin.cli.failures import BadUsage
from admin.cli.key_fields import key_fields
from admin.cli.keys import Key, TenantOption, keys
from admin.cli.limits import LimitOptions, to_limits_body
from admin.cli.names import tenant_id, tenant_of_key
from admin.cli.paths import path_of
from admin.cli.secrets_shown import show_secret
from admin.cli.session import Session
from admin.cli.tenant_models import permissions_body
from admin.cli.times import parse_duration

Tenant = Annotated[str, typer.Argument(help="Its tenant's id or name.", metavar="TENANT")]
Name = Annotated[str, typer.Argument(help="What it is for, or where it is kept.", metavar="NAME")]

# As long as the last four characters of what the gateway itself issues.
_HINT_CHARS = 4


class Enforcement(StrEnum):
    EXACT = "exact"
    SOFT = "soft"
    NONE = "none"


@dataclass(frozen=True)
class OwnerOptions:
    """Whose a new key is. Without any, it is a user of its own, named as the key."""

    user: Annotated[str | None, typer.Option(help="Its owner's user id.", metavar="ID")] = None
    user_name: Annotated[str | None, typer.Option(help="The user's name.", metavar="NAME")] = None
    email: Annotated[str | None, typer.Option(help="The user's e-mail address.", metavar="ADDRESS")] = None
    service_account: Annotated[str | None, typer.Option(help="Its owner is this service account.", metavar="ID")] = None


@dataclass(frozen=True)
class KeyOptions:
    """What a key has beside its name, its owner and its limits."""

    expires: Annotated[str | None, typer.Option(help="It ends after so long: 12h, 90d.", metavar="DURATION")] = None
    allow: Annotated[
        list[str] | None, typer.Option(help="It may call this model (id or glob) alone; may be repeated.")
    ] = None
    deny: Annotated[list[str] | None, typer.Option(help="It may not call this model; may be repeated.")] = None
    enforcement: Annotated[Enforcement | None, typer.Option(help="soft: nothing is reserved, and nothing limited.")] = (
        None
    )


@command(keys, "issue", 'sluice keys issue "Search team" laptop --user ada --expires 90d --monthly-usd 50')
def issue_key(
    session: Session, tenant: Tenant, name: Name, owner: OwnerOptions, given: KeyOptions, limits: LimitOptions
) -> None:
    """Issue a key. Its secret is printed once; with --quiet, it alone is on standard output."""
    body = {"name": name, **_owner_body(owner), **_key_body(given), **to_limits_body(limits, {})}
    posted = session.client.post(path_of("projects", tenant_id(session, tenant), "api_keys"), body)
    fields = key_fields(posted.body, session.now_seconds(), session.screen.zone)
    show_secret(session, posted, fields, posted.body.get("value"))


@command(keys, "import", 'sluice keys import "Search team" chat-ui --key-file former-key.txt')
def import_key(
    session: Session,
    tenant: Tenant,
    name: Name,
    owner: OwnerOptions,
    given: KeyOptions,
    limits: LimitOptions,
    key_file: Annotated[
        Path | None, typer.Option(help="File that holds the key. It is hashed here, and not sent.", metavar="FILE")
    ] = None,
    sha256: Annotated[str | None, typer.Option(help="The key's SHA-256, in hexadecimal.", metavar="HEX")] = None,
) -> None:
    """Take over a key that another gateway issued: whoever has it goes on using it."""
    body = {
        "name": name,
        **_foreign_body(key_file, sha256),
        **_owner_body(owner),
        **_key_body(given),
        **to_limits_body(limits, {}),
    }
    key = session.client.post(path_of("projects", tenant_id(session, tenant), "api_keys", "import"), body).body
    session.screen.one(key, key_fields(key, session.now_seconds(), session.screen.zone))


@command(keys, "update", "sluice keys update key_AbC123dEf456 --monthly-usd 100 --expires none")
def update_key(
    session: Session,
    key: Key,
    given: KeyOptions,
    limits: LimitOptions,
    name: Annotated[str | None, typer.Option(help="Another name.", metavar="NAME")] = None,
    any_model: Annotated[bool, typer.Option("--any-model", help="Lift the key's own list of models.")] = False,
    tenant: TenantOption = None,
) -> None:
    """Change a key. What is not named stays; `none` lifts a limit. It acts on the next request."""
    path = path_of("projects", tenant_of_key(session, key, tenant), "api_keys", key)
    current, version = session.client.get_versioned(path)
    body = {**_key_body(given), **to_limits_body(limits, current)}
    if name is not None:
        body["name"] = name
    if any_model and "models" in body:
        raise BadUsage("--any-model goes without --allow and --deny.")
    if any_model:
        body["models"] = None
    if given.expires == NONE:
        body["expires_at"] = None
    if not body:
        raise BadUsage("Nothing to change: name what is to be different, --monthly-usd 100 for one.")
    changed = session.client.post(path, body, if_match=version).body
    session.screen.one(changed, key_fields(changed, session.now_seconds(), session.screen.zone))


@command(keys, "rotate", "sluice keys rotate key_AbC123dEf456 --grace 1h")
def rotate_key(
    session: Session,
    key: Key,
    grace: Annotated[
        str | None, typer.Option(help="The former secret works for so much longer; else it ends at once.", metavar="1h")
    ] = None,
    tenant: TenantOption = None,
) -> None:
    """Give a key a new secret. Its id, its limits and what it used stay."""
    path = path_of("projects", tenant_of_key(session, key, tenant), "api_keys", key, "rotate")
    body = {"grace_period_seconds": 0 if grace is None else parse_duration(grace, "--grace")}
    posted = session.client.post(path, body)
    fields = key_fields(posted.body, session.now_seconds(), session.screen.zone)
    show_secret(session, posted, fields, posted.body.get("value"))


def _owner_body(owner: OwnerOptions) -> Json:
    """Raises BadUsage for two owners."""
    user = {"user_id": owner.user, "name": owner.user_name, "email": owner.email}
    given = {field: value for field, value in user.items() if value is not None}
    if owner.service_account is None:
        return {"owner": {"type": "user", **given}} if given else {}
    if given:
        raise BadUsage("A key is a user's or a service account's, not both.")
    return {"owner": {"type": "service_account", "service_account_id": owner.service_account}}


def _key_body(given: KeyOptions) -> Json:
    """Raises BadUsage for both lists of models."""
    if given.allow and given.deny:
        raise BadUsage("Give --allow or --deny, not both: an allow list denies what is not on it.")
    body: Json = {}
    models = permissions_body(given.allow, given.deny)
    if models is not None:
        body["models"] = models
    if given.expires not in (None, NONE):
        body["expires_in_seconds"] = parse_duration(str(given.expires), "--expires")
    if given.enforcement is not None:
        body["enforcement"] = None if given.enforcement is Enforcement.NONE else given.enforcement.value
    return body


def _foreign_body(key_file: Path | None, sha256: str | None) -> Json:
    """Raises BadUsage."""
    if (key_file is None) == (sha256 is None):
        raise BadUsage("Give either --key-file or --sha256.")
    if key_file is None:
        return {"sha256": sha256}
    try:
        key = key_file.read_text().strip()
    except (OSError, ValueError) as error:
        raise BadUsage(f"The file {key_file} cannot be read.") from error
    if not key:
        raise BadUsage(f"The file {key_file} holds no key.")
    return {"sha256": hashlib.sha256(key.encode()).hexdigest(), "hint": key[-_HINT_CHARS:]}
