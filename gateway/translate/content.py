"""Contents of OpenAI's messages as Converse's content blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from gateway.bedrock.converse import ContentBlock, TextBlock, ToolResult, ToolUse
from gateway.errors import InvalidRequest
from gateway.openai.json_structure import StructureTooLarge
from gateway.openai.messages import (
    AssistantMessage,
    ImagePart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolMessage,
)
from gateway.openai.wire import parse_json
from gateway.translate.images import to_image

# For where Converse demands a text and the client has none. Since mid-2026 Claude refuses a lone space too.
PLACEHOLDER_TEXT: Final = "(empty)"

_TOOL_USE_ID: Final = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_NOT_IN_TOOL_NAMES: Final = re.compile(r"[^a-zA-Z0-9_-]")
_MAX_TOOL_NAME_LENGTH: Final = 64


def to_text_blocks(content: str | Sequence[TextPart]) -> list[TextBlock]:
    """Without blank ones, which Converse refuses ("The text field in the ContentBlock object … is blank")."""
    texts = [content] if isinstance(content, str) else [part.text for part in content]
    return [{"text": text} for text in texts if text.strip()]


def to_user_blocks(content: str | Sequence[TextPart | ImagePart], param: str) -> list[ContentBlock]:
    """Text and images in the order sent; blank text dropped. `param` is the path of `content`."""
    if isinstance(content, str):
        return [{"text": content}] if content.strip() else []
    blocks: list[ContentBlock] = []
    for index, part in enumerate(content):
        if isinstance(part, ImagePart):
            blocks.append({"image": to_image(part.image_url.url, f"{param}[{index}].image_url.url")})
        elif part.text.strip():
            blocks.append({"text": part.text})
    return blocks


def to_assistant_blocks(message: AssistantMessage, param: str) -> list[ContentBlock]:
    """Text, a refusal's text too since the model said it, then tool uses. `param` is the path of the message."""
    content = message.content or ()
    texts = [content] if isinstance(content, str) else [_to_text(part) for part in content]
    if message.refusal:
        texts.append(message.refusal)
    blocks: list[ContentBlock] = [{"text": text} for text in texts if text.strip()]
    for index, call in enumerate(message.tool_calls or ()):
        blocks.append({"toolUse": to_tool_use(call, f"{param}.tool_calls[{index}].function.arguments")})
    return blocks


def _to_text(part: TextPart | RefusalPart) -> str:
    return part.refusal if isinstance(part, RefusalPart) else part.text


def to_tool_use(call: ToolCall, arguments_param: str) -> ToolUse:
    """A call replayed from history. Its name, the model's own invention at times (gpt-oss leaks its channel marks into
    it), is made legal: refusing it would leave the whole session stuck."""
    name = _NOT_IN_TOOL_NAMES.sub("_", call.function.name)[:_MAX_TOOL_NAME_LENGTH] or "_"
    return {
        "toolUseId": to_tool_use_id(call.id),
        "name": name,
        "input": _to_tool_input(call.function.arguments, arguments_param),
    }


def to_tool_use_id(tool_call_id: str) -> str:
    """As it is where Converse allows it, else a digest: the same for a call and its result, and different for others.

    Ids of other providers, in histories that began elsewhere, can be longer than 64 characters or hold `|`.
    """
    if _TOOL_USE_ID.fullmatch(tool_call_id):
        return tool_call_id
    return "call_" + sha256(tool_call_id.encode(errors="surrogatepass")).hexdigest()[:32]


def _to_tool_input(arguments: str, param: str) -> dict[str, Any]:
    if not arguments.strip():
        return {}
    try:
        parsed = parse_json(arguments)
    except StructureTooLarge as error:
        raise InvalidRequest(f"'{param}' is too large: {error}.", param) from None
    except ValueError as error:
        raise InvalidRequest(f"'{param}' is not valid JSON: {error}. Send a JSON object as a string.", param) from None
    if parsed is None:
        return {}
    if not isinstance(parsed, dict):
        raise InvalidRequest(f"'{param}' is not a JSON object. Send a JSON object as a string.", param)
    return parsed


def to_tool_result(message: ToolMessage) -> ToolResult:
    """Text verbatim, JSON or not. A result without text says so, since an empty content is refused in some cases."""
    blocks = to_text_blocks(message.content)
    return {"toolUseId": to_tool_use_id(message.tool_call_id), "content": blocks or [{"text": PLACEHOLDER_TEXT}]}
