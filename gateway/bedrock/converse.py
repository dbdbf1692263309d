"""Types of Converse and ConverseStream as JSON on the wire (botocore 1.44.5's service model): no code, types only.

Blobs are base64 text, as in the body. Only what is sent or read here is declared.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

ImageFormat = Literal["png", "jpeg", "gif", "webp"]


class TextBlock(TypedDict):
    text: str


class ImageSource(TypedDict):
    """`bytes` is base64."""

    bytes: str


class Image(TypedDict):
    format: ImageFormat
    source: ImageSource


class ToolUse(TypedDict):
    """`input` is a JSON object. `type` is `server_tool_use` where Bedrock itself runs the tool."""

    toolUseId: str
    name: str
    input: dict[str, Any]
    type: NotRequired[str]


class ToolResult(TypedDict):
    toolUseId: str
    content: list[TextBlock]
    status: NotRequired[Literal["success", "error"]]


class ReasoningText(TypedDict, total=False):
    text: str
    signature: str


class ReasoningContent(TypedDict, total=False):
    """One of them; `redactedContent` is base64."""

    reasoningText: ReasoningText
    redactedContent: str


class CitationsContent(TypedDict, total=False):
    """Stands in place of a text block where the model cites: the answer's text is in `content`."""

    content: list[TextBlock]
    citations: list[dict[str, Any]]


class ContentBlock(TypedDict, total=False):
    """A union: exactly one key is set."""

    text: str
    image: Image
    toolUse: ToolUse
    toolResult: ToolResult
    reasoningContent: ReasoningContent
    citationsContent: CitationsContent


class Message(TypedDict):
    role: Literal["user", "assistant"]
    content: list[ContentBlock]


class InferenceConfig(TypedDict, total=False):
    """`temperature` and `topP` 0..1, `maxTokens` at least 1, at most 2500 `stopSequences` of at least one character."""

    maxTokens: int
    temperature: float
    topP: float
    stopSequences: list[str]


class InputSchema(TypedDict):
    json: dict[str, Any]


class ToolSpec(TypedDict):
    """`name` matches [a-zA-Z0-9_-]{1,64}; `description` has at least one character."""

    name: str
    description: NotRequired[str]
    inputSchema: InputSchema


class Tool(TypedDict):
    toolSpec: ToolSpec


class SpecificToolChoice(TypedDict):
    name: str


class ToolChoice(TypedDict, total=False):
    """A union; there is no `none`."""

    auto: dict[str, Any]
    any: dict[str, Any]
    tool: SpecificToolChoice


class ToolConfig(TypedDict):
    tools: list[Tool]
    toolChoice: NotRequired[ToolChoice]


class ConverseRequest(TypedDict):
    """The body; the model's id is in the path. `requestMetadata`: at most 16 pairs."""

    messages: list[Message]
    inferenceConfig: InferenceConfig
    system: NotRequired[list[TextBlock]]
    toolConfig: NotRequired[ToolConfig]
    requestMetadata: NotRequired[dict[str, str]]
    additionalModelRequestFields: NotRequired[dict[str, Any]]


class ConverseUsage(TypedDict, total=False):
    """`inputTokens` excludes cache reads and writes. The `…TokenCount` twins are not in the service model."""

    inputTokens: int
    outputTokens: int
    totalTokens: int
    cacheReadInputTokens: int
    cacheWriteInputTokens: int
    cacheReadInputTokenCount: int
    cacheWriteInputTokenCount: int


class AnswerMessage(TypedDict, total=False):
    role: str
    content: list[ContentBlock]


class ConverseOutput(TypedDict, total=False):
    message: AnswerMessage


class ConverseResponse(TypedDict, total=False):
    output: ConverseOutput
    stopReason: str
    usage: ConverseUsage
    metrics: dict[str, Any]
