from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.admin.cli.gateways import StubGateway, serving


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubGateway]:
    for name in ("SLUICE_URL", "SLUICE_ADMIN_KEY", "SLUICE_API_KEY", "OPENAI_API_KEY", "NO_COLOR", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as stub:
        yield stub
