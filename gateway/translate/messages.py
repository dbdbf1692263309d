"""A conversation of OpenAI's as Converse takes it.

Converse wants what OpenAI does not: system text apart, the user first, roles alternating, no blank text, and every
tool use answered in the very next turn. So:

- system and developer messages, wherever they stand, become `system`, in order;
- messages of one side in a row become one turn, tool results first in it;
- blank text is dropped, and a message of nothing else with it;
- a conversation that does not start with the user (system only, or assistant first), or whose last user message was
  all blank, gets a minimal user turn. OpenAI accepts both, and chat interfaces send them: a refusal would break those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal

from gateway.bedrock.converse import ContentBlock, Message, TextBlock, ToolResult
from gateway.errors import InvalidRequest
from gateway.openai import messages as openai
from gateway.openai.json_structure import MAX_CONTAINERS, count_containers, most_containers
from gateway.translate.content import (
    PLACEHOLDER_TEXT,
    to_assistant_blocks,
    to_text_blocks,
    to_tool_result,
    to_user_blocks,
)

_MAX_NAMED_CALLS: Final = 8


@dataclass(frozen=True, slots=True)
class Conversation:
    """`messages` is never empty, nor is any content in it. `tool_names` are the tools used in it, each once."""

    system: list[TextBlock]
    messages: list[Message]
    tool_names: tuple[str, ...]


@dataclass(slots=True)
class _Turn:
    """`asked_ids` and `answered_ids` are of the tool uses and the tool results in it: each is looked up once a message,
    and a search in the blocks would be quadratic in a history of many calls."""

    role: Literal["user", "assistant"]
    tool_results: list[ContentBlock] = field(default_factory=list)
    blocks: list[ContentBlock] = field(default_factory=list)
    asked_ids: dict[str, None] = field(default_factory=dict)
    answered_ids: set[str] = field(default_factory=set)

    def add_blocks(self, blocks: Sequence[ContentBlock]) -> None:
        self.blocks += blocks
        self.asked_ids |= dict.fromkeys(block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block)

    def add_tool_result(self, tool_result: ToolResult) -> None:
        self.tool_results.append({"toolResult": tool_result})
        self.answered_ids.add(tool_result["toolUseId"])


def to_conversation(messages: Sequence[openai.Message]) -> Conversation:
    """Raises InvalidRequest for tool results without their call, calls without their result, and bad content."""
    _check_arguments(messages)
    system: list[TextBlock] = []
    turns: list[_Turn] = []
    for index, message in enumerate(messages):
        param = f"messages[{index}]"
        match message:
            case openai.SystemMessage():
                system += to_text_blocks(message.content)
            case openai.UserMessage():
                if blocks := to_user_blocks(message.content, f"{param}.content"):
                    _turn_of("user", turns).add_blocks(blocks)
            case openai.AssistantMessage():
                if blocks := to_assistant_blocks(message, param):
                    _turn_of("assistant", turns).add_blocks(blocks)
            case openai.ToolMessage():
                tool_result = to_tool_result(message)
                _check_awaited(message, tool_result["toolUseId"], turns, param)
                _turn_of("user", turns).add_tool_result(tool_result)
    _check_answered(turns)
    return Conversation(system, _to_messages(turns, _ends_with_user(messages)), _tool_names(turns))


def _turn_of(role: Literal["user", "assistant"], turns: list[_Turn]) -> _Turn:
    if not turns or turns[-1].role != role:
        turns.append(_Turn(role))
    return turns[-1]


def _check_arguments(messages: Sequence[openai.Message]) -> None:
    """Arguments are JSON texts within the body's strings, so that its own cap on objects and arrays leaves them out."""
    arguments = [
        call.function.arguments.encode()
        for message in messages
        if isinstance(message, openai.AssistantMessage)
        for call in message.tool_calls or ()
    ]
    # Counted exactly only where the free bound is over: code in arguments is full of brackets within strings.
    if sum(map(most_containers, arguments)) <= MAX_CONTAINERS:
        return
    if sum(map(count_containers, arguments)) > MAX_CONTAINERS:
        raise InvalidRequest(
            f"The arguments of all tool calls hold more than {MAX_CONTAINERS} objects and arrays. Send fewer messages.",
            "messages",
        )


def _check_awaited(message: openai.ToolMessage, tool_use_id: str, turns: list[_Turn], param: str) -> None:
    """Bedrock's own words for it, "exceeds the number of toolUse blocks of previous turn", name no OpenAI field."""
    asking = next((turn for turn in reversed(turns[-2:]) if turn.role == "assistant"), None)
    if asking is None or tool_use_id not in asking.asked_ids:
        reason = "answers no call in the preceding assistant message's 'tool_calls'"
    elif tool_use_id in turns[-1].answered_ids:
        reason = "was answered already"
    else:
        return
    raise InvalidRequest(f"The tool call '{message.tool_call_id[:64]}' {reason}.", f"{param}.tool_call_id")


def _check_answered(turns: list[_Turn]) -> None:
    for asking, answering in pairwise(turns):
        missing = [asked_id for asked_id in asking.asked_ids if asked_id not in answering.answered_ids]
        if missing:
            more = f" and {len(missing) - _MAX_NAMED_CALLS} more" if len(missing) > _MAX_NAMED_CALLS else ""
            raise InvalidRequest(
                "An assistant message with 'tool_calls' must be followed by a message of the role 'tool' for each "
                f"call. Missing: {', '.join(missing[:_MAX_NAMED_CALLS])}{more}.",
                "messages",
            )


def _ends_with_user(messages: Sequence[openai.Message]) -> bool:
    spoken = (message for message in reversed(messages) if not isinstance(message, openai.SystemMessage))
    return isinstance(next(spoken, None), openai.UserMessage)


def _to_messages(turns: list[_Turn], ends_with_user: bool) -> list[Message]:
    messages: list[Message] = [{"role": turn.role, "content": turn.tool_results + turn.blocks} for turn in turns]
    if not messages or messages[0]["role"] == "assistant":
        messages.insert(0, _placeholder())
    if ends_with_user and messages[-1]["role"] == "assistant":
        messages.append(_placeholder())
    return messages


def _placeholder() -> Message:
    return {"role": "user", "content": [{"text": PLACEHOLDER_TEXT}]}


def _tool_names(turns: list[_Turn]) -> tuple[str, ...]:
    used = (block["toolUse"]["name"] for turn in turns for block in turn.blocks if "toolUse" in block)
    return tuple(dict.fromkeys(used))
