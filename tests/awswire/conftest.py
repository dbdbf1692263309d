from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import botocore.session
import pytest

from awswire.http import HttpTransport
from tests.awswire.loopback_tls import make_contexts
from tests.awswire.transports import TRANSPORTS


@pytest.fixture(params=TRANSPORTS)
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[HttpTransport]:
    """Each of the transports in turn."""
    opened: HttpTransport = request.param()
    yield opened
    await opened.aclose()


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's and the client's context."""
    return make_contexts(tmp_path)


@pytest.fixture
def isolated_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> botocore.session.Session:
    """A botocore session that sees nothing of the machine it runs on. Its config file may still be written."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return botocore.session.Session()
