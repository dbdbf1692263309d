from __future__ import annotations

import pytest

from gateway.errors import InvalidRequest
from gateway.openai.tools import FunctionDefinition, FunctionName, FunctionTool, NamedToolChoice, ToolChoice
from gateway.translate.tools import to_tool_config

NO_PARAMETERS = {"type": "object", "properties": {}}
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"a": {"$ref": "#/$defs/A"}},
    "$defs": {"A": {"type": "string"}},
}


def tool(name: str = "f", description: str | None = None, parameters: dict[str, object] | None = None) -> FunctionTool:
    return FunctionTool(
        type="function", function=FunctionDefinition(name=name, description=description, parameters=parameters)
    )


def named(name: str) -> NamedToolChoice:
    return NamedToolChoice(type="function", function=FunctionName(name=name))


def test_a_tool_keeps_its_description_and_its_schema_to_the_letter() -> None:
    assert to_tool_config([tool("f", "does f", SCHEMA)], None, ()) == {
        "tools": [{"toolSpec": {"name": "f", "description": "does f", "inputSchema": {"json": SCHEMA}}}]
    }


@pytest.mark.parametrize("description", [None, "", "  \n"])
@pytest.mark.parametrize("parameters", [None, {}])
def test_a_blank_description_is_omitted_and_missing_parameters_are_an_empty_object(
    description: str | None, parameters: dict[str, object] | None
) -> None:
    config = to_tool_config([tool("f", description, parameters)], None, ())
    assert config == {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": NO_PARAMETERS}}}]}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        ("auto", None),
        ("required", {"any": {}}),
        (named("f"), {"tool": {"name": "f"}}),
    ],
)
def test_a_forced_choice_is_passed_on_and_auto_is_the_default(choice: ToolChoice | None, expected: object) -> None:
    config = to_tool_config([tool("f")], choice, ())
    assert config is not None
    assert config.get("toolChoice") == expected


def test_choice_none_hides_the_tools() -> None:
    assert to_tool_config([tool("f")], "none", ()) is None


def test_choice_none_keeps_the_tools_of_a_conversation_that_used_some() -> None:
    config = to_tool_config([tool("f")], "none", ("f",))
    assert config is not None
    assert "toolChoice" not in config


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_a_conversation_that_used_tools_gets_definitions_of_them_where_the_client_sends_none(
    choice: ToolChoice | None,
) -> None:
    config = to_tool_config([], choice, ("f", "g"))
    assert config == {
        "tools": [{"toolSpec": {"name": name, "inputSchema": {"json": NO_PARAMETERS}}} for name in ("f", "g")]
    }


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_without_any_tool_there_is_no_tool_config(choice: ToolChoice | None) -> None:
    assert to_tool_config([], choice, ()) is None


@pytest.mark.parametrize(("choice", "tools"), [("required", []), (named("f"), []), (named("g"), [tool("f")])])
def test_a_choice_that_cannot_be_met_is_named(choice: ToolChoice, tools: list[FunctionTool]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        to_tool_config(tools, choice, ("h",))
    assert caught.value.param is not None
    assert caught.value.param.startswith("tool_choice")


@pytest.mark.parametrize("name", ["", "Complete Session", "x" * 65, "f\n", "naïve"])
def test_an_illegal_tool_name_is_named(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        to_tool_config([tool("ok"), tool(name)], None, ())
    assert caught.value.param == "tools[1].function.name"
