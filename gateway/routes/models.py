"""GET /v1/models and /v1/models/{id}: only what the key may call, so that a client's model picker shows no more."""

from __future__ import annotations

from typing import TypedDict

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.admission import Caller
from gateway.catalog.snapshot import ListedModel
from gateway.errors import ModelNotFound
from gateway.routes.edge import authenticate_now, plane_of
from gateway.routes.openapi import SECURED, error_responses

router = APIRouter(responses=error_responses(401, 404, 500, 502, 503))


class WireModel(TypedDict):
    """OpenAI's model object. `created` is 0: Bedrock does not say when a model was made."""

    id: str
    object: str
    created: int
    owned_by: str


@router.get("/models", response_model=None, openapi_extra=SECURED, summary="List the models that the key may call")
async def list_models(request: Request) -> Response:
    caller = await authenticate_now(request)
    snapshot = await plane_of(request).catalog.load()
    data = [_to_wire(listed) for listed in snapshot.listed.values() if _may_see(caller, listed)]
    return Response(orjson.dumps({"object": "list", "data": data}), media_type="application/json")


@router.get("/models/{model_id:path}", response_model=None, openapi_extra=SECURED, summary="Look up one model")
async def get_model(request: Request, model_id: str) -> Response:
    caller = await authenticate_now(request)
    snapshot = await plane_of(request).catalog.load()
    listed = snapshot.listed.get(model_id)
    if listed is None or not _may_see(caller, listed):
        raise ModelNotFound(model_id)
    return Response(orjson.dumps(_to_wire(listed)), media_type="application/json")


def _may_see(caller: Caller, listed: ListedModel) -> bool:
    return caller.principal.may_call(listed.model.name, listed.model.other_ids)


def _to_wire(listed: ListedModel) -> WireModel:
    return {"id": listed.model.name, "object": "model", "created": 0, "owned_by": listed.owned_by}
