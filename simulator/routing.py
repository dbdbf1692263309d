"""From a path to an operation. Model ids come percent-encoded, with a bare `:`, or as an ARN with its `/` escaped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

_RUNTIME_OPERATIONS = {
    "converse": "Converse",
    "converse-stream": "ConverseStream",
    "invoke": "InvokeModel",
    "invoke-with-response-stream": "InvokeModelWithResponseStream",
    "count-tokens": "CountTokens",
}
_LISTS = {"foundation-models": "ListFoundationModels", "inference-profiles": "ListInferenceProfiles"}


@dataclass(frozen=True, slots=True)
class Route:
    """The operation, and the model or profile id of its path ("" where it has none)."""

    operation: str
    resource_id: str = ""


@lru_cache(maxsize=1024)
def find_route(method: str, raw_path: str) -> Route | None:
    """The route of a request, or None for what Coral calls an unknown operation (an ARN with a bare `/` for one)."""
    segments = raw_path.strip("/").split("/")
    match (method, *segments):
        case ("POST", "model", model_id, action) if action in _RUNTIME_OPERATIONS and model_id:
            return Route(_RUNTIME_OPERATIONS[action], unquote(model_id))
        case ("GET", name) if name in _LISTS:
            return Route(_LISTS[name])
        case ("GET", "inference-profiles", profile_id):
            return Route("GetInferenceProfile", unquote(profile_id))
    return None
