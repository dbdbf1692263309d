"""`sluice admin-keys`, `sluice users`, `sluice me`: who may administer what."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from admin.cli.columns import moment_cell, of_moment, of_text, text_cell
from admin.cli.commands import command
from admin.cli.exact_json import Json
from admin.cli.failures import BadUsage
from admin.cli.listing import Listing, show_list, walk
from admin.cli.names import tenant_id
from admin.cli.paths import path_of
from admin.cli.secrets_shown import show_secret
from admin.cli.session import Session
from admin.cli.table import Cell
from admin.cli.times import parse_duration

admin_keys = typer.Typer(help="Keys of those who administer.", no_args_is_help=True)
users = typer.Typer(help="People: of the organization, and of a tenant.", no_args_is_help=True)
me = typer.Typer()

TenantOption = Annotated[str | None, typer.Option("--tenant", "-t", help="Of this tenant.", metavar="TENANT")]
User = Annotated[str, typer.Argument(help="Their user id.", metavar="USER")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


class AdminRole(StrEnum):
    OWNER = "owner"
    VIEWER = "viewer"
    PROJECT_OWNER = "project_owner"
    PROJECT_MEMBER = "project_member"


class MemberRole(StrEnum):
    OWNER = "owner"
    MEMBER = "member"


_ADMIN_KEY_COLUMNS = (
    of_text("ID", "id"),
    of_text("NAME", "name", shrinks=True),
    of_text("ROLE", "role"),
    of_text("TENANT", "project_id", optional=True),
    of_text("USER", "user_id", optional=True),
    of_moment("EXPIRES", "expires_at", optional=True),
    of_moment("LAST USED", "last_used_at", optional=True),
)
_USER_COLUMNS = (
    of_text("ID", "id"),
    of_text("NAME", "name", shrinks=True),
    of_text("E-MAIL", "email", shrinks=True),
    of_text("ROLE", "role"),
    of_moment("ADDED", "added_at", optional=True),
)


@command(admin_keys, "list", "sluice admin-keys list")
def list_admin_keys(session: Session, listing: Listing) -> None:
    """List the admin keys. Their secrets are never shown."""
    show_list(session, listing, walk(session, listing, path_of("admin_api_keys"), {}), _ADMIN_KEY_COLUMNS, "None yet.")


@command(admin_keys, "create", "sluice admin-keys create finance --role viewer --expires 90d")
def create_admin_key(
    session: Session,
    name: Annotated[str, typer.Argument(help="Who or what uses it.", metavar="NAME")],
    role: Annotated[AdminRole, typer.Option(help="What it may do.")] = AdminRole.OWNER,
    tenant: TenantOption = None,
    user: Annotated[str | None, typer.Option(help="Of a project_member: whose keys they are.", metavar="ID")] = None,
    expires: Annotated[str | None, typer.Option(help="It ends after so long: 90d.", metavar="DURATION")] = None,
) -> None:
    """Make an admin key. Its secret is printed once; with --quiet, it alone is on standard output."""
    body: Json = {"name": name, "role": role.value}
    if tenant is not None:
        body["project_id"] = tenant_id(session, tenant)
    if user is not None:
        body["user_id"] = user
    if expires is not None:
        body["expires_in_seconds"] = parse_duration(expires, "--expires")
    posted = session.client.post(path_of("admin_api_keys"), body)
    made = posted.body
    fields = [
        ("Admin key", Cell(made["id"])),
        ("Name", text_cell(made.get("name"))),
        ("Role", text_cell(made.get("role"))),
        ("Expires", moment_cell(made.get("expires_at"), session.screen.zone, none="never")),
        ("Secret", text_cell(made.get("value"))),
    ]
    show_secret(session, posted, fields, made.get("value"))


@command(admin_keys, "delete", "sluice admin-keys delete admin_AbC123 --yes")
def delete_admin_key(
    session: Session,
    admin_key: Annotated[str, typer.Argument(help="Its id.", metavar="ADMIN_KEY")],
    yes: Yes = False,
) -> None:
    """End an admin key at once."""
    session.screen.confirm(f"Delete the admin key {admin_key}?", said_yes=yes)
    deleted = session.client.delete(path_of("admin_api_keys", admin_key))
    session.screen.done(deleted, f"{admin_key} is deleted.")


@command(users, "list", 'sluice users list --tenant "Search team"')
def list_users(session: Session, listing: Listing, tenant: TenantOption = None) -> None:
    """List the people of the organization, or of a tenant."""
    path = path_of("users") if tenant is None else path_of("projects", tenant_id(session, tenant), "users")
    show_list(session, listing, walk(session, listing, path, {}), _USER_COLUMNS, "Nobody yet.")


@command(users, "add", 'sluice users add ada --tenant "Search team" --role owner --email ada@example.com')
def add_user(
    session: Session,
    user: User,
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="To this tenant.", metavar="TENANT")],
    role: Annotated[MemberRole, typer.Option(help="owner: issues the tenant's keys.")] = MemberRole.MEMBER,
    email: Annotated[str | None, typer.Option(help="Their e-mail address.", metavar="ADDRESS")] = None,
    name: Annotated[str | None, typer.Option(help="Their name.", metavar="NAME")] = None,
) -> None:
    """Make somebody a member or an owner of a tenant."""
    given = {"user_id": user, "role": role.value, "email": email, "name": name}
    body = {field: value for field, value in given.items() if value is not None}
    path = path_of("projects", tenant_id(session, tenant), "users")
    _show_user(session, session.client.post(path, body).body)


@command(users, "set-role", 'sluice users set-role ada member --tenant "Search team"')
def set_user_role(
    session: Session,
    user: User,
    role: Annotated[MemberRole, typer.Argument(help="Their new role.", metavar="ROLE")],
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="In this tenant.", metavar="TENANT")],
) -> None:
    """Change what somebody may do in a tenant."""
    path = path_of("projects", tenant_id(session, tenant), "users", user)
    _show_user(session, session.client.post(path, {"role": role.value}).body)


@command(users, "remove", 'sluice users remove ada --tenant "Search team" --yes')
def remove_user(
    session: Session,
    user: User,
    tenant: Annotated[str | None, typer.Option("--tenant", "-t", help="From this tenant.", metavar="TENANT")] = None,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="From the organization, and every tenant.")] = False,
    yes: Yes = False,
) -> None:
    """Take somebody out of a tenant, or of the organization. The keys they own there end."""
    if (tenant is None) == (not everywhere):
        raise BadUsage("Give either --tenant or --everywhere.")
    path = path_of("users", user) if tenant is None else path_of("projects", tenant_id(session, tenant), "users", user)
    place = "the organization and every tenant" if tenant is None else tenant
    session.screen.confirm(f"Take {user} out of {place}, and end the keys they own there for good?", said_yes=yes)
    session.screen.done(session.client.delete(path), f"{user} is out of {place}.")


def _show_user(session: Session, user: Json) -> None:
    zone = session.screen.zone
    session.screen.one(user, [(each.column.title.capitalize(), each.cell(user, zone)) for each in _USER_COLUMNS])


@command(me, "me", "sluice me")
def show_me(session: Session) -> None:
    """Show whom the gateway takes you for, and your role."""
    actor = session.client.get(path_of("me"))
    fields = [
        ("Id", text_cell(actor.get("id"))),
        ("Name", text_cell(actor.get("name"))),
        ("Role", text_cell(actor.get("role"))),
        ("Tenant", text_cell(actor.get("project_id"))),
        ("User", text_cell(actor.get("user_id"))),
    ]
    session.screen.one(actor, [(title, cell) for title, cell in fields if cell.text != "-"])
