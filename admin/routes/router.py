"""The whole control plane as one router."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Security

from admin.control_plane import ControlPlane
from admin.operations.budgets import ProjectBudgets
from admin.routes import (
    api_key_changes,
    api_keys,
    audit_logs,
    limits,
    model_permissions,
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
from admin.routes.admitted import BEARER, X_API_KEY, route_class_of
from admin.schemas.wire import ErrorBody
from tenants.audit_books import AuditBooks
from tenants.usage_books import UsageBooks

PREFIX = "/v1/organization"

_ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "model": ErrorBody,
        "description": (
            "400 invalid, with `param`; 401 no admin key; 404 not found, or another project's; "
            "409 changed by somebody else, or archived; 412 stale `If-Match`"
        ),
    },
    "5XX": {"model": ErrorBody, "description": "503 the store is unavailable or contended: nothing was answered for"},
}

_MODULES = (
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
) -> APIRouter:
    """Every route below `/v1/organization`, each of them for the holder of an admin key only.

    Without `budgets`, no route shows a project's budget; without `books`, none what was used; without
    `audit_books`, none the audit trail. Routes raise `tenants.errors` and RequestValidationError; the app that mounts
    the router renders them.
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
    return router
