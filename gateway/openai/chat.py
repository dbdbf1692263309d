"""Chat Completions, the request: every field of openai 3.51 is honoured, refused, or reported as ignored.

Declared below is what is honoured, and what is refused because dropping it would change the answer (`only`). All else,
OpenAI's or unknown, is accepted and listed by `ignored_params`, for the header `x-sluice-ignored-params`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import quote

from pydantic import Field

from gateway.openai.messages import REFUSED_TAGS, Messages
from gateway.openai.tools import ToolChoice, Tools
from gateway.openai.wire import ModelName, WireModel, array, only, parse_body, unknown_fields

# botocore sends maxTokens as a 32-bit integer.
Tokens = Annotated[int, Field(ge=1, le=2**31 - 1)]

# Converse's own limit, by botocore's service model; OpenAI's is 4.
MAX_STOP_SEQUENCES: Final = 2500

# Values of ignored fields which ask for nothing: many chat clients send these defaults with every request.
_NO_EFFECT: Final[Mapping[str, tuple[object, ...]]] = {
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "metadata": ({},),
    "parallel_tool_calls": (True,),
    "store": (False,),
    "service_tier": ("auto", "default"),
    "stream_options.include_obfuscation": (False,),
    "messages[].content[].image_url.detail": ("auto",),
    "tools[].function.strict": (False,),
}
MAX_REPORTED: Final = 32
MAX_REPORTED_LENGTH: Final = 64


class StreamOptions(WireModel):
    include_usage: bool | None = None


class ResponseFormat(WireModel):
    type: Annotated[
        str, only("text", why="Only the response format 'text' is supported yet. Ask for JSON in the prompt.")
    ]


class ChatCompletionRequest(WireModel):
    """A body of POST /v1/chat/completions. `max_completion_tokens` wins over `max_tokens`."""

    model: ModelName
    messages: Messages
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    stop: str | Annotated[tuple[str | None, ...], array(MAX_STOP_SEQUENCES)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: Tools | None = None
    tool_choice: ToolChoice | None = None

    n: Annotated[
        int | None, only(1, why="Only one choice per request is supported: send n=1, or several requests.")
    ] = None
    logprobs: Annotated[bool | None, only(False, why="Bedrock gives no log probabilities. Leave 'logprobs' out.")] = (
        None
    )
    top_logprobs: Annotated[int | None, only(0, why="Bedrock gives no log probabilities. Leave it out.")] = None
    response_format: ResponseFormat | None = None
    modalities: (
        Annotated[
            tuple[str, ...],
            array(max_items=8),
            only(("text",), (), why="Only text output is supported. Send modalities=['text'], or leave it out."),
        ]
        | None
    ) = None
    functions: Annotated[object, only([], why="'functions' is deprecated and not supported. Use 'tools'.")] = None
    function_call: Annotated[
        object, only("none", "auto", why="'function_call' is deprecated and not supported. Use 'tool_choice'.")
    ] = None
    web_search_options: Annotated[object, only(why="Web search is not supported. Give the model a tool for it.")] = None
    moderation: Annotated[object, only(why="OpenAI's moderation is not available here. Leave it out.")] = None

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


def ignored_params(request: WireModel) -> tuple[str, ...]:
    """Paths of what was sent and has no effect, each once, in the order sent: `seed`, `messages[].name`.

    Safe in an HTTP header, since clients choose the names: at most MAX_REPORTED items of at most MAX_REPORTED_LENGTH
    characters, anything but letters, digits and `[]._-` percent-encoded.
    """
    ignored: dict[str, None] = {}
    for path, value in unknown_fields(request):
        if not _asks_for_nothing(path, value):
            ignored[path[:MAX_REPORTED_LENGTH]] = None
        if len(ignored) == MAX_REPORTED:
            break
    quoted = (quote(path.encode(errors="replace"), safe="[]._-")[:MAX_REPORTED_LENGTH] for path in ignored)
    return tuple(dict.fromkeys(quoted))


def _asks_for_nothing(path: str, value: object) -> bool:
    # By type too: `store: 0` is no false, though Python holds them equal.
    return any(
        value == neutral and isinstance(value, bool) == isinstance(neutral, bool)
        for neutral in _NO_EFFECT.get(path, ())
    )
