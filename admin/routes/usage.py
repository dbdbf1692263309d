"""Usage and costs, in OpenAI's words."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from admin.operations.usage import report_usage
from admin.operations.usage_reach import narrow_report
from admin.routes.dependencies import Control, Reach
from admin.routes.queries import describe_query, parse_query
from admin.schemas.usage import BucketPage, CompletionsResult, CostsResult, EmbeddingsResult, to_json, to_page
from admin.schemas.usage_query import CompletionsQuery, CostsQuery, EmbeddingsQuery
from tenants.usage_books import UsageBooks

_JSON = "application/json"


def create_router(route_class: type[APIRoute], books: UsageBooks) -> APIRouter:
    router = APIRouter(tags=["Usage"], route_class=route_class)
    reports = UsageRoutes(books)
    for path, summary, endpoint, query, result in (
        ("/usage/completions", "What chat requests used", reports.completions, CompletionsQuery, CompletionsResult),
        ("/usage/embeddings", "What embeddings used", reports.embeddings, EmbeddingsQuery, EmbeddingsResult),
        ("/costs", "What requests cost", reports.costs, CostsQuery, CostsResult),
    ):
        router.get(
            path,
            summary=summary,
            response_model=BucketPage[result],  # type: ignore[valid-type]  # pydantic makes the class at run time
            openapi_extra={"parameters": describe_query(query)},
        )(endpoint)
    return router


@dataclass(frozen=True, slots=True)
class UsageRoutes:
    """The endpoints, with the books that they read."""

    books: UsageBooks

    async def completions(self, control: Control, reach: Reach, request: Request) -> Response:
        query = parse_query(CompletionsQuery, request)
        page = await report_usage(control, self.books, narrow_report(query.to_question(), reach))
        return Response(to_json(to_page(CompletionsResult.from_group, page)), media_type=_JSON)

    async def embeddings(self, control: Control, reach: Reach, request: Request) -> Response:
        query = parse_query(EmbeddingsQuery, request)
        page = await report_usage(control, self.books, narrow_report(query.to_question(), reach))
        return Response(to_json(to_page(EmbeddingsResult.from_group, page)), media_type=_JSON)

    async def costs(self, control: Control, reach: Reach, request: Request) -> Response:
        query = parse_query(CostsQuery, request)
        page = await report_usage(control, self.books, narrow_report(query.to_question(), reach))
        return Response(to_json(to_page(CostsResult.from_group, page)), media_type=_JSON)
