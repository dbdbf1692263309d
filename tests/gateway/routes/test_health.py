from __future__ import annotations

import pytest

from tenants.errors import LedgerUnavailable
from tests.gateway.routes.service import ORIGIN, Service


@pytest.mark.parametrize(("away", "ready"), [(False, 200), (True, 503)])
async def test_a_process_without_its_store_is_alive_and_not_ready(away: bool, ready: int) -> None:
    service = Service()
    service.store_failure = LedgerUnavailable() if away else None
    assert (await service.get(f"{ORIGIN}/healthz")).status_code == 200
    assert (await service.get(f"{ORIGIN}/readyz")).status_code == ready
