from __future__ import annotations

import json
from base64 import b64encode
from itertools import pairwise
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from gateway.bedrock.converse import ConverseRequest
from gateway.catalog.model import Model
from gateway.errors import InvalidRequest
from gateway.openai.chat import MAX_STOP_SEQUENCES, parse_chat_request
from gateway.translate.chat_request import to_converse

MODEL = Model("claude", "us.anthropic.claude-x", "anthropic.claude-x", default_max_tokens=4096)
USER = {"role": "user", "content": "hi"}
CONVERSE = botocore.session.get_session().get_service_model("bedrock-runtime").shape_for("ConverseRequest")


def translated(**fields: Any) -> ConverseRequest:
    body = {"model": "m", "messages": [USER], **fields}
    return to_converse(parse_chat_request(json.dumps(body).encode()), MODEL)


def test_a_plain_request_holds_messages_and_a_token_limit_and_nothing_else() -> None:
    assert translated() == {
        "messages": [{"role": "user", "content": [{"text": "hi"}]}],
        "inferenceConfig": {"maxTokens": 4096},
    }


def test_the_clients_limit_comes_before_the_models_default() -> None:
    assert translated(max_tokens=5)["inferenceConfig"]["maxTokens"] == 5
    assert translated(max_tokens=5, max_completion_tokens=6)["inferenceConfig"]["maxTokens"] == 6


def test_sampling_is_passed_on() -> None:
    config = translated(temperature=0, top_p=1)["inferenceConfig"]
    assert (config["temperature"], config["topP"]) == (0, 1)


def test_a_temperature_that_bedrock_does_not_know_is_refused_and_not_clamped() -> None:
    with pytest.raises(InvalidRequest, match="0 to 1") as caught:
        translated(temperature=1.5)
    assert caught.value.param == "temperature"


@pytest.mark.parametrize(("stop", "sequences"), [("a", ["a"]), (["a", "\n"], ["a", "\n"]), (["a", "", None], ["a"])])
def test_stop_is_a_text_or_a_list(stop: object, sequences: list[str]) -> None:
    assert translated(stop=stop)["inferenceConfig"]["stopSequences"] == sequences


@pytest.mark.parametrize("stop", [None, "", [], [""], [None]])
def test_a_stop_that_stops_nothing_is_left_out(stop: object) -> None:
    assert "stopSequences" not in translated(stop=stop)["inferenceConfig"]


def test_as_many_stop_sequences_as_converse_takes_are_passed_on() -> None:
    assert len(translated(stop=["a"] * MAX_STOP_SEQUENCES)["inferenceConfig"]["stopSequences"]) == MAX_STOP_SEQUENCES


@pytest.mark.parametrize("content", ["", " ", []])
def test_blank_instructions_leave_no_system(content: object) -> None:
    assert "system" not in translated(messages=[{"role": "system", "content": content}, USER])


texts = st.text(max_size=6)
text_parts = st.builds(lambda text: {"type": "text", "text": text}, texts)
PNG_URL = "data:image/png;base64," + b64encode(b"\x89PNG\r\n\x1a\n").decode()
image_parts = st.just({"type": "image_url", "image_url": {"url": PNG_URL}})
contents = texts | st.lists(text_parts, max_size=3)
plain_messages = st.one_of(
    st.builds(
        lambda role, content: {"role": role, "content": content}, st.sampled_from(["system", "developer"]), contents
    ),
    st.builds(lambda content: {"role": "user", "content": content}, contents | st.lists(text_parts | image_parts)),
    st.builds(
        lambda content, refusal: {"role": "assistant", "content": content, "refusal": refusal},
        st.none() | contents,
        st.none() | texts,
    ),
)


@st.composite
def tool_rounds(draw: st.DrawFn) -> list[dict[str, Any]]:
    ids = draw(st.lists(st.text(max_size=70), min_size=1, max_size=3, unique=True))
    arguments = draw(st.sampled_from(["", "{}", '{"a": [1, null]}']))
    function = {"name": draw(st.text(max_size=70)), "arguments": arguments}
    asked = [{"id": i, "type": "function", "function": function} for i in ids]
    answers = [{"role": "tool", "tool_call_id": i, "content": draw(contents)} for i in draw(st.permutations(ids))]
    return [{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": asked}, *answers]


def functions(name: str, description: str | None, parameters: object) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


requests = st.fixed_dictionaries(
    {
        "messages": st.lists(plain_messages.map(lambda m: [m]) | tool_rounds(), min_size=1, max_size=6).map(
            lambda rounds: [message for one in rounds for message in one]
        )
    },
    optional={
        "tools": st.lists(
            st.builds(
                functions,
                st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True),
                st.none() | texts,
                st.sampled_from([None, {}, {"type": "object", "properties": {"a": {}}}]),
            ),
            max_size=2,
        ),
        "tool_choice": st.sampled_from([None, "auto", "none"]),
        "stop": st.none() | texts | st.lists(texts | st.none()),
        "temperature": st.none() | st.floats(0, 1),
        "top_p": st.none() | st.floats(0, 1),
        "max_tokens": st.none() | st.integers(1, 10**6),
    },
)


@given(requests)
def test_whatever_is_sent_keeps_botocores_model_and_converses_own_rules(fields: dict[str, Any]) -> None:
    body = translated(**fields)
    report = ParamValidator().validate({"modelId": MODEL.bedrock_id, **body}, CONVERSE)
    assert not report.has_errors(), report.generate_report()
    roles = [message["role"] for message in body["messages"]]
    assert roles[0] == "user"
    assert all(role != following for role, following in pairwise(roles))
    blocks = [block for message in body["messages"] for block in message["content"]]
    assert all(message["content"] for message in body["messages"])
    assert all(block["text"].strip() for block in [*blocks, *body.get("system", [])] if "text" in block)
    assert all(block["toolResult"]["content"] for block in blocks if "toolResult" in block)
    assert "toolConfig" in body or not any("toolUse" in block or "toolResult" in block for block in blocks)
    assert json.loads(json.dumps(body)) == body
