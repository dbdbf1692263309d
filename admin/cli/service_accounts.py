"""`sluice service-accounts`: owners of keys that are no person."""

from __future__ import annotations

from typing import Annotated

import typer

from admin.cli.columns import moment_cell, of_moment, of_text
from admin.cli.commands import command
from admin.cli.exact_json import Json
from admin.cli.listing import Listing, show_list, walk
from admin.cli.names import tenant_id
from admin.cli.paths import path_of
from admin.cli.secrets_shown import show_secret
from admin.cli.session import Session
from admin.cli.table import Cell
from admin.cli.times import parse_duration

service_accounts = typer.Typer(help="Owners of keys that are no person.", no_args_is_help=True)

Tenant = Annotated[str, typer.Argument(help="Its tenant's id or name.", metavar="TENANT")]
Account = Annotated[str, typer.Argument(help="Its id, svc_acct_….", metavar="ACCOUNT")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

_COLUMNS = (
    of_text("ID", "id"),
    of_text("NAME", "name", shrinks=True),
    of_moment("CREATED", "created_at", optional=True),
)


@command(service_accounts, "list", 'sluice service-accounts list "Search team"')
def list_accounts(session: Session, tenant: Tenant, listing: Listing) -> None:
    """List a tenant's service accounts."""
    found = walk(session, listing, _path(session, tenant), {})
    show_list(session, listing, found, _COLUMNS, "No service accounts yet: `sluice service-accounts create` makes one.")


@command(service_accounts, "create", 'sluice service-accounts create "Search team" indexer --quiet')
def create_account(
    session: Session,
    tenant: Tenant,
    name: Annotated[str, typer.Argument(help="Its name.", metavar="NAME")],
    no_key: Annotated[bool, typer.Option("--no-key", help="Issue no key with it.")] = False,
    expires: Annotated[str | None, typer.Option(help="The key ends after so long: 90d.", metavar="DURATION")] = None,
) -> None:
    """Make a service account, and its first key: the secret is printed once."""
    body: Json = {"name": name, **({"create_service_account_only": True} if no_key else {})}
    if expires is not None:
        body["expires_in_seconds"] = parse_duration(expires, "--expires")
    posted = session.client.post(_path(session, tenant), body)
    account, key = posted.body, posted.body.get("api_key")
    if no_key or key is None:
        session.screen.one(account, _fields(session, account))
        return
    fields = [*_fields(session, account), ("Key", Cell(key["id"])), ("Secret", Cell(str(key.get("value"))))]
    show_secret(session, posted, fields, key.get("value"))


@command(service_accounts, "show", 'sluice service-accounts show "Search team" svc_acct_AbC123')
def show_account(session: Session, tenant: Tenant, account: Account) -> None:
    """Show a service account."""
    shown = session.client.get(_path(session, tenant, account))
    session.screen.one(shown, _fields(session, shown))


@command(service_accounts, "delete", 'sluice service-accounts delete "Search team" svc_acct_AbC123 --yes')
def delete_account(session: Session, tenant: Tenant, account: Account, yes: Yes = False) -> None:
    """Delete a service account, and all its keys."""
    path = _path(session, tenant, account)
    session.screen.confirm(f"Delete {account}, and end all its keys for good?", said_yes=yes)
    session.screen.done(session.client.delete(path), f"{account} is deleted, with its keys.")


def _path(session: Session, tenant: str, *more: str) -> str:
    return path_of("projects", tenant_id(session, tenant), "service_accounts", *more)


def _fields(session: Session, account: Json) -> list[tuple[str, Cell]]:
    return [
        ("Account", Cell(account["id"])),
        ("Name", Cell(account["name"])),
        ("Created", moment_cell(account["created_at"], session.screen.zone)),
    ]
