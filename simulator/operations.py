"""What each operation answers to a known caller: model and body checked, directives heard, reply composed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import orjson

from simulator import constraints, converse_form, directives, embeddings, prompt, reply
from simulator.catalog import Catalog
from simulator.constraints import Shape
from simulator.converse_form import Event
from simulator.directives import Directives
from simulator.http import Answer, Request, to_json_answer
from simulator.journal import FaultPlan
from simulator.refusals import CORAL_SERVICE, Refusal, Refused, validation
from simulator.routing import Route
from simulator.tokens import estimate_input_tokens
from simulator.traits import Traits
from simulator.validation import check_converse

_MAX_PAGE_SIZE = 1_000
_DEFAULT_PAGE_SIZE = 100
_LIST_MODELS_FILTERS = ("byProvider", "byCustomizationType", "byOutputModality", "byInferenceType")
_EMBEDDING_LATENCY_MS = 50
_LATENCY_MS_PER_TOKEN = 10


@dataclass(frozen=True, slots=True)
class Account:
    """What answers are made from. `shapes` is None where requests are not validated."""

    catalog: Catalog
    faults: FaultPlan
    shapes: Mapping[str, Shape] | None


@dataclass(frozen=True, slots=True)
class Call:
    """One request for one operation."""

    request: Request
    route: Route
    header_directives: Directives


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer ready to be sent: whole in `answer`, or as `events` of a stream, whose first may be an exception."""

    answer: Answer | None = None
    events: tuple[Event, ...] = ()
    in_stream_refusal: str | None = None
    directives: Directives = directives.NONE
    usage: Mapping[str, Any] | None = None
    request_metadata: Mapping[str, str] | None = field(default=None)


def answer_call(call: Call, account: Account) -> Outcome:
    """The outcome of a call. Raises Refused."""
    return _OPERATIONS[call.route.operation](call, account)


def _converse(call: Call, account: Account) -> Outcome:
    streaming = call.route.operation == "ConverseStream"
    traits = account.catalog.get_model(call.route.resource_id).traits
    body = _json_object(call.request.body)
    in_stream_refusal = check_converse(account.shapes, body, traits, streaming) if account.shapes is not None else None
    asked = prompt.from_converse(body, traits)
    directions = _heard(call, account, asked.directives)
    answered = reply.compose(asked, traits, directions)
    latency_ms = int(directions.first_ms) + answered.usage.output_tokens * _LATENCY_MS_PER_TOKEN
    paths = body.get("additionalModelResponseFieldPaths") or ()
    metadata = body.get("requestMetadata")
    if not streaming:
        whole = converse_form.to_body(answered, traits.dialect, latency_ms, paths)
        answer = to_json_answer(whole)
        return Outcome(answer, directives=directions, usage=whole["usage"], request_metadata=metadata)
    return Outcome(
        events=tuple(converse_form.to_events(answered, traits.dialect, latency_ms, paths)),
        in_stream_refusal=in_stream_refusal,
        directives=directions,
        usage=answered.usage.to_wire(traits.dialect),
        request_metadata=metadata,
    )


def _invoke(call: Call, account: Account) -> Outcome:
    family = account.catalog.get_model(call.route.resource_id).traits.embedding
    if family is None:
        raise validation("simulator: InvokeModel is served for embedding models only.")
    body = _json_object(call.request.body)
    directions = _heard(call, account, directives.from_body(call.request.body))
    embedded = embeddings.embed(family, body)
    headers = {
        "x-amzn-bedrock-input-token-count": str(embedded.input_tokens),
        "x-amzn-bedrock-invocation-latency": str(_EMBEDDING_LATENCY_MS),
    }
    answer = to_json_answer(embedded.body, headers=headers)
    return Outcome(
        answer,
        directives=directions,
        usage={"inputTokens": embedded.input_tokens},
        request_metadata=_metadata_of_headers(call.request),
    )


def _count_tokens(call: Call, account: Account) -> Outcome:
    model_id = call.route.resource_id
    model = account.catalog.find_base_model(model_id)
    if model is None:
        account.catalog.get_model(model_id)
    if model is None or not model.traits.count_tokens:
        # Recorded for a `us.` profile id whose base id works.
        raise validation("The provided model doesn't support counting tokens.")
    body = _json_object(call.request.body)
    if account.shapes is not None:
        constraints.check(account.shapes, "CountTokensRequest", body)
    directions = _heard(call, account, directives.from_body(call.request.body))
    answer = to_json_answer({"inputTokens": _input_tokens(body["input"], model.traits)})
    return Outcome(answer, directives=directions)


def _input_tokens(counted: Mapping[str, Any], traits: Traits) -> int:
    if "converse" in counted:
        return estimate_input_tokens(counted["converse"], traits)
    try:
        packed = base64.b64decode(counted["invokeModel"]["body"], validate=True)
    except (KeyError, binascii.Error):
        raise validation("The input of CountTokens must hold converse or invokeModel.") from None
    return len(packed) // 4 + 1


def _list_models(call: Call, account: Account) -> Outcome:
    filters = {name: call.request.find_query(name) for name in _LIST_MODELS_FILTERS}
    return Outcome(to_json_answer(account.catalog.list_models(filters)))


def _list_profiles(call: Call, account: Account) -> Outcome:
    asked = call.request.find_query("maxResults") or str(_DEFAULT_PAGE_SIZE)
    if not asked.isdigit() or not 1 <= int(asked) <= _MAX_PAGE_SIZE:
        raise validation(
            f"1 validation error detected: Value '{asked}' at 'maxResults' failed to satisfy constraint: "
            f"Member must have value between 1 and {_MAX_PAGE_SIZE}"
        )
    kind = call.request.find_query("type") or call.request.find_query("typeEquals")
    page = account.catalog.list_profiles(kind, int(asked), call.request.find_query("nextToken"))
    return Outcome(to_json_answer(page))


def _get_profile(call: Call, account: Account) -> Outcome:
    return Outcome(to_json_answer(account.catalog.get_profile(call.route.resource_id)))


def _invoke_stream(call: Call, account: Account) -> Outcome:
    account.catalog.get_model(call.route.resource_id)
    raise validation("simulator: InvokeModelWithResponseStream is answered from recordings only.")


def _heard(call: Call, account: Account, own: Directives) -> Directives:
    """The planned faults, the header's directives and the text's, the later over the earlier. Raises what they ask."""
    merged = account.faults.apply(call.route.resource_id, directives.merge(call.header_directives, own))
    refusal = merged.find_refusal()
    if refusal is not None:
        raise Refused(refusal)
    return merged


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        # Modelled, not recorded.
        raise Refused(Refusal("SerializationException", "The request body is not a JSON object.", CORAL_SERVICE))
    return parsed


def _metadata_of_headers(request: Request) -> Mapping[str, str] | None:
    packed = request.headers.get("x-amzn-bedrock-request-metadata")
    try:
        parsed = orjson.loads(packed) if packed else None
    except orjson.JSONDecodeError:
        raise validation("The request metadata is not a JSON object.") from None
    return parsed if isinstance(parsed, dict) else None


_OPERATIONS: Mapping[str, Callable[[Call, Account], Outcome]] = MappingProxyType(
    {
        "Converse": _converse,
        "ConverseStream": _converse,
        "InvokeModel": _invoke,
        "InvokeModelWithResponseStream": _invoke_stream,
        "CountTokens": _count_tokens,
        "ListFoundationModels": _list_models,
        "ListInferenceProfiles": _list_profiles,
        "GetInferenceProfile": _get_profile,
    }
)
