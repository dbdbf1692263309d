"""Messages of a chat request, as openai 3.51 types them, cut to what can be honoured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from gateway.openai.wire import WireModel, array, only

# What a request may hold bounds the work on it. All of these are far above what any model makes use of.
MAX_MESSAGES: Final = 10_000
MAX_PARTS: Final = 2048
"""Of one message's content."""
MAX_TOOL_CALLS: Final = 1024
"""Of one message. OpenAI stops at 128, but Claude is seen to answer with more, and has to be able to read it again."""

REFUSED_TAGS: Final[Mapping[str, str]] = {
    "input_audio": "Audio input is not supported. Send text, or images as data URLs.",
    "file": "File input is not supported yet. Send the file's text in a text part.",
    "function": "The role 'function' is not supported. Answer tool calls with messages of the role 'tool'.",
}


class TextPart(WireModel):
    type: Literal["text"]
    text: str


class RefusalPart(WireModel):
    type: Literal["refusal"]
    refusal: str


class ImageUrl(WireModel):
    url: str


class ImagePart(WireModel):
    type: Literal["image_url"]
    image_url: ImageUrl


UserPart = Annotated[TextPart | ImagePart, Field(discriminator="type")]
AssistantPart = Annotated[TextPart | RefusalPart, Field(discriminator="type")]
TextParts = Annotated[tuple[TextPart, ...], array(MAX_PARTS)]


class SystemMessage(WireModel):
    """Instructions; `developer` is the newer name of `system`. May stand anywhere in a conversation."""

    role: Literal["system", "developer"]
    content: str | TextParts


class UserMessage(WireModel):
    role: Literal["user"]
    content: str | Annotated[tuple[UserPart, ...], array(MAX_PARTS)]


class FunctionCall(WireModel):
    """`arguments` is JSON text; some clients replay a call without arguments as an empty string."""

    name: str
    arguments: str


class ToolCall(WireModel):
    id: str
    type: Annotated[
        str, only("function", why="Only tool calls of the type 'function' are supported, not custom tools.")
    ] = "function"
    function: FunctionCall


class AssistantMessage(WireModel):
    role: Literal["assistant"]
    content: str | Annotated[tuple[AssistantPart, ...], array(MAX_PARTS)] | None = None
    refusal: str | None = None
    tool_calls: Annotated[tuple[ToolCall, ...], array(MAX_TOOL_CALLS)] | None = None
    audio: Annotated[object, only(why="Audio is not supported. Send the earlier answer's text as content.")] = None
    function_call: Annotated[object, only(why="'function_call' is not supported. Use 'tool_calls'.")] = None


class ToolMessage(WireModel):
    role: Literal["tool"]
    tool_call_id: str
    content: str | TextParts


Message = Annotated[SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")]
Messages = Annotated[tuple[Message, ...], array(MAX_MESSAGES, min_items=1)]
