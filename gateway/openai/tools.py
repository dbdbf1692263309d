"""Tools of a chat request: what the model may call, and whether it must."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from gateway.openai.wire import WireModel, array, only

MAX_TOOLS: Final = 1024
"""OpenAI stops at 128; Bedrock names no limit, and clients with many MCP servers send more."""

_NO_CUSTOM_TOOLS = "Only tools of the type 'function' are supported. Describe a custom tool as a function."


class FunctionDefinition(WireModel):
    """`parameters` is a JSON schema, passed on as it is."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class FunctionTool(WireModel):
    type: Annotated[str, only("function", why=_NO_CUSTOM_TOOLS)]
    function: FunctionDefinition


class FunctionName(WireModel):
    name: str


class NamedToolChoice(WireModel):
    type: Annotated[
        str, only("function", why="A tool choice must be 'none', 'auto', 'required' or name a tool of type 'function'.")
    ]
    function: FunctionName


ToolChoice = Literal["none", "auto", "required"] | NamedToolChoice
Tools = Annotated[tuple[FunctionTool, ...], array(MAX_TOOLS)]
