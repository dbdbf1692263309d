"""Extension: the deployment's models. What one key may call is the data plane's `GET /v1/models`."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute

from admin.operations.models import ModelCatalog
from admin.schemas.models import ModelList


def create_router(route_class: type[APIRoute], catalog: ModelCatalog) -> APIRouter:
    async def list_models() -> ModelList:
        return ModelList.of(await catalog.list_models())

    router = APIRouter(prefix="/models", tags=["Models (Sluice extension)"], route_class=route_class)
    router.get("", summary="Extension: list the models that there are, with their prices and capabilities")(list_models)
    return router
