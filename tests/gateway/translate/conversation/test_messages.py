from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.catalog.capabilities import Capabilities
from gateway.errors import InvalidRequest
from gateway.openai import messages as openai
from gateway.openai.json_structure import MAX_CONTAINERS
from gateway.translate.chat_context import ChatContext
from gateway.translate.conversation.messages import Conversation, to_conversation
from tests.gateway.translate.conversations import (
    calls,
    conversation,
    model_with,
    result,
    result_block,
    said,
    text,
    use_block,
)
from tests.gateway.translate.work import SearchedText, opcodes_run


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


def test_every_block_is_told_where_it_came_from() -> None:
    got = conversation(
        said("system", [text("rules"), text(" "), text("more", cache_control={"type": "ephemeral"})]),
        said("user", [text(""), text("go")]),
        calls("1", "2", content="calling", reasoning_details=[{"type": "reasoning.encrypted", "data": "AAAA"}]),
        said("user", "and?"),
        result("2"),
        result("1", cache_control={"type": "ephemeral"}),
    )
    assert got.origins.system == (
        "messages[0].content[0]",
        "messages[0].content[2]",
        "messages[0].content[2].cache_control",
    )
    assert got.origins.messages == (
        ("messages[1].content[1]",),
        (
            "messages[2].reasoning_details[0]",
            "messages[2].content",
            "messages[2].tool_calls[0]",
            "messages[2].tool_calls[1]",
        ),
        ("messages[4]", "messages[5]", "messages[5].cache_control", "messages[3].content"),
    )


def test_there_is_an_origin_for_every_block_also_for_those_that_were_added() -> None:
    got = conversation(said("assistant", "b"), capabilities=Capabilities(prefill=False))
    assert [len(origins) for origins in got.origins.messages] == [len(m["content"]) for m in got.messages] == [1, 1, 1]
    assert got.origins.messages == (("",), ("messages[0].content",), ("messages[0].content",))


SIGNED = {"type": "thinking", "thinking": "hm", "signature": "s"}
GO = said("user", "go")


@pytest.mark.parametrize(
    ("messages", "broken"),
    [
        ((GO, calls("1"), result("1")), True),
        ((GO, calls("1"), result("1"), said("user", "and?")), True),
        ((GO, calls("1", thinking_blocks=[SIGNED]), result("1")), False),
        ((GO, calls("1", thinking_blocks=[SIGNED]), result("1"), calls("2"), result("2")), True),
        ((GO, calls("1"), result("1"), calls("2", thinking_blocks=[SIGNED]), result("2")), False),
        ((GO, calls("1"), result("1"), said("assistant", "done"), said("user", "next")), False),
        ((GO,), False),
        ((said("system", "rules"),), False),
    ],
)
def test_thinking_is_broken_where_the_last_calls_have_lost_their_reasoning(
    messages: tuple[dict[str, Any], ...], broken: bool
) -> None:
    assert conversation(*messages).thinking_broken is broken
    assert not conversation(*messages, capabilities=Capabilities()).thinking_broken


def test_reasoning_that_was_kept_stands_in_for_what_the_client_left_out() -> None:
    context = ChatContext(kept_reasoning={"1": [{"reasoningText": {"text": "hm", "signature": "s"}}]})
    got = conversation(GO, calls("1", "2", content="calling"), result("1"), result("2"), context=context)
    assert got.messages[1]["content"][0] == {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}}
    assert not got.thinking_broken


def test_reasoning_stands_first_in_a_turn_of_several_messages() -> None:
    got = conversation(GO, said("assistant", "a"), calls("1", thinking_blocks=[SIGNED]), result("1"))
    assert [next(iter(block)) for block in got.messages[1]["content"]] == ["reasoningContent", "text", "toolUse"]


def test_what_a_model_cannot_take_is_listed_once_for_all_messages() -> None:
    marked = said("user", [text("a", cache_control={"type": "ephemeral"})] * 3, cache_control={"type": "ephemeral"})
    reasoned = said("assistant", "b", reasoning_content="hm", thinking_blocks=[SIGNED])
    got = conversation(marked, reasoned, marked, reasoned, GO, capabilities=Capabilities())
    assert got.dropped == ("messages[].content[].cache_control", "messages[].cache_control")


def tool_call(tool_call_id: str, arguments: str = "{}") -> openai.ToolCall:
    # Not validated, which would make a plain str of the id.
    function = openai.FunctionCall(name="f", arguments=arguments)
    return openai.ToolCall.model_construct(id=SearchedText(tool_call_id), type="function", function=function)


def tool_result(tool_call_id: str) -> openai.ToolMessage:
    return openai.ToolMessage.model_construct(role="tool", tool_call_id=SearchedText(tool_call_id), content="ok")


def translated(messages: list[openai.Message]) -> Conversation:
    return to_conversation(messages, model_with(), ChatContext())


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
    assert opcodes_run(lambda: translated(longer)) < 2.3 * opcodes_run(lambda: translated(shorter))


def test_a_history_of_twenty_thousand_messages_is_translated_whole() -> None:
    got = translated(many_calls_in_one_turn(20_000))
    assert [len(message["content"]) for message in got.messages] == [1, 20_000, 20_000]


def test_the_arguments_of_all_calls_together_are_bounded_too() -> None:
    arguments = '{"a":[' + "{}," * (MAX_CONTAINERS // 2) + "{}]}"
    asked = tuple(tool_call(f"c{i}", arguments) for i in range(2))
    assistant = openai.AssistantMessage.model_construct(role="assistant", tool_calls=asked)
    with pytest.raises(InvalidRequest, match="arguments of all tool calls hold more than 200000") as caught:
        translated([assistant])
    assert caught.value.param == "messages"


def test_brackets_in_the_texts_of_arguments_do_not_count() -> None:
    code = json.dumps({"code": "{[" * MAX_CONTAINERS})
    asked = openai.AssistantMessage.model_construct(role="assistant", tool_calls=(tool_call("c", code),))
    assert translated([asked, tool_result("c")]).tool_names == ("f",)
