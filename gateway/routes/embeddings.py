"""POST /v1/embeddings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.admission import Order
from gateway.bedrock.client import Bedrock, InvokeAnswer
from gateway.bounds import bound_of_texts, estimate_of
from gateway.catalog.model import Model
from gateway.openai.chat import ignored_params
from gateway.openai.embeddings import parse_embeddings_request
from gateway.routes.edge import asking_bedrock, authenticate, due_of, ignored_header, log_of, plane_of, resolve
from gateway.routes.openapi import SECURED, answers
from gateway.settling import OpenHold
from gateway.translate.embeddings import Answering, from_invoke, from_invoke_usage, to_invoke
from tenants.event import Operation, UsageStatus
from tenants.usage import NO_TOKENS

router = APIRouter()
PATH = "/embeddings"

# Titan and Nova take one text a call: enough at once to be quick, few enough not to be throttled for it.
CALLS_AT_ONCE = 8


@router.post(
    PATH,
    response_model=None,
    responses=answers("application/json"),
    openapi_extra=SECURED,
    summary="Create embeddings",
)
async def create_embeddings(request: Request) -> Response:
    """Answers with one vector for each text, in order."""
    due = due_of(request)
    caller = await authenticate(request)
    wanted = parse_embeddings_request(await request.body())
    caller, model = await resolve(request, caller, wanted.model)
    calls = to_invoke(wanted, model)
    bodies = [orjson.dumps(body) for body in calls.bodies]
    plane, log = plane_of(request), log_of(request)
    order = Order(log.request_id, Operation.EMBEDDINGS, model, bound_of_texts(bodies))
    async with await plane.admission.reserve(caller, order) as hold:
        log.hold = hold
        async with asking_bedrock(hold, due, lost=hold.estimate()):
            invoked = await _invoke_all(plane.bedrock, model, bodies, hold)
        tokens, status = from_invoke_usage(invoked), UsageStatus.OK
        if tokens is None:
            tokens, status = hold.estimate(), UsageStatus.ESTIMATED
        await hold.settle(status, tokens)
        vectors = from_invoke(calls, invoked, Answering(wanted.model, wanted.encoding_format, tokens))
    return Response(
        orjson.dumps(vectors), media_type="application/json", headers=ignored_header(ignored_params(wanted))
    )


async def _invoke_all(bedrock: Bedrock, model: Model, bodies: Sequence[bytes], hold: OpenHold) -> list[InvokeAnswer]:
    """The answers in order. When one call fails, the others are seen to their end: what they used is charged."""
    slots = asyncio.Semaphore(CALLS_AT_ONCE)
    failed = asyncio.Event()

    async def invoke(body: bytes) -> InvokeAnswer | None:
        async with slots:
            if failed.is_set():
                return None
            try:
                return await bedrock.invoke(model.bedrock_id, body)
            except Exception:
                failed.set()
                raise

    outcomes = await asyncio.gather(*(invoke(body) for body in bodies), return_exceptions=True)
    failures = [each for each in outcomes if isinstance(each, BaseException)]
    if failures:
        await _charge_partly(bodies, outcomes, hold)
        raise failures[0]
    return [each for each in outcomes if isinstance(each, InvokeAnswer)]


async def _charge_partly(
    bodies: Sequence[bytes], outcomes: Sequence[InvokeAnswer | BaseException | None], hold: OpenHold
) -> None:
    """Charge what was counted, and an estimate of the calls that may have run without their count coming."""
    tokens, status = NO_TOKENS, UsageStatus.ERROR
    for body, outcome in zip(bodies, outcomes, strict=True):
        counted = from_invoke_usage([outcome]) if isinstance(outcome, InvokeAnswer) else None
        unknown = isinstance(outcome, InvokeAnswer) or getattr(outcome, "may_have_run", False)
        if counted is not None:
            tokens += counted
        elif unknown:
            tokens += estimate_of(bound_of_texts([body]), 0)
            status = UsageStatus.ESTIMATED
    await hold.settle(status, tokens)
