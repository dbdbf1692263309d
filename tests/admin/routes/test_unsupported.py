from __future__ import annotations

import re
from pathlib import Path

import httpx2
import openai
import pytest
from openai.resources.admin import organization

from admin.control_plane import ControlPlane
from admin.routes.admitted import PREFIX
from admin.routes.router import Neighbours, create_router
from admin.routes.unsupported import METHODS, UNSUPPORTED
from gateway.routes.application import Application
from tenants.dynamo_audit_books import DynamoAuditBooks
from tenants.dynamo_escrow import TenantBudgets
from tests.admin.conftest import BOOTSTRAP
from tests.admin.routes.test_router import PLACES
from tests.admin.routes.usage_service import assembled
from tests.admin.usage_books import ListedBooks


@pytest.fixture
def whole_app(control: ControlPlane, budgets: TenantBudgets, audit_books: DynamoAuditBooks) -> Application:
    return assembled(create_router(control, Neighbours(budgets, ListedBooks(), audit_books)))


def paths_of_the_sdk() -> set[str]:
    """All paths below `/organization` that the installed openai package asks for."""
    assert organization.__file__ is not None
    texts = [path.read_text() for path in Path(organization.__file__).parent.rglob("*.py")]
    return {path for text in texts for path in re.findall(r'"/organization(/[^"]*)"', text)}


def is_served(path: str, served: set[str]) -> bool:
    def shape(each: str) -> str:
        return re.sub(r"\{[^}]*\}", "{}", each)

    return shape(path) in {shape(each) for each in served}


def test_what_the_sdk_has_is_either_served_or_refused_by_name(whole_app: Application) -> None:
    served = {path.removeprefix(PREFIX) for path in whole_app.openapi()["paths"]}
    neither = [
        path
        for path in sorted(paths_of_the_sdk())
        if not is_served(path, served) and not any(path == each or path.startswith(f"{each}/") for each in UNSUPPORTED)
    ]
    assert len(paths_of_the_sdk()) > 60
    assert neither == []
    assert [path for path in UNSUPPORTED if is_served(path, served)] == []


@pytest.mark.parametrize("path", UNSUPPORTED)
async def test_404_not_supported_says_what_to_do_instead(client: httpx2.AsyncClient, path: str) -> None:
    for below in ("", "/some_id", "/some_id/activate"):
        for method in METHODS:
            content = b"{}" if method == "POST" else None
            answer = await client.request(method, path.format(**PLACES) + below, content=content)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"], error["type"]) == (404, "not_supported", "invalid_request_error")
            assert UNSUPPORTED[path] in error["message"]


async def test_401_there_too_without_a_credential(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/groups", headers={"authorization": ""})).status_code == 401


async def test_the_sdk_raises_it_as_not_found(base_url: str) -> None:
    async with openai.AsyncOpenAI(admin_api_key=BOOTSTRAP, base_url=base_url, max_retries=0) as sdk:
        with pytest.raises(openai.NotFoundError) as refused:
            await sdk.admin.organization.groups.list()
    assert refused.value.code == "not_supported"
