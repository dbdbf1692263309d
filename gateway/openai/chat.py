"""Chat Completions, the request: every field of openai 3.51 is honoured, refused, or reported as ignored.

Declared below is what is honoured where the model can, and what is refused because dropping it would change the answer
(`only`). All else, OpenAI's or unknown, is accepted and listed by `ignored_params`, for the header
`x-sluice-ignored-params`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from pydantic import Field, model_validator

from gateway.errors import UnsupportedParameter
from gateway.openai.bedrock_fields import BedrockFields, ExtraBody
from gateway.openai.messages import REFUSED_TAGS, Messages
from gateway.openai.reasoning import Effort, ReasoningFormat, ReasoningOptions
from gateway.openai.response_format import ResponseFormat
from gateway.openai.tools import FunctionCallChoice, Functions, ToolChoice, Tools
from gateway.openai.wire import ModelName, WireModel, array, only, parse_body, unknown_fields, unsupported

# botocore sends maxTokens as a 32-bit integer.
Tokens = Annotated[int, Field(ge=1, le=2**31 - 1)]

# Converse's own limit, by botocore's service model; OpenAI's is 4.
MAX_STOP_SEQUENCES: Final = 2500

# Each choice is a call of its own, made at the same time.
MAX_CHOICES: Final = 16

# OpenAI's own limit, and that of Bedrock's requestMetadata.
MAX_METADATA: Final = 16

# Values of ignored fields which ask for nothing: many chat clients send these defaults with every request.
_NO_EFFECT: Final[Mapping[str, tuple[object, ...]]] = {
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "store": (False,),
    "verbosity": ("medium",),
    "stream_options.include_obfuscation": (False,),
    "messages[].content[].image_url.detail": ("auto",),
}

# What our own answers hold, and what the SDK adds to them when it parses: sent back with a message, it asks for
# nothing.
_OF_ANSWERS: Final = frozenset(
    {
        "messages[].annotations",
        "messages[].parsed",
        "messages[].tool_calls[].index",
        "messages[].tool_calls[].function.parsed_arguments",
    }
)
MAX_REPORTED: Final = 32
MAX_REPORTED_LENGTH: Final = 64


class StreamOptions(WireModel):
    include_usage: bool | None = None


class WebSearchOptions(WireModel):
    """Whether to search is all that can be said: what it holds is ignored."""


class ChatCompletionRequest(BedrockFields, defer_build=False):
    """A body of POST /v1/chat/completions. `max_completion_tokens` wins over `max_tokens`."""

    model: ModelName
    messages: Messages
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    stop: str | Annotated[tuple[str | None, ...], array(MAX_STOP_SEQUENCES)] | None = None
    n: Annotated[int, Field(ge=1, le=MAX_CHOICES)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: Tools | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    functions: Functions | None = None
    function_call: FunctionCallChoice | None = None
    web_search_options: WebSearchOptions | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: Effort | None = None
    reasoning: ReasoningOptions | None = None
    reasoning_format: ReasoningFormat | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None
    # Of values of any type: a dictionary's validation does not end at its first error, see `array`.
    metadata: Annotated[dict[str, Any], Field(max_length=MAX_METADATA)] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    extra_body: ExtraBody | None = None

    logprobs: Annotated[bool | None, only(False, why="Bedrock gives no log probabilities. Leave 'logprobs' out.")] = (
        None
    )
    top_logprobs: Annotated[int | None, only(0, why="Bedrock gives no log probabilities. Leave it out.")] = None
    modalities: (
        Annotated[
            tuple[str, ...],
            array(max_items=8),
            only(("text",), (), why="Only text output is supported. Send modalities=['text'], or leave it out."),
        ]
        | None
    ) = None
    moderation: Annotated[object, only(why="OpenAI's moderation is not available here. Leave it out.")] = None

    @model_validator(mode="before")
    @classmethod
    def _tell_other_apis(cls, body: object) -> object:
        if isinstance(body, dict) and "input" in body and body.get("messages") is None:
            raise unsupported("'input' belongs to the Responses API. Send the conversation in 'messages'.", "messages")
        return body

    @property
    def max_output_tokens(self) -> int | None:
        """The client's limit, under either of its names."""
        return self.max_completion_tokens if self.max_completion_tokens is not None else self.max_tokens

    @property
    def wants_usage_chunk(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage is True


def parse_chat_request(body: bytes) -> ChatCompletionRequest:
    """Raises InvalidRequest for malformed JSON, wrong types and missing fields, UnsupportedParameter for what cannot be
    honoured; `param` is the path of the field: `messages[0].content`."""
    return parse_body(ChatCompletionRequest, body, REFUSED_TAGS)


def ignored_params(request: WireModel, dropped: Sequence[str] = ()) -> tuple[str, ...]:
    """Paths of what was sent and has no effect, each once, in the order sent: `seed`, `messages[].name`; then those
    that were `dropped` in translation.

    Safe in an HTTP header, since clients choose the names: at most MAX_REPORTED items of at most MAX_REPORTED_LENGTH
    characters, anything but letters, digits and `[]._-` percent-encoded.
    """
    unknown = (path for path, value in unknown_fields(request) if not _asks_for_nothing(path, value))
    ignored = _first_distinct(path[:MAX_REPORTED_LENGTH] for path in chain(unknown, dropped))
    if not ignored:
        return ()
    quoted = (quote(path.encode(errors="replace"), safe="[]._-")[:MAX_REPORTED_LENGTH] for path in ignored)
    return tuple(dict.fromkeys(quoted))


def refuse_ignored(ignored: Sequence[str]) -> None:
    """For a policy with `strict_params`: raises UnsupportedParameter for the first of what `ignored_params` found."""
    if ignored:
        raise UnsupportedParameter(
            f"'{ignored[0]}' would have no effect here, and such parameters are refused for this key. Leave it out.",
            ignored[0],
        )


def _first_distinct(paths: Iterable[str]) -> tuple[str, ...]:
    distinct: dict[str, None] = {}
    for path in paths:
        distinct[path] = None
        if len(distinct) == MAX_REPORTED:
            break
    return tuple(distinct)


def _asks_for_nothing(path: str, value: object) -> bool:
    # By type too: `store: 0` is no false, though Python holds them equal.
    return path in _OF_ANSWERS or any(
        value == neutral and isinstance(value, bool) == isinstance(neutral, bool)
        for neutral in _NO_EFFECT.get(path, ())
    )
