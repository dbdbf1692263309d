"""POST /v1/embeddings."""

from __future__ import annotations

import asyncio

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.admission import OpenHold, Order
from gateway.bedrock.client import Bedrock, InvokeAnswer
from gateway.bounds import bound_of_texts, estimate_of
from gateway.catalog.model import Model
from gateway.errors import BedrockUnreachable
from gateway.openai.chat import ignored_params
from gateway.openai.embeddings import parse_embeddings_request
from gateway.routes.edge import asking_bedrock, authenticate, ignored_header, log_of, plane_of, resolve
from gateway.routes.openapi import SECURED, answers
from gateway.translate.embeddings import EmbeddingCalls, from_invoke, from_invoke_usage, to_invoke
from tenants.event import Operation, UsageStatus
from tenants.usage import TokenCounts

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
    caller = await authenticate(request)
    wanted = parse_embeddings_request(await request.body())
    caller, model = await resolve(request, caller, wanted.model)
    calls = to_invoke(wanted, model)
    plane, log = plane_of(request), log_of(request)
    order = Order(log.request_id, Operation.EMBEDDINGS, model, bound_of_texts(calls.bodies))
    async with await plane.admission.reserve(caller, order) as hold:
        async with asking_bedrock(hold, plane.patience.request_seconds):
            answers = await _invoke_all(plane.bedrock, model, calls, hold)
        tokens, status = from_invoke_usage(answers), UsageStatus.OK
        if tokens is None:
            tokens, status = estimate_of(hold.hold.bound, 0), UsageStatus.ESTIMATED
        log.usage_status, log.tokens = status.value, tokens
        await hold.settle(status, tokens)
        vectors = from_invoke(calls, answers, wanted.model, wanted.encoding_format)
    return Response(
        orjson.dumps(vectors), media_type="application/json", headers=ignored_header(ignored_params(wanted))
    )


async def _invoke_all(bedrock: Bedrock, model: Model, calls: EmbeddingCalls, hold: OpenHold) -> list[InvokeAnswer]:
    """The answers in order. When one call fails, the others are seen to their end: what they used is charged."""
    slots = asyncio.Semaphore(CALLS_AT_ONCE)
    failed = asyncio.Event()

    async def invoke(body: object) -> InvokeAnswer | None:
        async with slots:
            if failed.is_set():
                return None
            try:
                return await bedrock.invoke(model.bedrock_id, orjson.dumps(body))
            except Exception:
                failed.set()
                raise

    outcomes = await asyncio.gather(*(invoke(body) for body in calls.bodies), return_exceptions=True)
    answers = [each for each in outcomes if isinstance(each, InvokeAnswer)]
    failures = [each for each in outcomes if isinstance(each, BaseException)]
    if failures:
        await _charge_partly(answers, failures, hold)
        raise failures[0]
    return answers


async def _charge_partly(answers: list[InvokeAnswer], failures: list[BaseException], hold: OpenHold) -> None:
    counted = from_invoke_usage(answers)
    unknown = any(isinstance(each, BedrockUnreachable) and each.may_have_run for each in failures)
    if counted is None or unknown:
        await hold.settle(UsageStatus.ESTIMATED, estimate_of(hold.hold.bound, 0))
    else:
        await hold.settle(UsageStatus.ERROR, counted or TokenCounts())
