from __future__ import annotations

import logging
import sys
from typing import NoReturn

import httpx2
import pytest
from fastapi import APIRouter

from gateway.bedrock.client import InvokeAnswer
from gateway.routes.application import Application, assemble
from gateway.routes.request_log import FIELDS
from tests.gateway.fakes import KEY, TENANT, WHOLE, FakeStream
from tests.gateway.routes.service import CHAT, ORIGIN, Service

PREFIXES = ("/v1", "/api/v1")
STREAM = {**CHAT, "stream": True}
EMBEDDINGS = {"model": "amazon.titan-embed-text-v2:0", "input": "text"}
VECTOR = InvokeAnswer({"embedding": [1.0]}, 3)


@pytest.fixture
def frameworkless(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(app: Application) -> NoReturn:
        raise AssertionError("the framework was asked for")

    monkeypatch.setattr(Application, "load_framework", refuse)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [("/chat/completions", STREAM, FakeStream(*WHOLE)), ("/embeddings", EMBEDDINGS, VECTOR)],
    ids=["chat", "embeddings"],
)
async def test_the_hot_routes_are_reached_without_the_framework(
    prefix: str, path: str, body: dict[str, object], answer: object, frameworkless: None
) -> None:
    response = await Service(answer).post(f"{ORIGIN}{prefix}{path}", body)
    assert response.status_code == 200
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/v1/models", "/api/v1/models", "/v1/me", "/healthz", "/readyz"])
async def test_exact_paths_are_reached_without_the_framework(path: str, frameworkless: None) -> None:
    response = await Service().get(ORIGIN + path)
    assert response.status_code == 200
    assert response.headers["x-request-id"]


async def test_what_failed_to_load_late_is_loaded_by_the_next_request(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(VECTOR)
    monkeypatch.delattr("gateway.routes.embeddings")
    monkeypatch.setitem(sys.modules, "gateway.routes.embeddings", None)
    with pytest.raises(ImportError):
        await service.post(f"{ORIGIN}/v1/embeddings", EMBEDDINGS)
    monkeypatch.undo()
    assert (await service.post(f"{ORIGIN}/v1/embeddings", EMBEDDINGS)).status_code == 200


async def test_a_refusal_of_a_short_way_is_rendered_as_openai_does(frameworkless: None) -> None:
    async with Service().client() as client:
        response = await client.get("/models", headers={"authorization": "Bearer sk-sluice_no"})
    assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        (f"{ORIGIN}/v1/no-such", 404, "unknown_url"),
        (f"{ORIGIN}/healthz/", 404, "unknown_url"),
        (f"{ORIGIN}/v1/chat/completions", 405, "method_not_allowed"),
        (f"{ORIGIN}/docs", 404, "unknown_url"),
    ],
)
async def test_what_the_framework_refuses_is_rendered_as_openai_does(url: str, status: int, code: str) -> None:
    response = await Service().get(url)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    assert response.headers["x-request-id"]


async def test_a_plane_that_is_not_given_is_not_served() -> None:
    async def ready() -> None:
        return None

    app = assemble(None, None, ready, lambda inner: inner, None)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/v1/models")).status_code == 404
        assert (await client.post("/v1/chat/completions", json=CHAT)).status_code == 404


async def test_the_control_planes_router_is_mounted_where_it_says() -> None:
    router = APIRouter(prefix="/v1/organization")

    @router.get("/projects/{number}")
    async def get_project(number: int) -> dict[str, int]:
        return {"number": number}

    async def ready() -> None:
        return None

    app = assemble(None, router, ready, lambda inner: inner, None)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=f"{ORIGIN}/v1/organization") as client:
        assert (await client.get("/projects/7")).json() == {"number": 7}
        invalid = await client.get("/projects/seven")
        assert (invalid.status_code, invalid.json()["error"]["param"]) == (400, "number")


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_chat_leaves_one_line_that_says_whose_it_was(prefix: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sluice.request")
    service = Service(FakeStream(*WHOLE))
    await service.post(f"{ORIGIN}{prefix}/chat/completions", STREAM)
    (fields,) = [record.__dict__[FIELDS] for record in caplog.records if hasattr(record, FIELDS)]
    assert (fields["key_id"], fields["tenant_id"]) == (KEY.id, TENANT.id)
    assert (fields["model"], fields["stream"], fields["status"]) == (CHAT["model"], True, 200)
