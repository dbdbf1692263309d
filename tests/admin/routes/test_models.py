from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from admin.control_plane import ControlPlane
from admin.operations.models import CatalogModel, ModelCapabilities, ModelPrice, ModelPriceTier, ModelTokenPrices
from admin.routes.router import Neighbours, create_router
from gateway.request_ids import RequestIds
from gateway.routes.application import Application, assemble
from gateway.routes.middleware import RequestEnvelope
from tests.admin.conftest import MAX_BODY_BYTES, NOW_MS
from tests.admin.routes.usage_service import opened

CHEAP, DEAR = ModelTokenPrices(60_000, 240_000, 15_000, None, None), ModelTokenPrices(120_000, 480_000, None, 1, 2)
CHAT = CatalogModel(
    "fast",
    "amazon.nova-lite-v1:0",
    "Amazon",
    ModelCapabilities(5120, True, True, None, False, None, ("none", "low"), False, True),
    ModelPrice(CHEAP, (ModelPriceTier(128_000, DEAR),), 3, "a list"),
)
EMBEDDING = CatalogModel("titan", "titan", "Amazon", None, None)


class TwoModels:
    async def list_models(self) -> Sequence[CatalogModel]:
        return [CHAT, EMBEDDING]


def application(control: ControlPlane, catalog: TwoModels | None) -> Application:
    async def ready() -> None:
        return None

    ids = RequestIds(lambda: NOW_MS, lambda size: b"\x01" * size)
    envelope = partial(RequestEnvelope, request_ids=ids, max_body_bytes=MAX_BODY_BYTES, monotonic=lambda: 0.0)
    return assemble(None, create_router(control, Neighbours(models=catalog)), ready, envelope, None)


async def test_models_are_listed_with_prices_and_capabilities(control: ControlPlane) -> None:
    async with opened(application(control, TwoModels())) as client:
        answer = await client.get("/models")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    chat, embedding = answer.json()["data"]
    prices = {"input": 60_000, "output": 240_000, "cache_read": 15_000, "cache_write_5m": None, "cache_write_1h": None}
    dear = {"input": 120_000, "output": 480_000, "cache_read": None, "cache_write_5m": 1, "cache_write_1h": 2}
    assert chat == {
        "id": "fast",
        "object": "organization.model",
        "bedrock_id": "amazon.nova-lite-v1:0",
        "owned_by": "Amazon",
        "capabilities": {
            "max_output_tokens": 5120,
            "tools": True,
            "images": True,
            "documents": None,
            "video": False,
            "audio": None,
            "reasoning_efforts": ["none", "low"],
            "json_schema": False,
            "prompt_caching": True,
        },
        "price": {
            **prices,
            "unit": "pico_usd_per_token",
            "tiers": [{**dear, "above_prompt_tokens": 128_000}],
            "image": 3,
            "source": "a list",
        },
    }
    assert (embedding["capabilities"], embedding["price"]) == (None, None)


async def test_without_a_catalog_there_is_no_such_route(control: ControlPlane) -> None:
    async with opened(application(control, None)) as client:
        assert (await client.get("/models")).status_code == 404


async def test_models_are_for_holders_of_an_admin_key(control: ControlPlane) -> None:
    async with opened(application(control, TwoModels())) as client:
        assert (await client.get("/models", headers={"authorization": "Bearer sk-sluice_x"})).status_code == 401
