"""What a client says in the words of Bedrock and its models.

Additional fields reach the model unseen by Converse, and so they must not say what the gateway has to: a limit of the
answer or a number of answers would be billed beyond what was reserved, messages and tools of another form would go
past policy and guardrail. Such names are refused, in any spelling and at any depth: some models have limits within
objects (`inferenceConfig.maxTokens`, `textGenerationConfig.maxTokenCount`), and what else a provider reads in objects,
nobody here can say. Sampling has parameters of its own, whose rules a field would go round.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from gateway.errors import InvalidRequest, UnsupportedParameter
from gateway.openai.bedrock_fields import (
    MODEL_FIELDS,
    BedrockFields,
    GuardrailFields,
    PerformanceFields,
    PromptCaching,
    ServiceTierFields,
)
from gateway.openai.chat import ChatCompletionRequest
from gateway.translate.answer.json_text import to_json_text

Value = TypeVar("Value")

# No model has so many; the work on each name is bounded with them.
MAX_MODEL_FIELDS: Final = 256

# As JSON. A schema of an answer may be long; nothing else is. The work of the search is bounded with them.
MAX_MODEL_FIELDS_BYTES: Final = 256 * 1024

# In letters and digits alone, in lower case. How much comes out, and how often:
_LIMITS: Final = frozenset(
    "maxtokens maxcompletiontokens maxoutputtokens maxnewtokens maxtokenstosample maxtokencount maxtokensperresponse "
    "maxgenlen maxgenerationlength maxlength maxlen maxoutputlength tokenstogenerate "
    "numpredict n bestof candidatecount numcandidates numchoices "
    "numcompletions numgenerations numoutputs numresults numreturnsequences numsamples".split()
)
# What is asked, by whom, at which price:
_GOVERNED: Final = frozenset(
    "messages message system prompt promptvariables input inputs inputtext instructions chathistory preamble "
    "preambleoverride documents tools toolchoice toolconfig mcpservers container stream model modelid "
    "anthropicversion guardrailconfig amazonbedrockguardrailconfig guardrailidentifier guardrailversion metadata "
    "requestmetadata servicetier performanceconfig speed inferencegeo fallbacks functions functioncall "
    "websearchoptions toolresults systemprompt developer chattemplate prompttemplate inputprompt images connectors "
    "plugins contextmanagement extrabody additionalmodelrequestfields amazonbedrocktrace "
    "amazonbedrockguardrailaction".split()
)
_SAMPLING: Final = frozenset("temperature topp stop stopsequences".split())
# JSON schemas, whose properties may have any name.
_SCHEMAS: Final = frozenset({"schema", "jsonschema"})


@dataclass(frozen=True, slots=True)
class ExtraFields:
    """`model_fields` are for additionalModelRequestFields, by name; the rest are Converse's own."""

    model_fields: Mapping[str, Any] = field(default_factory=dict)
    top_k: int | None = None
    response_paths: tuple[str, ...] = ()
    guardrail: GuardrailFields | None = None
    performance: PerformanceFields | None = None
    service_tier: ServiceTierFields | None = None
    prompt_caching: PromptCaching | None = None


_NAMES: Final = frozenset({*BedrockFields.model_fields, "extra_body"})
NO_EXTRA: Final = ExtraFields()
"""Of nearly every request."""


def to_extra_fields(request: ChatCompletionRequest) -> ExtraFields:
    """Raises UnsupportedParameter for names that are not the client's to set, InvalidRequest for what it says twice, in
    two ways."""
    if _NAMES.isdisjoint(request.model_fields_set):
        return NO_EXTRA
    model_fields: dict[str, Any] = {}
    sent = list(_model_fields(request))
    _check_size(sent)
    for name, value, param in sent:
        _check_name(name, param)
        _check_within({name: value}, param)
        model_fields[name] = _agreed(model_fields.get(name), value, param)
    extra = request.extra_body or BedrockFields()
    paths = "additionalModelResponseFieldPaths"
    return ExtraFields(
        model_fields,
        _agreed(request.top_k, extra.top_k, "top_k"),
        _agreed(request.additionalModelResponseFieldPaths, extra.additionalModelResponseFieldPaths, paths) or (),
        _agreed(request.guardrailConfig, extra.guardrailConfig, "guardrailConfig"),
        _agreed(request.performanceConfig, extra.performanceConfig, "performanceConfig"),
        _agreed(request.serviceTier, extra.serviceTier, "serviceTier"),
        _agreed(request.prompt_caching, extra.prompt_caching, "prompt_caching"),
    )


def _model_fields(request: ChatCompletionRequest) -> Iterator[tuple[str, Any, str]]:
    """Name, value and path of every field for the model."""
    yield from _declared(request, "")
    if request.extra_body is not None:
        yield from _declared(request.extra_body, "extra_body.")
        for name, value in (request.extra_body.model_extra or {}).items():
            if value is not None:
                yield name, value, f"extra_body.{name}"


def _declared(said: BedrockFields, prefix: str) -> Iterator[tuple[str, Any, str]]:
    for container in ("additionalModelRequestFields", "additional_model_request_fields"):
        for name, value in (getattr(said, container) or {}).items():
            yield name, value, f"{prefix}{container}.{name}"
    for name in MODEL_FIELDS:
        value = getattr(said, name)
        if value is not None:
            yield name, list(value) if isinstance(value, tuple) else value, f"{prefix}{name}"


def _agreed(first: Value | None, second: Value | None, param: str) -> Value | None:
    if first is not None and second is not None and first != second:
        raise InvalidRequest(f"'{_shown(param)}' is sent twice, with two values. Send one of them.", _shown(param))
    return first if first is not None else second


def _check_size(sent: Sequence[tuple[str, Any, str]]) -> None:
    if not sent:
        return
    param = sent[0][2].split(".")[0]
    if len(sent) > MAX_MODEL_FIELDS:
        raise InvalidRequest(f"More than {MAX_MODEL_FIELDS} fields for the model are sent.", param)
    if len(to_json_text([[name, value] for name, value, _ in sent])) > MAX_MODEL_FIELDS_BYTES:
        raise InvalidRequest(f"Fields for the model may have {MAX_MODEL_FIELDS_BYTES} bytes in all.", param)


def _check_name(name: str, param: str) -> None:
    if _plainly(name) in _SAMPLING:
        raise _governed_refused(param)


def _check_within(fields: dict[str, Any], param: str) -> None:
    """Linear in what `fields` hold, whose size is bounded by now."""
    pending: list[Any] = [fields]
    while pending:
        inner = pending.pop()
        if isinstance(inner, dict):
            names = {name: _plainly(name) for name in inner}
            if not _LIMITS.isdisjoint(names.values()):
                raise _limit_refused(param)
            if not _GOVERNED.isdisjoint(names.values()):
                raise _governed_refused(param)
            inner = [value for name, value in inner.items() if names[name] not in _SCHEMAS]
        pending += (value for value in inner if isinstance(value, dict | list))


def _governed_refused(param: str) -> UnsupportedParameter:
    return UnsupportedParameter(
        f"'{_shown(param)}' may not be set past the gateway. Use the parameter of Chat Completions for it.",
        _shown(param),
    )


def _limit_refused(param: str) -> UnsupportedParameter:
    return UnsupportedParameter(
        f"'{_shown(param)}' sets how much is answered, past the gateway. Use 'max_completion_tokens' and 'n'.",
        _shown(param),
    )


def _plainly(name: str) -> str:
    """Without what a reader, or a provider, may not see: width, case, separators, marks of no width."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name))).lower()


def _shown(param: str) -> str:
    """The client chose its end, of any length."""
    return param[:96]
