"""Messages as the SDK types them."""

from __future__ import annotations

from openai.types.chat import ChatCompletionMessageParam


def ask(text: str) -> list[ChatCompletionMessageParam]:
    """A conversation that begins with `text`. Directives to the simulator stand in it: `Hi [[sim:tokens=3]]`."""
    return [{"role": "user", "content": text}]
