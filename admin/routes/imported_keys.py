"""Extension: import a key that another gateway made."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.routing import APIRoute

from admin.operations import imported_keys
from admin.routes.api_keys import render_changed
from admin.routes.dependencies import Control, CurrentRequester, ProjectId
from admin.schemas.api_keys import ApiKeyObject
from admin.schemas.imported_keys import ApiKeyImport


def create_router(route_class: type[APIRoute]) -> APIRouter:
    """To be mounted before the routes of single keys, one of whose ids `import` would be taken for."""
    router = APIRouter(
        prefix="/projects/{project_id}/api_keys", tags=["API keys (Sluice extensions)"], route_class=route_class
    )
    router.post("/import", summary="Extension: take over a key of another gateway, by its SHA-256")(import_key)
    return router


async def import_key(
    control: Control, requester: CurrentRequester, project_id: ProjectId, body: ApiKeyImport, response: Response
) -> ApiKeyObject:
    record = await imported_keys.import_key(control, requester, project_id, body.to_foreign(), body.to_draft())
    return await render_changed(control, record, response)
