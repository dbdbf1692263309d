"""Projects, which the domain calls tenants: create, rename, archive, and which models they may call.

A change of a project raises the fence of all its keys' accounts, after the record is written. Where a request broke
off in between, its repetition finds the record as wanted already: then the fences alone are raised again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from admin.control_plane import Change, ControlPlane, Requester, to_audit_event
from admin.identifiers import PROJECT
from admin.operations.audit_fields import differing, tenant_fields
from tenants.audit import AuditAction
from tenants.errors import AnswerLost, Conflict, NotFound
from tenants.permissions import ModelPermissions
from tenants.store import Page
from tenants.tenant import Tenant, TenantStatus

_READ_AT_ONCE = 100


async def create_project(control: ControlPlane, requester: Requester, name: str) -> Tenant:
    """A new project that may call every model. Raises LedgerUnavailable and TooContended, as every change may."""
    tenant = Tenant(control.new_id(PROJECT), name, created_at=control.now_seconds())
    change = Change(AuditAction.PROJECT_CREATED, tenant.id, tenant.id, after=tenant_fields(tenant))
    try:
        await control.directory.create_tenant(tenant, to_audit_event(control, requester, change))
    except AnswerLost:
        return await control.directory.get_tenant(tenant.id)
    return tenant


async def get_project(control: ControlPlane, project_id: str) -> Tenant:
    """The project, archived or not. Raises NotFound."""
    return await control.directory.get_tenant(project_id)


def require_active(tenant: Tenant) -> None:
    """Raises Conflict where the project is archived."""
    if tenant.status is not TenantStatus.ACTIVE:
        raise Conflict(f"The project '{tenant.id}' is archived: it cannot be used or changed.")


async def list_projects(
    control: ControlPlane,
    after: str | None,
    limit: int,
    *,
    include_archived: bool,
    only: frozenset[str] | None = None,
) -> Page[Tenant]:
    """Projects in order of creation, at most `limit`; of those in `only`, or of all where it is None. Archived ones
    are read over, not counted, unless asked for."""
    if only is not None:
        ids = sorted(each for each in only if after is None or each > after)
        return await _list_named(control, ids, limit, include_archived=include_archived)
    if include_archived:
        return await control.directory.list_tenants(after, limit)
    active: list[Tenant] = []
    while len(active) <= limit:
        page = await control.directory.list_tenants(after, _READ_AT_ONCE)
        active.extend(tenant for tenant in page.items if tenant.status is TenantStatus.ACTIVE)
        if not page.has_more or not page.items:
            break
        after = page.items[-1].id
    return Page(tuple(active[:limit]), has_more=len(active) > limit)


async def _list_named(
    control: ControlPlane, project_ids: Sequence[str], limit: int, *, include_archived: bool
) -> Page[Tenant]:
    """Of some projects, which are few: those that somebody has a role in."""
    found: list[Tenant] = []
    for project_id in project_ids:
        with suppress(NotFound):
            found.append(await control.directory.get_tenant(project_id))
    listed = [each for each in found if include_archived or each.status is TenantStatus.ACTIVE]
    return Page(tuple(listed[:limit]), has_more=len(listed) > limit)


async def rename_project(control: ControlPlane, requester: Requester, project_id: str, name: str | None) -> Tenant:
    """The project under its new name; None keeps the old one. Raises NotFound, Conflict."""
    tenant = await control.directory.get_tenant(project_id)
    require_active(tenant)
    renamed = tenant if name is None else replace(tenant, name=name)
    return await save(control, requester, AuditAction.PROJECT_UPDATED, tenant, renamed)


async def set_model_permissions(
    control: ControlPlane, requester: Requester, project_id: str, models: ModelPermissions | None
) -> Tenant:
    """Replace which models the project's keys may call; None lifts every restriction. Raises NotFound, Conflict.

    When this returns, no process admits a request on the former permissions any more.
    """
    tenant = await control.directory.get_tenant(project_id)
    require_active(tenant)
    return await save(control, requester, AuditAction.PROJECT_UPDATED, tenant, replace(tenant, models=models))


async def archive_project(control: ControlPlane, requester: Requester, project_id: str) -> Tenant:
    """End the project: when this returns, all its keys are refused everywhere. Safe to repeat.

    Raises NotFound, Conflict.
    """
    tenant = await control.directory.get_tenant(project_id)
    if tenant.status is TenantStatus.ARCHIVED:
        await control.directory.fence_tenant(tenant)
        return tenant
    archived = replace(tenant, status=TenantStatus.ARCHIVED, archived_at=control.now_seconds())
    return await save(control, requester, AuditAction.PROJECT_ARCHIVED, tenant, archived)


async def save(
    control: ControlPlane, requester: Requester, action: AuditAction, current: Tenant, wanted: Tenant
) -> Tenant:
    """Write the project as wanted, at its next version, and fence its keys' accounts; the fences alone where it is so
    already. Raises NotFound, Conflict."""
    if wanted == current:
        await control.directory.fence_tenant(current)
        return current
    updated = replace(wanted, version=current.version + 1)
    before, after = differing(tenant_fields(current), tenant_fields(updated))
    change = Change(action, current.id, current.id, before, after)
    try:
        await control.directory.update_tenant(updated, to_audit_event(control, requester, change))
    except AnswerLost:
        # Made by an attempt that may have broken off before the fences; others may have changed the project since.
        current = await control.directory.get_tenant(current.id)
        await control.directory.fence_tenant(current)
        return current
    return updated
