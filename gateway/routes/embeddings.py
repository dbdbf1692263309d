"""POST /v1/embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.admission import Order
from gateway.bedrock.client import Bedrock, InvokeAnswer
from gateway.bounds import IMAGE_TOKENS, bound_of_texts, estimate_of
from gateway.caller import Caller
from gateway.catalog.model import Model
from gateway.catalog.prices import Price
from gateway.costing import Costing
from gateway.errors import BedrockError
from gateway.open_hold import OpenHold
from gateway.openai.chat import ignored_params, refuse_ignored
from gateway.openai.embeddings import parse_embeddings_request
from gateway.pricing import Terms, cost_bound
from gateway.routes.edge import (
    asking_bedrock,
    body_of,
    due_of,
    ignored_header,
    log_of,
    plane_of,
    policy_of,
    request_metadata,
    resolve,
    with_current_rules,
)
from gateway.routes.fan_out import Made, make_all, spent
from gateway.routes.openapi import SECURED, answers
from gateway.routes.route_table import RouteTable
from gateway.routes.token_inputs import with_texts
from gateway.translate.answer.refusals import embedding_refusal_of
from gateway.translate.embeddings.calls import Answering, from_invoke, from_invoke_usage, to_invoke
from tenants.account import Bound
from tenants.event import Operation, UsageStatus

routes = RouteTable()
PATH = "/embeddings"

# Titan and Nova take one text a call: enough at once to be quick, few enough not to be throttled for it.
CALLS_AT_ONCE = 8


@routes.post(
    PATH,
    response_model=None,
    responses=answers("application/json"),
    openapi_extra=SECURED,
    summary="Create embeddings",
)
async def create_embeddings(request: Request) -> Response:
    """Answers with one vector for each input, in order."""
    return await with_current_rules(request, _create)


async def _create(request: Request, caller: Caller) -> Response:
    due = due_of(request)
    wanted = await with_texts(parse_embeddings_request(await body_of(request)))
    caller, model = await resolve(request, caller, wanted.model)
    calls = to_invoke(wanted, model)
    ignored = ignored_params(wanted, calls.dropped)
    if policy_of(request, caller).strict_params:
        refuse_ignored(ignored)
    invocations = [_Invocation(orjson.dumps(call.body), call.image_characters) for call in calls.calls]
    plane, log = plane_of(request), log_of(request)
    price = plane.pricing.price_of(model)
    terms = _terms_of(invocations)
    bound = _bound_of(invocations)
    bound = replace(bound, cost_pico_usd=cost_bound(price, bound, terms))
    order = Order(log.request_id, Operation.EMBEDDINGS, model, bound, Costing(price, terms))
    metadata = {**calls.metadata, **request_metadata(request, caller)}
    async with await plane.admission.reserve(caller, order) as hold:
        log.taken(hold)
        with _refusals_in_openais_words():
            async with asking_bedrock(hold, due, lost=hold.estimate()):
                invoked = await _invoke_all(_Asking(plane.bedrock, model, metadata, price), invocations, hold)
        tokens, status = from_invoke_usage(invoked), UsageStatus.OK
        if tokens is None:
            tokens, status = hold.estimate(), UsageStatus.ESTIMATED
        await hold.settle(status, tokens)
        vectors = from_invoke(calls, invoked, Answering(wanted.model, wanted.encoding_format, tokens))
    return Response(orjson.dumps(vectors), media_type="application/json", headers=ignored_header(ignored))


@contextmanager
def _refusals_in_openais_words() -> Iterator[None]:
    try:
        yield
    except BedrockError as error:
        raise embedding_refusal_of(error) from error


@dataclass(frozen=True, slots=True)
class _Invocation:
    """A call's body as it is sent. `image_characters` of it are an image in base64, or none."""

    body: bytes
    image_characters: int


@dataclass(frozen=True, slots=True)
class _Asking:
    """Whom all calls of a request ask, for which model, what Bedrock logs with each, and what they cost."""

    bedrock: Bedrock
    model: Model
    metadata: Mapping[str, str]
    price: Price | None


def _terms_of(invocations: Iterable[_Invocation]) -> Terms:
    return Terms(images=sum(1 for each in invocations if each.image_characters))


def _bound_of(invocations: Iterable[_Invocation]) -> Bound:
    """Upper bound of some calls. An image's tokens follow from its pixels, of which few bytes can hold many."""
    every = list(invocations)
    images = [each.image_characters for each in every if each.image_characters]
    text = bound_of_texts(each.body for each in every).input_tokens - sum(images)
    return Bound(text + len(images) * IMAGE_TOKENS, 0)


async def _invoke_all(asking: _Asking, invocations: Sequence[_Invocation], hold: OpenHold) -> list[InvokeAnswer]:
    """The answers in order."""

    async def charge(every: Sequence[Made[InvokeAnswer]]) -> None:
        estimates = [estimate_of(_bound_of([each]), 0) for each in invocations]
        made = [each for each, call in zip(invocations, every, strict=True) if call.may_have_run]
        hold.charge_by(Costing(asking.price, _terms_of(made)))
        await hold.settle(*spent(every, lambda answer: from_invoke_usage([answer]), estimates))

    invoke = partial(asking.bedrock.invoke, asking.model.bedrock_id, metadata=asking.metadata)
    return await make_all([partial(invoke, each.body) for each in invocations], CALLS_AT_ONCE, charge)
