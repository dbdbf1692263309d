"""The audit trail, in OpenAI's words."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute

from admin.operations.audit_logs import list_audit_logs
from admin.routes.admitted import admitted_of
from admin.routes.dependencies import Control
from admin.routes.queries import describe_query, parse_query
from admin.schemas.audit_logs import AuditLogObject, AuditLogQuery, to_page
from admin.schemas.wire import ListPage
from tenants.audit_books import AuditBooks


def create_router(route_class: type[APIRoute], books: AuditBooks) -> APIRouter:
    router = APIRouter(prefix="/audit_logs", tags=["Audit logs"], route_class=route_class)
    router.get(
        "",
        summary="List audit logs, newest first",
        openapi_extra={"parameters": describe_query(AuditLogQuery)},
    )(AuditRoutes(books).list_logs)
    return router


@dataclass(frozen=True, slots=True)
class AuditRoutes:
    """The endpoint, with the books that it reads."""

    books: AuditBooks

    async def list_logs(self, control: Control, request: Request) -> ListPage[AuditLogObject]:
        question = parse_query(AuditLogQuery, request).to_question()
        seen = admitted_of(request).projects()
        return to_page(await list_audit_logs(self.books, question, control.clock_ms(), seen))
