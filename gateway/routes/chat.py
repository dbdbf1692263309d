"""POST /v1/chat/completions. One chat, top to bottom: refuse early, in order of cost; then money; then the network."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.admission import Order
from gateway.bounds import bound_of
from gateway.catalog.model import Model
from gateway.openai.chat import ChatCompletionRequest, ignored_params, parse_chat_request
from gateway.openai.chunks import ChunkEncoder
from gateway.openai.completion import Envelope
from gateway.routes.edge import (
    asking_bedrock,
    authenticate,
    due_of,
    ignored_header,
    log_of,
    plane_of,
    request_metadata,
    resolve,
)
from gateway.routes.metered_chat import MeteredChat
from gateway.routes.openapi import SECURED, answers
from gateway.routes.sse import ChatStreamResponse
from gateway.settling import OpenHold
from gateway.translate.chat_request import to_converse
from gateway.translate.chat_response import from_converse
from gateway.translate.usage import from_converse_usage
from tenants.event import Operation, UsageStatus

router = APIRouter()
PATH = "/chat/completions"


@dataclass(frozen=True, slots=True)
class _Chat:
    """A chat that is paid for up to its bound, about to be sent. `due` is in the loop's time."""

    wanted: ChatCompletionRequest
    model: Model
    body: bytes
    hold: OpenHold
    envelope: Envelope
    due: float

    @property
    def headers(self) -> dict[str, str]:
        return ignored_header(ignored_params(self.wanted))


@router.post(
    PATH,
    response_model=None,
    responses=answers("application/json", "text/event-stream"),
    openapi_extra=SECURED,
    summary="Create a chat completion",
)
async def create_chat_completion(request: Request) -> Response:
    """Answers with a completion, or, with `stream: true`, with chunks as server-sent events."""
    due = due_of(request)
    caller = await authenticate(request)
    wanted = parse_chat_request(await request.body())
    caller, model = await resolve(request, caller, wanted.model)
    converse = to_converse(wanted, model)
    converse["requestMetadata"] = request_metadata(request, caller)
    body = orjson.dumps(converse)
    plane, log = plane_of(request), log_of(request)
    log.stream = bool(wanted.stream)
    order = Order(log.request_id, Operation.CHAT, model, bound_of(converse, len(body)))
    async with AsyncExitStack() as stack:
        hold = log.hold = await stack.enter_async_context(await plane.admission.reserve(caller, order))
        envelope = Envelope(f"chatcmpl-{log.request_id.removeprefix('req_')}", plane.clock_ms() // 1000, wanted.model)
        chat = _Chat(wanted, model, body, hold, envelope, due)
        return await (_stream(request, chat, stack) if wanted.stream else _complete(request, chat))


async def _stream(request: Request, chat: _Chat, stack: AsyncExitStack) -> Response:
    """Open the stream before the answer starts: until then every refusal has a status of its own."""
    plane = plane_of(request)
    async with asking_bedrock(chat.hold, chat.due, lost=chat.hold.estimate()):
        stream = await plane.bedrock.open_stream(chat.model.bedrock_id, chat.body)
    stack.push_async_callback(stream.aclose)
    encoder = ChunkEncoder(chat.envelope, chat.wanted.wants_usage_chunk)
    metered = MeteredChat(stream, chat.hold, encoder, log_of(request))
    return ChatStreamResponse(metered, stack.pop_all(), plane.patience, chat.due, chat.headers)


async def _complete(request: Request, chat: _Chat) -> Response:
    plane = plane_of(request)
    async with asking_bedrock(chat.hold, chat.due, lost=chat.hold.estimate_whole()):
        answer = await plane.bedrock.converse(chat.model.bedrock_id, chat.body)
    tokens, status = from_converse_usage(answer.get("usage")), UsageStatus.OK
    if tokens is None:
        tokens, status = chat.hold.estimate(len(orjson.dumps(answer))), UsageStatus.ESTIMATED
    await chat.hold.settle(status, tokens)
    completion = from_converse(answer, chat.envelope, tokens)  # type: ignore[arg-type]  # Bedrock's JSON, as its model has it
    return Response(orjson.dumps(completion), media_type="application/json", headers=chat.headers)
