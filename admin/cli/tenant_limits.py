"""`sluice tenants limits`: budgets and rates of all of a tenant's keys together."""

from __future__ import annotations

from typing import Annotated

import typer

from admin.cli.commands import command
from admin.cli.failures import BadUsage
from admin.cli.limits import LimitOptions, to_fields, to_limits_body
from admin.cli.names import tenant_id
from admin.cli.paths import path_of
from admin.cli.session import Session

limits = typer.Typer(help="Budgets and rates of a tenant.", no_args_is_help=True)

Tenant = Annotated[str, typer.Argument(help="Its id, or its name.", metavar="TENANT")]


@command(limits, "show", 'sluice tenants limits show "Search team"')
def show_limits(session: Session, tenant: Tenant) -> None:
    """Show a tenant's limits."""
    shown = session.client.get(path_of("projects", tenant_id(session, tenant), "limits"))
    session.screen.one(shown, to_fields(shown), name=tenant)


@command(limits, "set", 'sluice tenants limits set "Search team" --monthly-usd 500 --rpm 600')
def set_limits(session: Session, tenant: Tenant, limits: LimitOptions) -> None:
    """Change a tenant's limits. What is not named stays; `none` lifts a limit. It acts on the next request."""
    path = path_of("projects", tenant_id(session, tenant), "limits")
    current, version = session.client.get_versioned(path)
    body = to_limits_body(limits, current)
    if not body:
        raise BadUsage("Nothing to change: name a limit, --monthly-usd 500 for one.")
    changed = session.client.post(path, body, if_match=version).body
    session.screen.one(changed, to_fields(changed), name=tenant)
