"""`sluice tenants`: the teams that own keys. On the wire, OpenAI's projects."""

from __future__ import annotations

from typing import Annotated

import typer

from admin.cli.budgets import show_budget
from admin.cli.columns import moment_cell, of_moment, of_status, of_text, status_cell
from admin.cli.commands import command
from admin.cli.exact_json import Json
from admin.cli.limits import to_fields
from admin.cli.listing import Listing, show_list, walk
from admin.cli.names import get_tenant, tenant_id
from admin.cli.paths import path_of
from admin.cli.session import Session
from admin.cli.table import Cell
from admin.cli.tenant_alerts import alerts
from admin.cli.tenant_limits import limits
from admin.cli.tenant_models import models, permissions_cell

tenants = typer.Typer(help="Teams: what their keys may call and spend.", no_args_is_help=True)
tenants.add_typer(limits, name="limits")
tenants.add_typer(models, name="models")
tenants.add_typer(alerts, name="alerts")

Tenant = Annotated[str, typer.Argument(help="Its id, or its name.", metavar="TENANT")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

_COLUMNS = (
    of_text("ID", "id"),
    of_text("NAME", "name", shrinks=True),
    of_status("STATUS", "status"),
    of_moment("CREATED", "created_at", optional=True),
)


@command(tenants, "list", "sluice tenants list --all")
def list_tenants(
    session: Session,
    listing: Listing,
    archived: Annotated[bool, typer.Option("--archived", help="Archived ones, too.")] = False,
) -> None:
    """List the tenants."""
    projects = walk(session, listing, path_of("projects"), {"include_archived": archived})
    show_list(session, listing, projects, _COLUMNS, "No tenants yet: `sluice tenants create NAME` makes one.")


@command(tenants, "create", 'sluice tenants create "Search team"')
def create_tenant(session: Session, name: Annotated[str, typer.Argument(help="Its name.", metavar="NAME")]) -> None:
    """Make a tenant."""
    _show(session, session.client.post(path_of("projects"), {"name": name}).body)


@command(tenants, "show", 'sluice tenants show "Search team"')
def show_tenant(session: Session, tenant: Tenant) -> None:
    """Show a tenant, with its models and limits."""
    project = get_tenant(session, tenant)
    models = session.client.get(path_of("projects", project["id"], "model_permissions"))
    limits = session.client.get(path_of("projects", project["id"], "limits"))
    shown = {**project, "model_permissions": models, "limits": limits}
    fields = [*_fields(session, project), ("Models", permissions_cell(models)), *to_fields(limits)]
    session.screen.one(shown, fields)


@command(tenants, "rename", 'sluice tenants rename "Search team" Search')
def rename_tenant(
    session: Session, tenant: Tenant, name: Annotated[str, typer.Argument(help="Its new name.", metavar="NAME")]
) -> None:
    """Give a tenant another name. Its id stays."""
    _show(session, session.client.post(path_of("projects", tenant_id(session, tenant)), {"name": name}).body)


@command(tenants, "archive", 'sluice tenants archive "Search team" --yes')
def archive_tenant(session: Session, tenant: Tenant, yes: Yes = False) -> None:
    """End a tenant: all its keys stop at once. There is no way back."""
    project = get_tenant(session, tenant)
    question = f"Archive '{project['name']}' ({project['id']}), and end all its keys for good?"
    session.screen.confirm(question, said_yes=yes)
    _show(session, session.client.post(path_of("projects", project["id"], "archive")).body)


@command(tenants, "budget", 'sluice tenants budget "Search team"')
def show_tenant_budget(session: Session, tenant: Tenant) -> None:
    """Show what all the tenant's keys have used and hold, and what is left."""
    show_budget(session.screen, session.client.get(path_of("projects", tenant_id(session, tenant), "budget")))


def _show(session: Session, project: Json) -> None:
    session.screen.one(project, _fields(session, project))


def _fields(session: Session, project: Json) -> list[tuple[str, Cell]]:
    fields = [
        ("Tenant", Cell(project["id"])),
        ("Name", Cell(project["name"])),
        ("Status", status_cell(project["status"])),
        ("Created", moment_cell(project["created_at"], session.screen.zone)),
    ]
    if project.get("archived_at") is not None:
        fields.append(("Archived", moment_cell(project["archived_at"], session.screen.zone)))
    return fields
