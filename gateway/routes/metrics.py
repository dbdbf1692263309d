"""`GET /metrics`, in Prometheus's text format, without a key: mounted only where the settings say so."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.exposition import CONTENT_TYPE
from gateway.metrics import Metrics
from gateway.routes.route_table import RouteTable

routes = RouteTable()


@routes.get("/metrics", response_model=None, include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.to_text(), headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})
