"""Converse's own checks, which come after Coral's and before the model's. Paths are zero-based.

The order is that of the table at the end. Each rule is a function from a conversation to a message or None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simulator.evidence import Conversation, Evidence, Rule

_CONTENT_KEYS = "text, image, document, video, audio, toolUse, toolResult, guardContent, cachePoint, reasoningContent"
_DOCUMENT_SOURCE_KEYS = ("bytes", "s3Location", "text", "content")
# Underscores are refused by the documentation and accepted in recordings.
_DOCUMENT_NAME = re.compile(r"[\w\-()\[\]]+(?:\s[\w\-()\[\]]+)*\s?", re.ASCII)


def _first_message(conversation: Conversation) -> str | None:
    messages = conversation.messages
    # The refusal of an empty list is not recorded; it is given this text too.
    if messages and messages[0]["role"] == "user":
        return None
    return (
        "A conversation must start with a user message. Try again with a conversation that starts with a user message."
    )


def _content_present(conversation: Conversation) -> str | None:
    for index, message in enumerate(conversation.messages):
        if not message["content"]:
            return (
                f"The content field in the Message object at messages.{index} is empty. "
                "Add a ContentBlock object to the content field and try again."
            )
    return None


def _one_key_per_block(conversation: Conversation) -> str | None:
    for block in conversation.blocks():
        if len(block.content) != 1:
            amount = "can only set one" if block.content else "must set one"
            return f"ContentBlock object at {block.path} {amount} of the following keys: {_CONTENT_KEYS}."
    return None


def _text_not_blank(conversation: Conversation) -> str | None:
    for block in conversation.blocks("text"):
        if not block.content["text"].strip():
            return (
                f"The text field in the ContentBlock object at {block.path} is blank. "
                "Add text to the text field, and try again."
            )
    return None


def _tool_config_present(conversation: Conversation) -> str | None:
    if conversation.tools or not (any(conversation.blocks("toolUse")) or any(conversation.blocks("toolResult"))):
        return None
    return "The toolConfig field must be defined when using toolUse and toolResult content blocks."


def _tool_input_is_object(conversation: Conversation) -> str | None:
    for block in conversation.blocks("toolUse"):
        if not isinstance(block.content["toolUse"]["input"], dict):
            return _not_an_object(f"{block.path}.toolUse.input")
    return None


def _tool_json_is_object(conversation: Conversation) -> str | None:
    for block in conversation.blocks("toolResult"):
        for index, content in enumerate(block.content["toolResult"]["content"]):
            if "json" in content and not isinstance(content["json"], dict):
                return _not_an_object(f"{block.path}.toolResult.content.{index}.json")
    return None


def _failed_result_has_content(conversation: Conversation) -> str | None:
    for block in conversation.blocks("toolResult"):
        result = block.content["toolResult"]
        if result.get("status") == "error" and not result["content"]:
            return f"The content field at {block.path}.toolResult cannot be empty when status value is error."
    return None


def _tool_ids_unique(conversation: Conversation) -> str | None:
    for index, message in enumerate(conversation.messages):
        ids = _tool_ids(message, "toolUse")
        repeated = sorted({tool_id for tool_id in ids if ids.count(tool_id) > 1})
        if repeated:
            return f"The toolUse blocks at messages.{index}.content contain duplicate Ids: {', '.join(repeated)}"
    return None


def _results_answer_calls(conversation: Conversation) -> str | None:
    called: list[str] = []
    for index, message in enumerate(conversation.messages):
        answered = _tool_ids(message, "toolResult")
        if message["role"] == "user":
            missing = [tool_id for tool_id in called if tool_id not in answered]
            if missing:
                ids = ", ".join(missing)
                return f"Expected toolResult blocks at messages.{index}.content for the following Ids: {ids}"
            if len(answered) > len(called):
                return (
                    f"The number of toolResult blocks at messages.{index}.content exceeds the number of toolUse blocks "
                    "of previous turn."
                )
        called = _open_calls(message)
    return None


def _no_user_reasoning(conversation: Conversation) -> str | None:
    if any(block.role == "user" for block in conversation.blocks("reasoningContent")):
        return "User messages cannot contain reasoning content. Please remove the reasoning content and try again."
    return None


def _document_names(conversation: Conversation) -> str | None:
    for block in conversation.blocks("document"):
        if not _DOCUMENT_NAME.fullmatch(block.content["document"]["name"]):
            return (
                "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, "
                "parentheses, and square brackets. The name can't contain more than one consecutive whitespace "
                "character. Check that the file name conforms to these restrictions and retry your request."
            )
    return None


def _documents_have_a_source(conversation: Conversation) -> str | None:
    for block in conversation.blocks("document"):
        source = block.content["document"]["source"]
        if sum(key in source for key in _DOCUMENT_SOURCE_KEYS) != 1:
            place = f"{block.path}.document.source"
            return f"DocumentSource object at {place} must set one of the following keys: bytes, s3Location."
    return None


def _documents_come_with_text(conversation: Conversation) -> str | None:
    for message in conversation.messages:
        kinds = {kind for content in message["content"] for kind in content}
        if "document" in kinds and not kinds & {"text", "toolResult"}:
            return "A text block must be included when using documents."
    return None


def _cache_points_follow_content(conversation: Conversation) -> str | None:
    for message in conversation.messages:
        if all("cachePoint" in content for content in message["content"]):
            return "There is nothing available to cache. Please remove the invalid cache point and try again."
    return None


def _tool_choice_named_once(conversation: Conversation) -> str | None:
    if "tool_choice" in conversation.extra_fields and conversation.tool_choice:
        kind = next(iter(conversation.tool_choice))
        return (
            "The additional field tool_choice/type conflicts with the existing field "
            f"toolConfig.toolChoice.{kind}. Remove tool_choice/type and try again."
        )
    return None


def _not_an_object(path: str) -> str:
    return f"The format of the value at {path} is invalid. Provide a json object for the field and try again."


def _tool_ids(message: Mapping[str, Any], kind: str) -> list[str]:
    return [content[kind]["toolUseId"] for content in message["content"] if kind in content]


def _open_calls(message: Mapping[str, Any]) -> list[str]:
    # A system tool's result stands in the assistant's own message; such a call is not the caller's to answer.
    settled = _tool_ids(message, "toolResult") if message["role"] == "assistant" else []
    return [tool_id for tool_id in _tool_ids(message, "toolUse") if tool_id not in settled]


CONVERSE_RULES: tuple[Rule, ...] = (
    Rule("content present", Evidence.FIXTURE, _content_present),
    Rule("one key per block", Evidence.QUOTED, _one_key_per_block),
    Rule("first message from user", Evidence.QUOTED, _first_message),
    Rule("text not blank", Evidence.QUOTED, _text_not_blank),
    Rule("no reasoning from user", Evidence.FIXTURE, _no_user_reasoning),
    Rule("toolConfig with tool blocks", Evidence.QUOTED, _tool_config_present),
    Rule("tool input is an object", Evidence.QUOTED, _tool_input_is_object),
    Rule("tool json is an object", Evidence.QUOTED, _tool_json_is_object),
    Rule("failed result has content", Evidence.QUOTED, _failed_result_has_content),
    Rule("tool ids unique", Evidence.FIXTURE, _tool_ids_unique),
    Rule("results answer calls", Evidence.RECORDED, _results_answer_calls),
    Rule("document names", Evidence.FIXTURE, _document_names),
    Rule("documents have a source", Evidence.QUOTED, _documents_have_a_source),
    Rule("documents come with text", Evidence.QUOTED, _documents_come_with_text),
    Rule("cache points follow content", Evidence.FIXTURE, _cache_points_follow_content),
    Rule("tool choice named once", Evidence.FIXTURE, _tool_choice_named_once),
)
