from __future__ import annotations

import re
from typing import Any

import pytest

from simulator.constraints import check, load_shapes
from simulator.refusals import Refused

SHAPES = load_shapes()
MESSAGES = [{"role": "user", "content": [{"text": "hi"}]}]


def _refusal(body: dict[str, Any]) -> str:
    with pytest.raises(Refused) as caught:
        check(SHAPES, "ConverseRequest", body)
    return str(caught.value)


def test_every_pattern_of_the_service_model_compiles() -> None:
    patterns = [shape["pattern"] for shape in SHAPES.values() if "pattern" in shape]
    assert patterns
    for pattern in patterns:
        re.compile(pattern)


def test_members_the_model_does_not_know_and_null_members_are_let_pass() -> None:
    check(SHAPES, "ConverseRequest", {"messages": MESSAGES, "system": None, "unheard": 1})


def test_a_wrong_json_type_is_a_serialization_fault() -> None:
    assert _refusal({"messages": "hi"}).startswith("SerializationException: ")
    assert _refusal({"messages": MESSAGES, "inferenceConfig": {"maxTokens": True}}).startswith(
        "SerializationException: "
    )


def test_request_metadata_is_bounded_in_number_keys_and_values() -> None:
    assert "less than or equal to 16" in _refusal({"requestMetadata": {f"k{number}": "v" for number in range(17)}})
    assert "Map key must satisfy constraint" in _refusal({"requestMetadata": {"a|b": "v"}})
    assert "Map value must satisfy constraint" in _refusal({"requestMetadata": {"k": "v" * 257}})


def test_violations_are_told_together_with_their_number() -> None:
    call = {"toolUse": {"toolUseId": "a b", "name": "n" * 65, "input": {}}}
    message = _refusal({"messages": [{"role": "assistant", "content": [call]}]})
    assert message.startswith("ValidationException: 2 validation errors detected: Value at ")
    assert message.count("; Value at ") == 1
    assert "Member must have length less than or equal to 64" in message
