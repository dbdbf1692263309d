"""The users of a project: add, list, read, change, remove."""

from __future__ import annotations

from dataclasses import dataclass, replace

from admin.control_plane import Change, ControlPlane, Requester, to_audit_event
from admin.operations.audit_fields import differing, member_fields
from admin.operations.projects import require_active
from admin.operations.users import end_credentials
from tenants.audit import AuditAction
from tenants.errors import Conflict, NotFound
from tenants.store import Page
from tenants.user import Member, MemberRole, User


@dataclass(frozen=True, slots=True)
class MemberDraft:
    """A user to be put into a project. Where the organization has the user, its own e-mail address and name stand."""

    user_id: str
    role: MemberRole
    email: str | None = None
    name: str | None = None


async def add_member(control: ControlPlane, requester: Requester, project_id: str, draft: MemberDraft) -> Member:
    """The user in the project; made a reader of the organization where it has no such user.

    Raises NotFound, Conflict for an archived project and for a user that is in it.
    """
    require_active(await control.directory.get_tenant(project_id))
    if await control.users.find_member(project_id, draft.user_id) is not None:
        raise Conflict(f"The user '{draft.user_id}' is in the project '{project_id}' already.")
    now = control.now_seconds()
    known = await control.users.find_user(draft.user_id)
    new_user = None if known else User(draft.user_id, now, email=draft.email, name=draft.name)
    email, name = (known.email or draft.email, known.name or draft.name) if known else (draft.email, draft.name)
    member = Member(project_id, draft.user_id, draft.role, now, email, name)
    change = Change(AuditAction.USER_ADDED, project_id, member.user_id, after=member_fields(member))
    await control.users.add_member(member, new_user, to_audit_event(control, requester, change))
    return member


async def get_member(control: ControlPlane, project_id: str, user_id: str) -> Member:
    """Raises NotFound."""
    member = await control.users.find_member(project_id, user_id)
    if member is None:
        raise NotFound(f"No such user '{user_id}' in project '{project_id}'.")
    return member


async def list_members(control: ControlPlane, project_id: str, after: str | None, limit: int) -> Page[Member]:
    """In order of their ids. Raises NotFound where there is no such project."""
    await control.directory.get_tenant(project_id)
    return await control.users.list_members(project_id, after, limit)


async def change_member(
    control: ControlPlane, requester: Requester, project_id: str, user_id: str, role: MemberRole | None
) -> Member:
    """The user with another role; None keeps it. Raises NotFound, Conflict for an archived project."""
    require_active(await control.directory.get_tenant(project_id))
    member = await get_member(control, project_id, user_id)
    wanted = member if role is None else replace(member, role=role)
    if wanted != member:
        before, after = differing(member_fields(member), member_fields(wanted))
        change = Change(AuditAction.USER_UPDATED, project_id, user_id, before, after)
        await control.users.update_member(wanted, to_audit_event(control, requester, change))
    return wanted


async def remove_member(control: ControlPlane, requester: Requester, project_id: str, user_id: str) -> None:
    """Take the user out of the project, and end its API keys and admin keys there: when this returns, they are refused
    everywhere. Raises NotFound, Conflict.

    The keys go first, so that a call that broke off can be repeated; and once more at the end, for one that was issued
    meanwhile.
    """
    member = await get_member(control, project_id, user_id)
    await end_credentials(control, requester, project_id, user_id)
    change = Change(AuditAction.USER_DELETED, project_id, user_id, before=member_fields(member))
    await control.users.delete_member(member, to_audit_event(control, requester, change))
    await end_credentials(control, requester, project_id, user_id)
