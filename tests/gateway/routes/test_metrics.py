"""The metrics are read as Prometheus reads them."""

from __future__ import annotations

import httpx2

from gateway.metrics import Metrics
from gateway.routes import metrics as metrics_route
from gateway.routes.application import Application


async def test_metrics_are_served_as_the_text_format_and_kept_by_no_cache() -> None:
    app = Application(lambda inner: inner, None)
    app.mount(metrics_route.routes)
    app.state.metrics = Metrics("7", lambda: 0)
    app.state.metrics.count_request("/v1/embeddings", 200)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert 'sluice_requests_total{worker="7",operation="embeddings",status="2xx"} 1' in answer.text.splitlines()
