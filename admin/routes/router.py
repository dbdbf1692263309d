"""The whole control plane as one router."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Security

from admin.control_plane import ControlPlane
from admin.operations.budgets import ProjectBudgets
from admin.operations.models import ModelCatalog
from admin.routes import (
    actor,
    admin_keys,
    api_key_changes,
    api_keys,
    audit_logs,
    limits,
    model_permissions,
    models,
    policies,
    project_budgets,
    projects,
    rate_limits,
    service_accounts,
    spend_alerts,
    spend_limits,
    usage,
    usage_export,
)
from admin.routes.admitted import BEARER, PREFIX, X_API_KEY, route_class_of
from admin.schemas.wire import ErrorBody
from tenants.audit_books import AuditBooks
from tenants.usage_books import UsageBooks

_REFUSALS = {
    400: "The request cannot be honoured; `param` says which part of it.",
    401: "No admin key, or not a valid one.",
    403: "The role of the caller does not permit it.",
    404: "No such resource, or it is another project's.",
    409: "Changed by somebody else meanwhile, taken, or the project is archived.",
    412: "`If-Match` names another version than the one there is.",
    414: "The URL is over the limit.",
    503: "The store is unavailable or contended: nothing was answered for.",
}
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": description} for status, description in _REFUSALS.items()
}

_MODULES = (
    actor,
    admin_keys,
    projects,
    model_permissions,
    policies,
    limits,
    rate_limits,
    spend_limits,
    spend_alerts,
    service_accounts,
    api_keys,
    api_key_changes,
)


def create_router(
    control: ControlPlane,
    budgets: ProjectBudgets | None = None,
    books: UsageBooks | None = None,
    audit_books: AuditBooks | None = None,
    catalog: ModelCatalog | None = None,
) -> APIRouter:
    """Every route below `/v1/organization`, each of them for the holder of an admin key only.

    Without `budgets`, no route shows a project's budget; without `books`, none what was used; without
    `audit_books`, none the audit trail; without `catalog`, none the models. Routes raise `tenants.errors` and
    RequestValidationError; the app that mounts the router renders them.
    """
    router = APIRouter(prefix=PREFIX, dependencies=[Security(BEARER), Security(X_API_KEY)], responses=_ERRORS)
    route_class = route_class_of(control)
    for module in _MODULES:
        router.include_router(module.create_router(route_class))
    if budgets is not None:
        router.include_router(project_budgets.create_router(route_class, budgets))
    if books is not None:
        router.include_router(usage.create_router(route_class, books))
        router.include_router(usage_export.create_router(route_class, books))
    if audit_books is not None:
        router.include_router(audit_logs.create_router(route_class, audit_books))
    if catalog is not None:
        router.include_router(models.create_router(route_class, catalog))
    return router
