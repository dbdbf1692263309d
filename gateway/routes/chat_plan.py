"""A chat as each model that may answer it would be asked: the one the client names, and the policy's fallbacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import orjson

from gateway.bounds import bound_of
from gateway.catalog.model import Model
from gateway.catalog.prices import Price
from gateway.costing import Costing
from gateway.errors import InvalidRequest, RequestTooLarge
from gateway.media_tokens.families import media_tokens_of
from gateway.openai.chat import ChatCompletionRequest, ignored_params
from gateway.pricing import affordable_output_tokens, cost_bound, terms_of
from gateway.translate.chat_context import ChatContext, Translation
from gateway.translate.chat_request import to_converse
from tenants.account import Bound
from tenants.errors import Refusal

# The fields by which a model is told how much of its answer it may think.
_THINKING = frozenset({"thinking", "reasoning_config", "reasoningConfig"})

# Of a body of Bedrock's. Media by URL, and what is named twice, can make it larger than the client's.
MAX_CONVERSE_BYTES = 25_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """A chat in the words of one model: `body` is the translation's, as JSON."""

    translation: Translation
    body: bytes


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that may be asked, and what it costs; None where that is not known."""

    model: Model
    price: Price | None = None
    fallback: bool = False


class Plan:
    """How one model would be asked. `bound` is that of one choice, `ignored` names what of the request has no effect
    on it, `dropped` what of that is for the client to leave out. `fallback`: it is asked where those before it were not
    to be had.

    A fallback's question is put again when it is needed: most never are, and media make each of them large.
    """

    def __init__(self, request: ChatCompletionRequest, candidate: Candidate, context: ChatContext) -> None:
        self._request = request
        self._context = context
        self._most_tokens: int | None = None
        self.model = candidate.model
        self.price = candidate.price
        self.fallback = candidate.fallback
        question = self._put()
        translation = question.translation
        self.terms = terms_of(translation.body, self.model.capabilities)
        self.bound = self._bound_of(question)
        self.dropped = ignored_params(request, translation.dropped)
        noted = translation.noted
        self.ignored = ignored_params(request, (*translation.dropped, *noted)) if noted else self.dropped
        if not self.fallback:
            self.question = question

    @cached_property
    def question(self) -> Question:
        return self._put()

    @property
    def translation(self) -> Translation:
        return self.question.translation

    @property
    def clamped_to(self) -> int | None:
        """The most tokens of an answer, where a budget made it so."""
        return self._most_tokens

    @property
    def streams_whole(self) -> bool:
        """The model cannot stream this: it is asked for a whole answer, which is cut into chunks here."""
        return "toolConfig" in self.translation.body and not self.model.capabilities.streaming_tools

    def costing(self, calls: int) -> Costing:
        """What so many calls by this plan are charged by."""
        return Costing(self.price, self.terms, calls)

    def affordable_tokens(self, room_pico_usd: int | None, room_tokens: int | None) -> int:
        """The most output that fits in what is left; 0 where the answer may not be cut: the client set a limit of its
        own, or the model thinks within it."""
        body = self.translation.body
        thinks = not _THINKING.isdisjoint(body.get("additionalModelRequestFields", {}))
        if self._request.max_output_tokens is not None or thinks or "maxTokens" not in body["inferenceConfig"]:
            return 0
        return affordable_output_tokens(self.price, self.bound, room_pico_usd, room_tokens, self.terms)

    def clamp(self, output_tokens: int) -> None:
        """From here on the model may give out so many tokens at most."""
        self._most_tokens = output_tokens
        self.__dict__.pop("question", None)
        self.bound = self._bound_of(self.question)

    def _bound_of(self, question: Question) -> Bound:
        translation = question.translation
        most = translation.output_tokens if self._most_tokens is None else self._most_tokens
        tokens = media_tokens_of(self.model.base_id)
        bound = bound_of(translation.body, question.body, most, tokens, translation.origins)
        return Bound(bound.input_tokens, bound.output_tokens, cost_bound(self.price, bound, self.terms))

    def _put(self) -> Question:
        """Raises InvalidRequest, RequestTooLarge."""
        translation = to_converse(self._request, self.model, self._context)
        if self._most_tokens is not None:
            translation.body["inferenceConfig"]["maxTokens"] = self._most_tokens
        body = orjson.dumps(translation.body)
        if len(body) > MAX_CONVERSE_BYTES:
            raise RequestTooLarge(
                f"With its media the request has {len(body)} bytes. Bedrock takes {MAX_CONVERSE_BYTES}."
            )
        return Question(translation, body)


def to_plans(request: ChatCompletionRequest, candidates: Sequence[Candidate], context: ChatContext) -> tuple[Plan, ...]:
    """One for each candidate, the client's own model first. A fallback that cannot take the request, or not as strictly
    as the policy wants it, is left out. Raises InvalidRequest, RequestTooLarge, for the first."""
    plans: list[Plan] = []
    for candidate in candidates:
        try:
            plan = Plan(request, candidate, context)
        except (InvalidRequest, RequestTooLarge):
            if not candidate.fallback:
                raise
            continue
        if not (plan.fallback and plan.dropped and context.policy.strict_params):
            plans.append(plan)
    return tuple(plans)


def without_unpriced_fallbacks(plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """For a budget in money, which a plan of unknown cost would have refused for all: a price may be known, and not for
    this request's service tier or images."""
    return tuple(plan for plan in plans if not plan.fallback or plan.bound.cost_pico_usd is not None)


# Less than a sentence is no answer.
_LEAST_ANSWER_TOKENS = 16


def clamp_to(plans: Sequence[Plan], refusal: Refusal, choices: int) -> bool:
    """Shorten the answers of all plans to what the refusing budget has left. False where that is too little, or where
    a plan's answer may not be cut; then nothing is changed."""
    if refusal.kind != "spend":
        return False
    room = (refusal.limit - refusal.used) // choices
    if refusal.currency == "usd":
        affordable = [plan.affordable_tokens(room, None) for plan in plans]
    else:
        # The hold takes the longest prompt of all plans together with the longest answer.
        output_room = room - max(plan.bound.input_tokens for plan in plans)
        affordable = [plan.affordable_tokens(None, plan.bound.input_tokens + output_room) for plan in plans]
    if min(affordable) < _LEAST_ANSWER_TOKENS:
        return False
    for plan, output_tokens in zip(plans, affordable, strict=True):
        plan.clamp(output_tokens)
    return True
