from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.openai.messages import AssistantMessage, FunctionCall, RefusalPart, TextPart, ToolCall, ToolMessage
from gateway.translate.content import PLACEHOLDER_TEXT, to_assistant_blocks, to_tool_result, to_tool_use, to_tool_use_id

PARAM = "messages[2].tool_calls[0].function.arguments"


def call(arguments: str = "{}", name: str = "f", tool_call_id: str = "t1") -> ToolCall:
    return ToolCall(id=tool_call_id, function=FunctionCall(name=name, arguments=arguments))


@pytest.mark.parametrize("arguments", ["", " \n", "null", "{}"])
def test_a_call_without_arguments_has_an_empty_object_as_input(arguments: str) -> None:
    assert to_tool_use(call(arguments), PARAM)["input"] == {}


@pytest.mark.parametrize("arguments", ["{", "nope", "[1]", '"text"', "3", "NaN", '{"a":' * 200 + "1" + "}" * 200])
def test_arguments_that_are_no_json_object_are_named_before_any_call(arguments: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        to_tool_use(call(arguments), PARAM)
    assert caught.value.param == PARAM


def test_arguments_of_too_much_structure_are_named_as_too_large() -> None:
    with pytest.raises(InvalidRequest, match="too large: it nests deeper") as caught:
        to_tool_use(call('{"a":' * 200 + "1" + "}" * 200), PARAM)
    assert caught.value.param == PARAM


@pytest.mark.parametrize("tool_call_id", ["tooluse_dV5eh-1", "call.a:b", "x" * 64])
def test_ids_that_converse_allows_are_kept(tool_call_id: str) -> None:
    assert to_tool_use_id(tool_call_id) == tool_call_id


@given(st.lists(st.text(), unique=True, min_size=2, max_size=5))
def test_other_ids_become_legal_and_stay_distinct(tool_call_ids: list[str]) -> None:
    legal = [to_tool_use_id(tool_call_id) for tool_call_id in tool_call_ids]
    assert all(re.fullmatch(r"[a-zA-Z0-9_.:-]{1,64}", tool_use_id) for tool_use_id in legal)
    assert len(set(legal)) == len(tool_call_ids)


@pytest.mark.parametrize(
    ("name", "legal"), [("json<|channel|>commentary", "json__channel__commentary"), ("x" * 70, "x" * 64), ("", "_")]
)
def test_a_name_the_model_invented_does_not_leave_the_session_stuck(name: str, legal: str) -> None:
    assert to_tool_use(call(name=name), PARAM)["name"] == legal


def test_text_and_refusals_come_before_tool_uses() -> None:
    message = AssistantMessage(
        role="assistant",
        content=(
            TextPart(type="text", text="a"),
            RefusalPart(type="refusal", refusal="b"),
            TextPart(type="text", text=""),
        ),
        refusal="c",
        tool_calls=(call('{"a":1}'),),
    )
    assert to_assistant_blocks(message, "messages[2]") == [
        {"text": "a"},
        {"text": "b"},
        {"text": "c"},
        {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}},
    ]


def test_a_tool_result_that_looks_like_json_is_kept_to_the_byte() -> None:
    text = '{"b" :  1}\n'
    assert to_tool_result(ToolMessage(role="tool", tool_call_id="t1", content=text))["content"] == [{"text": text}]


@pytest.mark.parametrize("content", ["", " ", (), (TextPart(type="text", text=""),)])
def test_an_empty_tool_result_says_so(content: str | tuple[TextPart, ...]) -> None:
    message = ToolMessage(role="tool", tool_call_id="t1", content=content)
    assert to_tool_result(message) == {"toolUseId": "t1", "content": [{"text": PLACEHOLDER_TEXT}]}
