"""Requests with an `Idempotency-Key` are made once; those that repeat them get the first one's answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError

from admin.idempotency import (
    HEADER,
    REPLAYED_HEADER,
    ClaimedIds,
    Claims,
    digest_of,
    require_key,
    without_secrets,
)
from tenants.errors import (
    AnswerLost,
    FenceStale,
    IdempotencyInProgress,
    LedgerUnavailable,
    TenantsError,
    TooContended,
)
from tenants.idempotency import LARGEST_ANSWER_BYTES, HeldClaim, KeptAnswer

_OPEN_ENDED = (LedgerUnavailable, TooContended, FenceStale, IdempotencyInProgress)

Handle = Callable[[Request], Coroutine[Any, Any, Response]]


async def answer_once(request: Request, handle: Handle) -> Response:
    """`handle`'s answer, or the one that the same request got before. To be called for an admitted request.

    Refusals (4xx) are not kept. Raises InvalidArgument for a key that is none, IdempotencyKeyReused for another body
    under the same key, IdempotencyInProgress while the first attempt runs, AnswerLost where its answer is nowhere.
    """
    admitted = request.state.admitted
    claims: Claims | None = admitted.control.claims
    key = request.headers.get(HEADER)
    if claims is None or key is None or request.method != "POST":
        return await handle(request)
    actor = admitted.requester.actor
    digest = digest_of(actor.id, request.method, request.scope["path"], require_key(key))
    body_hash = digest_of(request.url.query, await request.body())
    held = await claims.claim(digest, body_hash, admitted.control.clock_ms())
    if isinstance(held, KeptAnswer):
        return _replay(held)
    request.state.admitted = replace(
        admitted,
        control=replace(admitted.control, claimed_ids=ClaimedIds(held)),
        requester=replace(admitted.requester, claim=held),
    )
    return await _answer_under(claims, held, request, handle)


async def _answer_under(claims: Claims, held: HeldClaim, request: Request, handle: Handle) -> Response:
    try:
        response = await handle(request)
    except _OPEN_ENDED:
        await _let_go(claims.give_up, held)
        raise
    except (TenantsError, RequestValidationError, HTTPException):
        await _let_go(claims.forget, held)
        raise
    # Anything else is a bug, or the end of the process: the lease runs out, and the next attempt takes over.
    kept = _to_kept(response)
    try:
        await claims.keep(held, kept)
    except LedgerUnavailable:
        # The change is made, and its answer is at hand: a repetition finds it made when the lease has run out.
        pass
    return _replay(kept) if held.found_made else response


async def _let_go(release: Callable[[HeldClaim], Coroutine[Any, Any, None]], held: HeldClaim) -> None:
    try:
        await release(held)
    except LedgerUnavailable:
        return  # the lease runs out


def _to_kept(response: Response) -> KeptAnswer:
    if not hasattr(response, "body"):  # streamed: it is not there to be kept
        return KeptAnswer(response.status_code, None)
    fields, dropped = without_secrets(json.loads(bytes(response.body) or b"null"))
    body = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    fits = len(body.encode()) <= LARGEST_ANSWER_BYTES
    return KeptAnswer(response.status_code, body if fits else None, response.headers.get("etag"), dropped)


def _replay(kept: KeptAnswer) -> Response:
    if kept.body is None:
        raise AnswerLost
    body = kept.body
    fields = json.loads(body) if kept.secrets_dropped else None
    if isinstance(fields, dict):  # a list has no secret but what its sender wrote
        body = json.dumps({**fields, "replayed": True}, separators=(",", ":"), ensure_ascii=False)
    headers = {REPLAYED_HEADER: "true"} | ({} if kept.etag is None else {"etag": kept.etag})
    return Response(body, kept.status, headers, media_type="application/json")
