"""The whole control plane as one router."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Security

from admin.control_plane import ControlPlane
from admin.operations.budgets import ProjectBudgets
from admin.operations.leaked_keys import TOLD_TO_NOBODY, LeakReporting
from admin.operations.models import ModelCatalog
from admin.routes import (
    actor,
    admin_keys,
    api_key_changes,
    api_keys,
    audit_logs,
    bulk_keys,
    imported_keys,
    leaked_keys,
    limits,
    members,
    model_permissions,
    models,
    policies,
    project_budgets,
    projects,
    rate_limits,
    service_accounts,
    spend_alerts,
    spend_limits,
    unsupported,
    usage,
    usage_export,
    users,
)
from admin.routes.admitted import BEARER, PREFIX, X_API_KEY, route_class_of
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
    422: "The `Idempotency-Key` was used with another body.",
    503: "The store is unavailable or contended: nothing was answered for.",
}
# By name, as it is in the document of the application that mounts the router: a model would be worked out by pydantic
# for each of these, of each route.
_ERROR = {"$ref": "#/components/schemas/Error"}
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": {"application/json": {"schema": _ERROR}}}
    for status, description in _REFUSALS.items()
}

_MODULES = (
    actor,
    admin_keys,
    users,
    projects,
    members,
    model_permissions,
    policies,
    limits,
    rate_limits,
    spend_limits,
    spend_alerts,
    service_accounts,
    bulk_keys,
    imported_keys,
    api_keys,
    api_key_changes,
)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What routes reach beside the control plane's own records. What is None has no routes."""

    budgets: ProjectBudgets | None = None
    usage: UsageBooks | None = None
    audit: AuditBooks | None = None
    models: ModelCatalog | None = None
    leaks: LeakReporting = TOLD_TO_NOBODY


ALONE = Neighbours()


def create_router(control: ControlPlane, neighbours: Neighbours = ALONE) -> APIRouter:
    """Every route below `/v1/organization`, each for those only who have its permission (`routes/permissions.py`).

    Routes raise `tenants.errors` and RequestValidationError; the app that mounts the router renders them.
    """
    router = APIRouter(
        prefix=PREFIX,
        dependencies=[Security(BEARER), Security(X_API_KEY)],
        responses=_ERRORS,
        strict_content_type=False,  # `curl -d` calls JSON a form
    )
    route_class = route_class_of(control)
    for module in _MODULES:
        router.include_router(module.create_router(route_class))
    router.include_router(leaked_keys.create_router(route_class, control, neighbours.leaks))
    if neighbours.budgets is not None:
        router.include_router(project_budgets.create_router(route_class, neighbours.budgets))
    if neighbours.usage is not None:
        router.include_router(usage.create_router(route_class, neighbours.usage))
        router.include_router(usage_export.create_router(route_class, neighbours.usage))
    if neighbours.audit is not None:
        router.include_router(audit_logs.create_router(route_class, neighbours.audit))
    if neighbours.models is not None:
        router.include_router(models.create_router(route_class, neighbours.models))
    router.include_router(unsupported.create_router(route_class))  # last: what is served wins
    return router
