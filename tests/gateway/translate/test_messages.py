from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import InvalidRequest
from gateway.openai.chat import parse_chat_request
from gateway.translate.content import PLACEHOLDER_TEXT
from gateway.translate.messages import Conversation, to_conversation

PLACEHOLDER = {"role": "user", "content": [{"text": PLACEHOLDER_TEXT}]}


def conversation(*messages: dict[str, Any]) -> Conversation:
    body = {"model": "m", "messages": messages}
    return to_conversation(parse_chat_request(json.dumps(body).encode()).messages)


def said(role: str, content: object) -> dict[str, Any]:
    return {"role": role, "content": content}


def calls(*ids: str, content: str | None = None) -> dict[str, Any]:
    tool_calls = [{"id": i, "type": "function", "function": {"name": f"f{i}", "arguments": "{}"}} for i in ids]
    return {"role": "assistant", "content": content, "tool_calls": tool_calls}


def result(tool_call_id: str, content: object = "ok") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": tool_call_id, "content": content}


def use_block(tool_use_id: str) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": tool_use_id, "name": f"f{tool_use_id}", "input": {}}}


def result_block(tool_use_id: str, text: str = "ok") -> dict[str, Any]:
    return {"toolResult": {"toolUseId": tool_use_id, "content": [{"text": text}]}}


def test_instructions_become_system_in_order_wherever_they_stand() -> None:
    got = conversation(
        said("system", "a"),
        said("user", "hi"),
        said(
            "developer", [{"type": "text", "text": "b"}, {"type": "text", "text": " "}, {"type": "text", "text": "c"}]
        ),
    )
    assert got.system == [{"text": "a"}, {"text": "b"}, {"text": "c"}]
    assert got.messages == [{"role": "user", "content": [{"text": "hi"}]}]


@pytest.mark.parametrize("blank", ["", " \n", []])
def test_blank_instructions_are_dropped(blank: object) -> None:
    assert conversation(said("system", blank), said("user", "hi")).system == []


def test_messages_of_one_side_in_a_row_become_one_turn() -> None:
    got = conversation(
        said("user", "a"), said("user", "b"), said("assistant", "c"), said("assistant", "d"), said("user", "e")
    )
    assert got.messages == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"text": "c"}, {"text": "d"}]},
        {"role": "user", "content": [{"text": "e"}]},
    ]


def test_tool_results_come_first_in_a_merged_user_turn() -> None:
    got = conversation(said("user", "go"), calls("1", "2"), result("1"), said("user", "and?"), result("2"))
    assert got.messages[1:] == [
        {"role": "assistant", "content": [use_block("1"), use_block("2")]},
        {"role": "user", "content": [result_block("1"), result_block("2"), {"text": "and?"}]},
    ]
    assert got.tool_names == ("f1", "f2")


def test_blank_messages_are_dropped_and_their_neighbours_merged() -> None:
    got = conversation(said("user", "a"), said("assistant", ""), said("user", " "), said("user", "b"))
    assert got.messages == [{"role": "user", "content": [{"text": "a"}, {"text": "b"}]}]


@pytest.mark.parametrize(
    "message", [said("system", "be kind"), said("user", ""), said("user", []), said("assistant", None)]
)
def test_a_conversation_without_content_gets_a_minimal_user_turn(message: dict[str, Any]) -> None:
    assert conversation(message).messages == [PLACEHOLDER]


def test_a_conversation_that_the_assistant_starts_gets_a_minimal_user_turn_first() -> None:
    got = conversation(said("assistant", "Hello, how can I help?"), said("user", "hi"))
    assert got.messages[0] == PLACEHOLDER
    assert [m["role"] for m in got.messages] == ["user", "assistant", "user"]


def test_a_blank_last_user_message_does_not_turn_the_answer_before_it_into_a_prefill() -> None:
    got = conversation(said("user", "a"), said("assistant", "b"), said("user", ""))
    assert got.messages[-1] == PLACEHOLDER


def test_an_assistant_message_at_the_end_stays_a_prefill() -> None:
    got = conversation(said("user", "a"), said("assistant", "b"))
    assert got.messages[-1] == {"role": "assistant", "content": [{"text": "b"}]}


def test_minimal_turns_are_never_shared_between_requests() -> None:
    first, second = (conversation(said("system", "a")).messages[0] for _ in range(2))
    assert first["content"] is not second["content"]


@pytest.mark.parametrize(
    "messages",
    [
        (said("user", "a"), result("1")),
        (result("1"),),
        (said("user", "a"), calls("1"), result("2")),
        (said("user", "a"), calls("1"), result("1"), said("assistant", "b"), result("1")),
    ],
)
def test_a_tool_result_without_its_call_is_named(messages: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(InvalidRequest, match="answers no call") as caught:
        conversation(*messages)
    assert caught.value.param == f"messages[{len(messages) - 1}].tool_call_id"


def test_a_call_answered_twice_is_named() -> None:
    with pytest.raises(InvalidRequest, match="answered already") as caught:
        conversation(said("user", "a"), calls("1"), result("1"), result("1"))
    assert caught.value.param == "messages[3].tool_call_id"


def test_a_call_without_its_result_is_refused_before_bedrock_does() -> None:
    with pytest.raises(InvalidRequest, match=r"Missing: 2\.") as caught:
        conversation(said("user", "a"), calls("1", "2"), result("1"), said("user", "b"))
    assert caught.value.param == "messages"


def test_ids_may_return_in_a_later_turn() -> None:
    got = conversation(said("user", "a"), calls("1"), result("1"), calls("1"), result("1"))
    assert len(got.messages) == 5
    assert got.tool_names == ("f1",)
