"""Asking Bedrock for a chat: by the first of its plans whose model is to be had, and for as many choices as wanted."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence, Set
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, cast

from gateway.bedrock.client import ConverseEvent, ConverseStream
from gateway.bedrock.converse import ConverseResponse
from gateway.bedrock.errors import says_not_run
from gateway.bounds import estimate_of, estimate_of_whole
from gateway.errors import BedrockError
from gateway.open_hold import OpenHold
from gateway.openai.chunks import ChunkEncoder
from gateway.plane import DataPlane
from gateway.pricing import served_tier
from gateway.routes.chat_plan import Plan
from gateway.routes.edge import asking_bedrock
from gateway.routes.fan_out import Made, make_all, spent
from gateway.routes.metered_chat import Choice, MeteredChat, Metering
from gateway.routes.request_log import RequestLog
from gateway.translate.answer.completion import find_reasoned_calls
from gateway.translate.answer.events import to_events
from gateway.translate.answer.json_text import to_json_text
from gateway.translate.answer.refusals import refusal_of
from gateway.translate.answer.stream import ChatStream
from gateway.translate.answer.usage import from_converse_usage
from gateway.translate.reasoning.signed import ReasonedCalls
from tenants.event import UsageStatus
from tenants.usage import NO_TOKENS, TokenCounts

logger = logging.getLogger("sluice.request")

T = TypeVar("T")

_DEFAULT_TIER = "default"


@dataclass(frozen=True, slots=True)
class Asking:
    """A chat that is paid for up to its bound. `due` is in the loop's time; `sent_names` are the parameters sent."""

    plane: DataPlane
    hold: OpenHold
    log: RequestLog
    plans: tuple[Plan, ...]
    choices: int
    due: float
    sent_names: Set[str]


@dataclass(frozen=True, slots=True)
class Whole:
    """Answers that came whole, one for each choice, and what they used."""

    plan: Plan
    answers: Sequence[ConverseResponse]
    tokens: TokenCounts


async def ask_whole(asking: Asking) -> Whole:
    """Answers that are settled. Raises BedrockError, BedrockUnreachable, RequestTimedOut, ModelNotFound, and refusals
    in OpenAI's words."""

    async def attempt(plan: Plan) -> list[ConverseResponse]:
        lost = _times(estimate_of_whole(plan.bound), asking.choices)
        async with asking_bedrock(asking.hold, asking.due, lost=lost):
            return await _converse_all(asking, plan)

    plan, answers = await _first_available(asking, attempt)
    tokens, status = _count(plan, answers)
    await asking.hold.settle(status, tokens, served_tier(plan.terms.tier, answers[0]) or _DEFAULT_TIER)
    await _keep(asking, [find_reasoned_calls(answer, plan.translation.form) for answer in answers])
    return Whole(plan, answers, tokens)


async def open_streamed(asking: Asking, encoder: ChunkEncoder, owned: AsyncExitStack) -> tuple[Plan, MeteredChat]:
    """A chat whose stream has begun: until then every refusal is raised, and has a status of its own. Its streams are
    closed with `owned`. Raises as `ask_whole`."""

    async def attempt(plan: Plan) -> tuple[MeteredChat, AsyncExitStack]:
        estimate = estimate_of_whole(plan.bound) if plan.streams_whole else estimate_of(plan.bound, 0)
        lost = _times(estimate, asking.choices)
        async with asking_bedrock(asking.hold, asking.due, lost=lost), AsyncExitStack() as opened:
            chat = _to_metered_chat(asking, plan, await _open_all(asking, plan, opened), encoder)
            opened.push_async_callback(chat.abandon)
            await chat.begin(asking.plane.patience.keepalive_seconds)
            return chat, opened.pop_all()

    plan, (chat, opened) = await _first_available(asking, attempt)
    await owned.enter_async_context(opened)
    return plan, chat


async def _first_available(asking: Asking, attempt: Callable[[Plan], Awaitable[T]]) -> tuple[Plan, T]:
    """What the first plan gives whose model is to be had. When none is, the first one's refusal is told: that model is
    the one that the client asked for."""
    refusal: Exception | None = None
    for plan in asking.plans:
        if plan.fallback:
            asking.hold.served_by(plan.model.bedrock_id, plan.costing(asking.choices))
            asking.log.fallback = plan.model.name
        try:
            return plan, await attempt(plan)
        except Exception as error:
            told = refusal_of(error, plan.translation, asking.sent_names) if isinstance(error, BedrockError) else error
            if asking.hold.settled or not (plan.fallback or says_not_run(error)):
                raise told from error
            refusal = refusal or told
            logger.warning(
                "a model is not to be had",
                extra={
                    "request_id": asking.log.request_id,
                    "model": plan.model.bedrock_id,
                    "error": getattr(error, "name", type(error).__name__),
                },
            )
    assert refusal is not None  # a chat has at least one plan
    raise refusal


async def _converse_all(asking: Asking, plan: Plan) -> list[ConverseResponse]:
    """An answer for each choice."""
    converse = partial(_converse, asking, plan)
    if asking.choices == 1:
        return [await converse()]

    async def charge(every: Sequence[Made[ConverseResponse]]) -> None:
        estimates = [estimate_of_whole(plan.bound)] * len(every)
        asking.hold.charge_by(plan.costing(sum(made.may_have_run for made in every)))
        await asking.hold.settle(*spent(every, lambda answer: _count(plan, [answer])[0], estimates))

    return await make_all([converse] * asking.choices, asking.choices, charge)


async def _converse(asking: Asking, plan: Plan) -> ConverseResponse:
    return cast(ConverseResponse, await asking.plane.bedrock.converse(plan.model.bedrock_id, plan.question.body))


def _count(plan: Plan, answers: Sequence[ConverseResponse]) -> tuple[TokenCounts, UsageStatus]:
    tokens, status = NO_TOKENS, UsageStatus.OK
    for answer in answers:
        counted = from_converse_usage(answer.get("usage"))
        if counted is None:
            counted, status = estimate_of(plan.bound, len(to_json_text(answer).encode())), UsageStatus.ESTIMATED
        tokens += counted
    return tokens, status


async def _open_all(asking: Asking, plan: Plan, opened: AsyncExitStack) -> Sequence[ConverseStream]:
    """A stream for each choice, closed with `opened`, also where only some could be opened: those have run."""
    if plan.streams_whole:
        return [_Rechunked(partial(_converse, asking, plan)) for _ in range(asking.choices)]

    async def open_one() -> ConverseStream:
        stream = await asking.plane.bedrock.open_stream(plan.model.bedrock_id, plan.question.body)
        opened.push_async_callback(stream.aclose)
        return stream

    async def charge(every: Sequence[Made[ConverseStream]]) -> None:
        estimates = [estimate_of(plan.bound, 0)] * len(every)
        asking.hold.charge_by(plan.costing(sum(made.may_have_run for made in every)))
        await asking.hold.settle(*spent(every, lambda stream: None, estimates))

    if asking.choices == 1:
        return [await open_one()]
    return await make_all([open_one] * asking.choices, asking.choices, charge)


class _Rechunked:
    """A ConverseStream over an answer that comes whole. All its events come at once, the count with them: a client
    that reads slowly, or leaves, changes nothing of what is charged."""

    def __init__(self, converse: Callable[[], Awaitable[ConverseResponse]]) -> None:
        self._converse = converse

    async def batches(self) -> AsyncIterator[list[ConverseEvent]]:
        yield [ConverseEvent(event_type, payload) for event_type, payload in to_events(await self._converse())]

    async def aclose(self) -> None:
        return None


def _to_metered_chat(
    asking: Asking, plan: Plan, streams: Sequence[ConverseStream], encoder: ChunkEncoder
) -> MeteredChat:
    async def keep(chats: Sequence[ChatStream]) -> None:
        await _keep(asking, [chat.reasoned_calls for chat in chats])

    metering = Metering(
        hold=asking.hold,
        lost=estimate_of_whole if plan.streams_whole else estimate_of,
        bound=plan.bound,
        log=asking.log,
        explain=partial(refusal_of, translation=plan.translation, sent_names=asking.sent_names),
        keep=keep,
    )
    return MeteredChat([Choice(stream, ChatStream(plan.translation.form)) for stream in streams], encoder, metering)


async def _keep(asking: Asking, reasoned: Sequence[ReasonedCalls | None]) -> None:
    """Keep what a client may leave out when it sends the results of its calls."""
    for each in reasoned:
        if each is not None:
            await asking.plane.reasoning.keep(asking.hold.call.key_id, each.tool_call_ids, each.blocks)


def _times(tokens: TokenCounts, count: int) -> TokenCounts:
    return sum([tokens] * count, NO_TOKENS)
