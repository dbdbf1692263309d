"""The web console: static files below `/console`, and nothing else. What it shows it asks the admin API for, with the
key that its user pastes; so these files are public, as the sign-in page of any other product is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

PATH = "/console"
FOLDER = Path(__file__).parent.parent / "console"
INDEX = "index.html"

MEDIA_TYPES = MappingProxyType(
    {
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".svg": "image/svg+xml",
        ".txt": "text/plain; charset=utf-8",
    }
)
"""What is served, by suffix. A file of another kind, such as package.json, is for tools alone."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
HEADERS = MappingProxyType(
    {
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        # Asked for anew each time, and answered with 304: after an upgrade no page mixes files of two versions.
        "cache-control": "no-cache",
    }
)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """`etag` is a strong entity tag of the content."""

    content: bytes
    media_type: str
    etag: str


def read_files(folder: Path) -> Mapping[str, StaticFile]:
    """What is served, by its path below the folder. A path that a client makes up is looked up here, never opened."""
    files = {}
    for path in sorted(folder.rglob("*")):
        media_type = MEDIA_TYPES.get(path.suffix)
        if media_type is not None and path.is_file():
            content = path.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            files[path.relative_to(folder).as_posix()] = StaticFile(content, media_type, etag)
    return MappingProxyType(files)


def create_router(folder: Path = FOLDER) -> APIRouter:
    """`/console/` and the files below it. They are read here, once."""
    files = read_files(folder)

    async def redirect(request: Request) -> Response:
        # The page names its files relative to itself. So does this answer: a proxy may serve all of it below a prefix.
        return RedirectResponse(f"{PATH.rsplit('/', 1)[-1]}/", status_code=307, headers=HEADERS)

    async def serve(request: Request, name: str) -> Response:
        file = files.get(name or INDEX)
        if file is None:
            raise HTTPException(404, headers=dict(HEADERS))
        headers = {**HEADERS, "etag": file.etag}
        if is_known(request.headers.get("if-none-match"), file.etag):
            return Response(status_code=304, headers=headers)
        return Response(file.content, media_type=file.media_type, headers=headers)

    router = APIRouter(include_in_schema=False)
    router.add_api_route(PATH, redirect, methods=["GET", "HEAD"])
    router.add_api_route(f"{PATH}/{{name:path}}", serve, methods=["GET", "HEAD"])
    return router


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether an `If-None-Match` header names the tag (RFC 9110, 13.1.2: weak comparison)."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or tags == ["*"]
