"""bedrock-access-gateway's environment variables: what Sluice has in just the same way is taken over, and of the rest
is said what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.settings import PREFIX, check_origins

_ALIASES = "clients' model names lead nowhere else here: name each as an alias, of a project or in SLUICE_MODELS_FILE"
_IMPORT = (
    "it opens nothing here until it is imported: `sluice keys import` with --key-file, or --sha256 and its SHA-256, "
    "and SLUICE_IMPORTED_KEYS=true"
)
_CACHING = "set `prompt_caching` in the policy of a project or key"
# What to do, by the names of its settings (src/api/setting.py and auth.py of its repository).
_SAYINGS: Mapping[str, str] = {
    "API_KEY": _IMPORT,
    "API_KEY_SECRET_ARN": _IMPORT,
    "API_KEY_PARAM_NAME": _IMPORT,
    "API_ROUTE_PREFIX": "routes are below /v1 and /api/v1, and no other: point clients there",
    "DEFAULT_MODEL": _ALIASES,
    "DEFAULT_EMBEDDING_MODEL": _ALIASES,
    "ENABLE_CROSS_REGION_INFERENCE": "always on: remove it",
    "ENABLE_APPLICATION_INFERENCE_PROFILES": "always on: name the profile's ARN, or an alias of it",
    "ENABLE_PROMPT_CACHING": _CACHING,
    "PROMPT_CACHE_TTL": _CACHING,
}
_LOG_LEVEL, _CORS_ORIGINS = f"{PREFIX}LOG_LEVEL", f"{PREFIX}CORS_ORIGINS"


@dataclass(frozen=True, slots=True)
class Understood:
    """`environ` with the settings that were taken over; and what is to be said at the start, without any value."""

    environ: Mapping[str, str]
    sayings: tuple[str, ...]


def understand(environ: Mapping[str, str]) -> Understood:
    """A setting of Sluice's own that is given, also by a file, stands."""
    taken: dict[str, str] = {}
    sayings: dict[str, str] = {name: saying for name, saying in _SAYINGS.items() if environ.get(name)}
    if environ.get("DEBUG", "").lower() in ("true", "1") and not _is_given(_LOG_LEVEL, environ):
        taken[_LOG_LEVEL] = "debug"
        sayings["DEBUG"] = f"taken as {_LOG_LEVEL}=debug, which logs no prompts and no answers"
    origins = environ.get("ALLOWED_ORIGINS")
    if origins and not _is_given(_CORS_ORIGINS, environ):
        try:
            taken[_CORS_ORIGINS] = check_origins(origins)
            sayings["ALLOWED_ORIGINS"] = f"taken as {_CORS_ORIGINS}"
        except ValueError as error:
            sayings["ALLOWED_ORIGINS"] = f"not used, since {error}; set {_CORS_ORIGINS}"
    lines = [f"{name}, of bedrock-access-gateway: {saying}." for name, saying in sayings.items()]
    return Understood({**environ, **taken}, tuple(lines))


def _is_given(setting: str, environ: Mapping[str, str]) -> bool:
    return setting in environ or f"{setting}_FILE" in environ
