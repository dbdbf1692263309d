from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest

from admin.control_plane import ControlPlane
from tenants.dynamo_access import DynamoAccess
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_models import bind
from tenants.tables import TableNames


@pytest.fixture
async def control(control: ControlPlane) -> AsyncIterator[ControlPlane]:
    """The control plane with a store that nobody listens for."""
    access = DynamoAccess("us-east-1", "http://127.0.0.1:1", "test", "test")
    directory = DynamoDirectory(bind(access, TableNames("unreachable")), control.clock_ms)
    yield replace(control, directory=directory)
    await directory.close()


async def test_503_for_reads_and_changes_without_a_word_of_the_store(client: httpx2.AsyncClient) -> None:
    for response in (
        await client.get("/projects"),
        await client.get("/projects/proj_1"),
        await client.post("/projects", json={"name": "team"}),
        await client.post("/projects/proj_1/api_keys", json={"name": "k"}),
    ):
        assert response.status_code == 503, response.request.url
        assert "127.0.0.1" not in response.text
