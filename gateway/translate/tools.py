"""Tools and tool choice as Converse's toolConfig."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.bedrock.converse import Tool, ToolConfig, ToolSpec
from gateway.bedrock.converse import ToolChoice as ConverseToolChoice
from gateway.errors import InvalidRequest
from gateway.openai.tools import FunctionTool, NamedToolChoice, ToolChoice

_TOOL_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def to_tool_config(
    tools: Sequence[FunctionTool], choice: ToolChoice | None, used_names: Sequence[str]
) -> ToolConfig | None:
    """None where Converse is to see no tools. `used_names` are the tools the conversation used already.

    Converse has no choice `none`, so it means: no tools. But "the toolConfig field must be defined when using toolUse
    and toolResult content blocks": a conversation that used tools keeps its tools, or gets bare definitions of those it
    used where the client sends none. Under `none` the model can then still call one; nothing in Converse prevents it.
    """
    _check_choice(tools, choice)
    if choice == "none" and not used_names:
        return None
    specs: list[Tool] = [{"toolSpec": _to_tool_spec(tool, index)} for index, tool in enumerate(tools)]
    if not specs:
        specs = [{"toolSpec": {"name": name, "inputSchema": {"json": _no_parameters()}}} for name in used_names]
    if not specs:
        return None
    config: ToolConfig = {"tools": specs}
    if (forced := _to_forced_choice(choice)) is not None:
        config["toolChoice"] = forced
    return config


def _check_choice(tools: Sequence[FunctionTool], choice: ToolChoice | None) -> None:
    if choice in (None, "none", "auto"):
        return
    if not tools:
        raise InvalidRequest("'tool_choice' demands a tool call, but there are no 'tools'. Send both.", "tool_choice")
    if isinstance(choice, NamedToolChoice) and choice.function.name not in [tool.function.name for tool in tools]:
        raise InvalidRequest(
            f"'tool_choice' names '{choice.function.name[:64]}', which is not among 'tools'.",
            "tool_choice.function.name",
        )


def _to_forced_choice(choice: ToolChoice | None) -> ConverseToolChoice | None:
    """Auto is Converse's default and is left out: some models refuse toolChoice in any form."""
    if isinstance(choice, NamedToolChoice):
        return {"tool": {"name": choice.function.name}}
    return {"any": {}} if choice == "required" else None


def _to_tool_spec(tool: FunctionTool, index: int) -> ToolSpec:
    function = tool.function
    if not _TOOL_NAME.fullmatch(function.name):
        raise InvalidRequest(
            f"'{function.name[:80]}' is no valid tool name. Use 1 to 64 letters, digits, '_' or '-'.",
            f"tools[{index}].function.name",
        )
    spec: ToolSpec = {"name": function.name, "inputSchema": {"json": function.parameters or _no_parameters()}}
    if function.description and function.description.strip():
        spec["description"] = function.description
    return spec


def _no_parameters() -> dict[str, object]:
    return {"type": "object", "properties": {}}
