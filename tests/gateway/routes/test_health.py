from __future__ import annotations

import pytest

from tenants.errors import LedgerUnavailable
from tests.gateway.routes.service import Service


@pytest.mark.parametrize(("away", "ready"), [(False, 200), (True, 503)])
async def test_a_process_without_its_store_is_alive_and_not_ready(away: bool, ready: int) -> None:
    async def probe() -> None:
        if away:
            raise LedgerUnavailable

    service = Service()
    service.app.state.readiness_probe = probe
    assert (await service.get("/healthz")).status_code == 200
    assert (await service.get("/readyz")).status_code == ready
