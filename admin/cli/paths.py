"""Paths of the admin API. Pure."""

from __future__ import annotations

from urllib.parse import quote


def path_of(*parts: str) -> str:
    """`/organization/…`, each part encoded: an id that holds a slash stays one part."""
    return "/organization/" + "/".join(quote(part, safe="") for part in parts)
