from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.errors import InvalidRequest
from gateway.openai import messages as openai
from gateway.openai.chat import parse_chat_request
from gateway.openai.json_structure import MAX_CONTAINERS
from gateway.translate.content import PLACEHOLDER_TEXT
from gateway.translate.messages import Conversation, to_conversation
from tests.gateway.translate.work import SearchedText, opcodes_run

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


def test_of_many_calls_without_their_result_only_the_first_are_listed() -> None:
    with pytest.raises(InvalidRequest, match=r"Missing: c0, c1, c2, c3, c4, c5, c6, c7 and 92 more\.$"):
        conversation(said("user", "a"), calls(*(f"c{i}" for i in range(100))), said("user", "b"))


def tool_call(tool_call_id: str, arguments: str = "{}") -> openai.ToolCall:
    # Not validated, which would make a plain str of the id.
    function = openai.FunctionCall(name="f", arguments=arguments)
    return openai.ToolCall.model_construct(id=SearchedText(tool_call_id), type="function", function=function)


def tool_result(tool_call_id: str) -> openai.ToolMessage:
    return openai.ToolMessage.model_construct(role="tool", tool_call_id=SearchedText(tool_call_id), content="ok")


def many_calls_in_one_turn(count: int) -> list[openai.Message]:
    asked = tuple(tool_call(f"c{i}") for i in range(count))
    assistant = openai.AssistantMessage.model_construct(role="assistant", tool_calls=asked)
    return [assistant, *(tool_result(f"c{i}") for i in range(count))]


def one_call_a_message(count: int) -> list[openai.Message]:
    asked = (openai.AssistantMessage(role="assistant", tool_calls=(tool_call(f"c{i}"),)) for i in range(count))
    return [*asked, *(tool_result(f"c{i}") for i in range(count))]


def many_rounds(count: int) -> list[openai.Message]:
    return [message for _ in range(count) for message in many_calls_in_one_turn(1)]


@pytest.mark.parametrize("history", [many_calls_in_one_turn, one_call_a_message, many_rounds])
def test_twice_the_history_is_twice_the_work(history: Callable[[int], list[openai.Message]]) -> None:
    shorter, longer = history(200), history(400)
    assert opcodes_run(lambda: to_conversation(longer)) < 2.1 * opcodes_run(lambda: to_conversation(shorter))


def test_a_history_of_twenty_thousand_messages_is_translated_whole() -> None:
    translated = to_conversation(many_calls_in_one_turn(20_000))
    assert [len(message["content"]) for message in translated.messages] == [1, 20_000, 20_000]


def test_the_arguments_of_all_calls_together_are_bounded_too() -> None:
    arguments = '{"a":[' + "{}," * (MAX_CONTAINERS // 2) + "{}]}"
    asked = tuple(tool_call(f"c{i}", arguments) for i in range(2))
    assistant = openai.AssistantMessage.model_construct(role="assistant", tool_calls=asked)
    with pytest.raises(InvalidRequest, match="arguments of all tool calls hold more than 200000") as caught:
        to_conversation([assistant])
    assert caught.value.param == "messages"


def test_brackets_in_the_texts_of_arguments_do_not_count() -> None:
    code = json.dumps({"code": "{[" * MAX_CONTAINERS})
    asked = openai.AssistantMessage.model_construct(role="assistant", tool_calls=(tool_call("c", code),))
    assert to_conversation([asked, tool_result("c")]).tool_names == ("f",)
