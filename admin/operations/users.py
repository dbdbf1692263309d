"""The users of the organization: list, read, change, delete. They are made by being put into a project."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

from admin.control_plane import Change, ControlPlane, Requester, to_audit_event
from admin.identifiers import unknown
from admin.operations.api_keys import KeyListing, KeyTarget, delete_key, list_keys
from admin.operations.audit_fields import admin_key_fields, differing, member_fields, user_fields
from tenants.admin_key import AdminKey
from tenants.audit import ORGANIZATION, AuditAction
from tenants.errors import NotFound
from tenants.store import Page
from tenants.user import User, UserRole

_READ_AT_ONCE = 100


async def get_user(control: ControlPlane, user_id: str) -> User:
    """Raises NotFound."""
    user = await control.users.find_user(user_id)
    if user is None:
        raise unknown("user", user_id)
    return user


async def list_users(
    control: ControlPlane, after: str | None, limit: int, emails: frozenset[str] = frozenset()
) -> Page[User]:
    """In order of their ids, at most `limit`; those with one of `emails`, or all where it is empty."""
    if not emails:
        return await control.users.list_users(after, limit)
    found: list[User] = []
    while len(found) <= limit:
        page = await control.users.list_users(after, _READ_AT_ONCE)
        found.extend(user for user in page.items if (user.email or "").lower() in emails)
        if not page.has_more or not page.items:
            break
        after = page.items[-1].id
    return Page(tuple(found[:limit]), has_more=len(found) > limit)


async def change_user(control: ControlPlane, requester: Requester, user_id: str, role: UserRole | None) -> User:
    """The user with another role in the organization; None keeps it. Raises NotFound."""
    user = await get_user(control, user_id)
    wanted = user if role is None else replace(user, role=role)
    if wanted != user:
        before, after = differing(user_fields(user), user_fields(wanted))
        change = Change(AuditAction.USER_UPDATED, ORGANIZATION, user_id, before, after)
        await control.users.update_user(wanted, to_audit_event(control, requester, change))
    return wanted


async def delete_user(control: ControlPlane, requester: Requester, user_id: str) -> None:
    """Delete the user, and end every API key and admin key of it, in all projects, those too that it was not put into:
    when this returns, they are refused everywhere. Raises NotFound, Conflict.

    The user itself goes last, so that a call that broke off can be repeated. It reads the keys of all projects.
    """
    user = await get_user(control, user_id)
    for project_id in await control.users.list_projects_of(user_id):
        member = await control.users.find_member(project_id, user_id)
        if member is not None:
            change = Change(AuditAction.USER_DELETED, project_id, user_id, before=member_fields(member))
            with suppress(NotFound):  # somebody else took it out meanwhile
                await control.users.delete_member(member, to_audit_event(control, requester, change))
    async for project_id in _all_projects(control):
        await _delete_api_keys(control, requester, project_id, user_id)
    await _delete_admin_keys(control, requester, None, user_id)
    change = Change(AuditAction.USER_DELETED, ORGANIZATION, user_id, before=user_fields(user))
    await control.users.delete_user(user, to_audit_event(control, requester, change))


async def end_credentials(control: ControlPlane, requester: Requester, project_id: str, user_id: str) -> None:
    """Delete the user's API keys and admin keys of one project. Safe to repeat. Raises Conflict."""
    await _delete_api_keys(control, requester, project_id, user_id)
    await _delete_admin_keys(control, requester, project_id, user_id)


async def _delete_api_keys(control: ControlPlane, requester: Requester, project_id: str, user_id: str) -> None:
    after: str | None = None
    while True:
        _, page = await list_keys(control, KeyListing(project_id, after, user_id), _READ_AT_ONCE)
        for key in page.items:
            with suppress(NotFound):  # somebody else deleted it meanwhile
                await delete_key(control, requester, KeyTarget(project_id, key.id))
        if not page.has_more or not page.items:
            return
        after = page.items[-1].id


async def _delete_admin_keys(control: ControlPlane, requester: Requester, project_id: str | None, user_id: str) -> None:
    """Of one project; of the organization and all projects where none is named."""
    async for key in _all_admin_keys(control):
        of_place = project_id is None or key.binding.project_id == project_id
        if key.owner_id == user_id and of_place:
            tenant_id = key.binding.project_id or ORGANIZATION
            change = Change(AuditAction.ADMIN_API_KEY_DELETED, tenant_id, key.id, before=admin_key_fields(key))
            with suppress(NotFound):
                await control.administrators.delete_admin_key(key, to_audit_event(control, requester, change))


async def _all_admin_keys(control: ControlPlane) -> AsyncIterator[AdminKey]:
    after: str | None = None
    while True:
        page = await control.administrators.list_admin_keys(after, _READ_AT_ONCE)
        for key in page.items:
            yield key
        if not page.has_more or not page.items:
            return
        after = page.items[-1].id


async def _all_projects(control: ControlPlane) -> AsyncIterator[str]:
    after: str | None = None
    while True:
        page = await control.directory.list_tenants(after, _READ_AT_ONCE)
        for tenant in page.items:
            yield tenant.id
        if not page.has_more or not page.items:
            return
        after = page.items[-1].id
