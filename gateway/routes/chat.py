"""POST /v1/chat/completions. One chat, top to bottom: refuse early, in order of cost; then money; then the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.admission import Order
from gateway.bounds import widest
from gateway.caller import Caller, clamps, counts_money
from gateway.catalog.model import Model
from gateway.open_hold import OpenHold
from gateway.openai.chat import ChatCompletionRequest, parse_chat_request, refuse_ignored
from gateway.openai.chunks import ChunkEncoder
from gateway.openai.completion import Envelope
from gateway.routes.asking import Asking, ask_whole, open_streamed
from gateway.routes.chat_plan import Plan, clamp_to, to_plans, without_unpriced_fallbacks
from gateway.routes.edge import (
    body_of,
    candidates_of,
    due_of,
    ignored_header,
    log_of,
    plane_of,
    policy_of,
    request_metadata,
    resolve,
    with_current_rules,
)
from gateway.routes.openapi import SECURED, answers
from gateway.routes.route_table import RouteTable
from gateway.routes.sse import ChatStreamResponse
from gateway.translate.answer.completion import from_converse
from gateway.translate.chat_context import ChatContext
from gateway.translate.media.urls import urls_of
from gateway.translate.reasoning.missing import calls_without_reasoning
from tenants.errors import LimitExceeded
from tenants.event import Operation

routes = RouteTable()
PATH = "/chat/completions"
FALLBACK_HEADER = "x-sluice-fallback-model"
CLAMPED_HEADER = "x-sluice-clamped-max-tokens"

P = ParamSpec("P")
T = TypeVar("T")

# Reading and translating more than this takes milliseconds: other requests must not wait for it.
_LARGE_BYTES = 256 * 1024

# Of several budgets each may be the smaller one in its turn.
_CLAMPS = 4


@dataclass(frozen=True, slots=True)
class _Chat:
    """A chat that is paid for up to its bound, about to be sent."""

    wanted: ChatCompletionRequest
    asking: Asking
    envelope: Envelope


@routes.post(
    PATH,
    response_model=None,
    responses=answers("application/json", "text/event-stream"),
    openapi_extra=SECURED,
    summary="Create a chat completion",
)
async def create_chat_completion(request: Request) -> Response:
    """Answers with a completion, or, with `stream: true`, with chunks as server-sent events."""
    return await with_current_rules(request, _create)


async def _create(request: Request, caller: Caller) -> Response:
    due, plane, log = due_of(request), plane_of(request), log_of(request)
    body = await body_of(request)
    aside = asyncio.to_thread if len(body) > _LARGE_BYTES else _at_once
    wanted = await aside(parse_chat_request, body)
    log.stream = bool(wanted.stream)
    caller, model = await resolve(request, caller, wanted.model)
    context = await _context_of(request, caller, wanted, model)
    candidates = await candidates_of(request, caller, model)
    plans = await aside(to_plans, wanted, candidates, context)
    if counts_money(caller.principal):
        plans = without_unpriced_fallbacks(plans)
    if context.policy.strict_params:
        refuse_ignored(plans[0].dropped)
    choices = wanted.n or 1
    async with AsyncExitStack() as stack:
        hold = await stack.enter_async_context(await _reserve(request, caller, plans, choices))
        log.taken(hold)
        asking = Asking(plane, hold, log, plans, choices, due, wanted.model_fields_set)
        envelope = Envelope(f"chatcmpl-{log.request_id.removeprefix('req_')}", plane.clock_ms() // 1000, wanted.model)
        chat = _Chat(wanted, asking, envelope)
        return await (_stream(chat, stack) if wanted.stream else _complete(chat))


async def _context_of(request: Request, caller: Caller, wanted: ChatCompletionRequest, model: Model) -> ChatContext:
    """What translation needs from elsewhere: the policy, media that the request names by URL, reasoning kept for it."""
    plane = plane_of(request)
    reasoning = model.capabilities.reasoning
    gaps = calls_without_reasoning(wanted, reasoning.signature_format) if reasoning.signed else ()
    return ChatContext(
        policy=policy_of(request, caller),
        metadata=request_metadata(request, caller),
        fetched=await plane.media.fetch_all(urls_of(wanted.messages, model.capabilities), caller.principal.key_id),
        kept_reasoning=await plane.reasoning.find_all(caller.principal.key_id, gaps),
    )


async def _reserve(request: Request, caller: Caller, plans: Sequence[Plan], choices: int) -> OpenHold:
    """The hold of whichever plan is asked. Where a budget is too small for it, and may clamp, for shorter answers."""
    admission, log = plane_of(request).admission, log_of(request)
    aside = asyncio.to_thread if len(await body_of(request)) > _LARGE_BYTES else _at_once
    for attempt in range(_CLAMPS + 1):
        bound = widest([plan.bound for plan in plans], choices)
        order = Order(log.request_id, Operation.CHAT, plans[0].model, bound, plans[0].costing(choices))
        try:
            return await admission.reserve(caller, order)
        except LimitExceeded as exceeded:
            if attempt == _CLAMPS or not clamps(caller.principal):
                raise
            if not await aside(clamp_to, plans, exceeded.refusal, choices):
                raise
    raise AssertionError("the last attempt returns or raises")


def _headers_of(plan: Plan) -> dict[str, str]:
    headers = ignored_header(plan.ignored)
    if plan.fallback:
        headers[FALLBACK_HEADER] = plan.model.name
    if plan.clamped_to is not None:
        headers[CLAMPED_HEADER] = str(plan.clamped_to)
    return headers


async def _at_once(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return work(*args, **kwargs)


async def _stream(chat: _Chat, stack: AsyncExitStack) -> Response:
    encoder = ChunkEncoder(chat.envelope, chat.wanted.wants_usage_chunk)
    plan, metered = await open_streamed(chat.asking, encoder, stack)
    patience = chat.asking.plane.patience
    return ChatStreamResponse(metered, stack.pop_all(), patience, chat.asking.due, _headers_of(plan))


async def _complete(chat: _Chat) -> Response:
    whole = await ask_whole(chat.asking)
    completion = from_converse(whole.answers, chat.envelope, whole.tokens, whole.plan.translation.form)
    return Response(orjson.dumps(completion), media_type="application/json", headers=_headers_of(whole.plan))
