"""GET /v1/models and /v1/models/{id}: only what the key may call, so that a client's model picker shows no more."""

from __future__ import annotations

from typing import TypedDict

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.caller import Caller
from gateway.catalog.model import Model
from gateway.catalog.snapshot import ListedModel
from gateway.errors import ModelNotFound
from gateway.routes.edge import authenticate_now, plane_of, policy_of
from gateway.routes.openapi import SECURED, error_responses
from gateway.routes.route_table import RouteTable

routes = RouteTable(error_responses(401, 404, 500, 502, 503))


class WireCapabilities(TypedDict):
    """What a client's model picker wants to know; OpenAI has nothing of the kind, and its SDKs pass over it."""

    max_output_tokens: int
    tools: bool
    images: bool | None
    documents: bool | None
    video: bool | None
    audio: bool | None
    reasoning_efforts: list[str]
    json_schema: bool
    prompt_caching: bool


class WireModel(TypedDict):
    """OpenAI's model object. `created` is 0: Bedrock does not say when a model was made. `capabilities` is ours, and
    null for a model that does not chat."""

    id: str
    object: str
    created: int
    owned_by: str
    capabilities: WireCapabilities | None


@routes.get("/models", response_model=None, openapi_extra=SECURED, summary="List the models that the key may call")
async def list_models(request: Request) -> Response:
    caller = await authenticate_now(request)
    data = [_to_wire(name, listed) for name, listed in (await _list_for(request, caller)).items()]
    return Response(orjson.dumps({"object": "list", "data": data}), media_type="application/json")


@routes.get("/models/{model_id:path}", response_model=None, openapi_extra=SECURED, summary="Look up one model")
async def get_model(request: Request, model_id: str) -> Response:
    caller = await authenticate_now(request)
    listed = (await _list_for(request, caller)).get(model_id)
    if listed is None:
        raise ModelNotFound(model_id)
    return Response(orjson.dumps(_to_wire(model_id, listed)), media_type="application/json")


async def _list_for(request: Request, caller: Caller) -> dict[str, ListedModel]:
    """The models that the caller may call, its aliases among them, by name."""
    snapshot = await plane_of(request).catalog.load()
    entries = snapshot.list_for(policy_of(request, caller))
    return {name: listed for name, listed in entries.items() if _may_see(caller, listed)}


def _may_see(caller: Caller, listed: ListedModel) -> bool:
    return caller.principal.may_call(listed.model.id, listed.model.other_ids)


def _to_wire(name: str, listed: ListedModel) -> WireModel:
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": listed.owned_by,
        "capabilities": _to_wire_capabilities(listed.model) if listed.chats else None,
    }


def _to_wire_capabilities(model: Model) -> WireCapabilities:
    """Of a model that nobody here knows, what it reads is null: all of it is let through, and Bedrock decides."""
    capabilities, known = model.capabilities, not model.opaque
    return {
        "max_output_tokens": capabilities.max_output_tokens,
        "tools": capabilities.tools,
        "images": capabilities.images if known else None,
        "documents": capabilities.documents if known else None,
        "video": capabilities.video if known else None,
        "audio": capabilities.audio if known else None,
        "reasoning_efforts": list(capabilities.reasoning.accepted_efforts),
        "json_schema": capabilities.json_schema,
        "prompt_caching": bool(capabilities.cache_places),
    }
