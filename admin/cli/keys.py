"""`sluice keys`: issue, look at, change, rotate and end API keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from admin.cli.budgets import show_budget
from admin.cli.columns import of_moment, of_text, status_cell, text_cell
from admin.cli.commands import command
from admin.cli.exact_json import Json
from admin.cli.failures import BadUsage
from admin.cli.key_fields import key_fields, owner_cell, status_of
from admin.cli.listing import Listing, show_list, walk
from admin.cli.names import tenant_id, tenant_of_key
from admin.cli.paths import path_of
from admin.cli.screen import ShownColumn
from admin.cli.session import Session
from admin.cli.table import Column

keys = typer.Typer(help="API keys: issue, look at, change, rotate, end.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="Its id, key_…; never the secret.", metavar="KEY")]
TenantOption = Annotated[
    str | None,
    typer.Option("--tenant", "-t", help="Its tenant; without it, every tenant is asked.", metavar="TENANT"),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def _columns(session: Session, *, with_tenant: bool) -> list[ShownColumn]:
    now = session.now_seconds()
    return [
        of_text("ID", "id"),
        of_text("NAME", "name", shrinks=True),
        *([of_text("TENANT", "project_name", shrinks=True)] if with_tenant else []),
        ShownColumn(Column("OWNER", shrinks=True), lambda key, zone: owner_cell(key)),
        ShownColumn(Column("STATUS"), lambda key, zone: status_cell(status_of(key, now))),
        ShownColumn(Column("ENDS IN", optional=True), lambda key, zone: text_cell(str(key["redacted_value"])[-4:])),
        of_moment("LAST USED", "last_used_at", optional=True),
        of_moment("EXPIRES", "expires_at", optional=True),
        of_moment("CREATED", "created_at", optional=True),
    ]


@command(keys, "list", 'sluice keys list "Search team" --all')
def list_keys(
    session: Session,
    listing: Listing,
    tenant: Annotated[str | None, typer.Argument(help="Of this tenant; of all without it.", metavar="[TENANT]")] = None,
) -> None:
    """List keys. Their secrets are never shown."""
    if tenant is None and listing.after is not None:
        raise BadUsage("--after needs a tenant: the order is that of one tenant's keys.")
    found = _of_all(session, listing) if tenant is None else _of_one(session, listing, tenant_id(session, tenant))
    nothing = "No keys yet: `sluice keys issue TENANT NAME` issues one."
    show_list(session, listing, found, _columns(session, with_tenant=tenant is None), nothing)


@command(keys, "show", "sluice keys show key_AbC123dEf456")
def show_key(session: Session, key: Key, tenant: TenantOption = None) -> None:
    """Show a key, with its models and limits."""
    _show(session, session.client.get(_path(session, key, tenant)))


@command(keys, "budget", "sluice keys budget key_AbC123dEf456")
def show_key_budget(session: Session, key: Key, tenant: TenantOption = None) -> None:
    """Show what a key has used and holds, and what is left. It is exact, right after a request too."""
    show_budget(session.screen, session.client.get(_path(session, key, tenant, "budget")))


@command(keys, "disable", "sluice keys disable key_AbC123dEf456")
def disable_key(session: Session, key: Key, tenant: TenantOption = None) -> None:
    """Suspend a key. Its next request is refused, everywhere."""
    _show(session, session.client.post(_path(session, key, tenant, "disable")).body)


@command(keys, "enable", "sluice keys enable key_AbC123dEf456")
def enable_key(session: Session, key: Key, tenant: TenantOption = None) -> None:
    """End a key's suspension."""
    _show(session, session.client.post(_path(session, key, tenant, "enable")).body)


@command(keys, "delete", "sluice keys delete key_AbC123dEf456 --yes", hidden=True)
@command(keys, "revoke", "sluice keys revoke key_AbC123dEf456 --yes")
def revoke_key(session: Session, key: Key, tenant: TenantOption = None, yes: Yes = False) -> None:
    """End a key for good. Its next request is refused, everywhere; what it used stays on the ledger."""
    path = _path(session, key, tenant)
    if not yes:
        found = session.client.get(path)
        owner = owner_cell(found).text
        session.screen.confirm(f"Revoke '{found['name']}' of {owner} ({key}) for good?", said_yes=False)
    session.screen.done(session.client.delete(path), f"{key} is revoked.")


def _path(session: Session, key: str, tenant: str | None, *more: str) -> str:
    return path_of("projects", tenant_of_key(session, key, tenant), "api_keys", key, *more)


def _show(session: Session, key: Json) -> None:
    session.screen.one(key, key_fields(key, session.now_seconds(), session.screen.zone))


def _of_one(session: Session, listing: Listing, project_id: str) -> Iterator[Json]:
    return walk(session, listing, path_of("projects", project_id, "api_keys"), {})


def _of_all(session: Session, listing: Listing) -> Iterator[Json]:
    """Of every tenant that is not archived, with the tenant's id and name."""
    for project in session.client.walk(path_of("projects")):
        for key in _of_one(session, listing, project["id"]):
            yield {**key, "project_id": project["id"], "project_name": project["name"]}
