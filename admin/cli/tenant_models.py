"""`sluice tenants models`: which models a tenant's keys may call."""

from __future__ import annotations

from typing import Annotated

import typer

from admin.cli.commands import command
from admin.cli.exact_json import Json
from admin.cli.names import tenant_id
from admin.cli.paths import path_of
from admin.cli.session import Session
from admin.cli.table import Cell

models = typer.Typer(help="Which models a tenant's keys may call.", no_args_is_help=True)

Tenant = Annotated[str, typer.Argument(help="Its id, or its name.", metavar="TENANT")]
ModelIds = Annotated[list[str], typer.Argument(help="Ids of models, or globs of them.", metavar="MODEL...")]


def permissions_cell(permissions: Json | None) -> Cell:
    """A list of models in words."""
    if permissions is None or (permissions["mode"] == "deny_list" and not permissions["model_ids"]):
        return Cell("all")
    ids = ", ".join(permissions["model_ids"])
    if permissions["mode"] == "allow_list":
        return Cell(f"only {ids}" if ids else "none")
    return Cell(f"all but {ids}")


def permissions_body(allow: list[str] | None, deny: list[str] | None) -> Json | None:
    """What a key's options say of its models; None where they say nothing."""
    if allow:
        return {"mode": "allow_list", "model_ids": allow}
    return {"mode": "deny_list", "model_ids": deny} if deny else None


@command(models, "show", 'sluice tenants models show "Search team"')
def show_models(session: Session, tenant: Tenant) -> None:
    """Show which models a tenant's keys may call."""
    shown = session.client.get(_path(session, tenant))
    session.screen.one(shown, [("Models", permissions_cell(shown))], name=tenant)


@command(models, "allow", "sluice tenants models allow \"Search team\" 'amazon.nova-*' 'us.amazon.nova-*'")
def allow_models(session: Session, tenant: Tenant, models: ModelIds) -> None:
    """Allow these models and no others. It replaces the former list, and acts on the next request."""
    _set(session, tenant, "allow_list", models)


@command(models, "deny", "sluice tenants models deny \"Search team\" 'anthropic.claude-opus-*'")
def deny_models(session: Session, tenant: Tenant, models: ModelIds) -> None:
    """Allow all models but these. It replaces the former list, and acts on the next request."""
    _set(session, tenant, "deny_list", models)


@command(models, "clear", 'sluice tenants models clear "Search team"')
def clear_models(session: Session, tenant: Tenant) -> None:
    """Allow all models again."""
    deleted = session.client.delete(_path(session, tenant))
    session.screen.done(deleted, f"The keys of {tenant} may call every model.")


def _set(session: Session, tenant: str, mode: str, model_ids: list[str]) -> None:
    shown = session.client.post(_path(session, tenant), {"mode": mode, "model_ids": model_ids}).body
    session.screen.one(shown, [("Models", permissions_cell(shown))], name=tenant)


def _path(session: Session, tenant: str) -> str:
    return path_of("projects", tenant_id(session, tenant), "model_permissions")
