"""How many tokens a request can use at most, and how many it used where Bedrock's own count never came. Pure.

The bound: a token stands for at least one byte of text, and an image for no more than its model's cap. Tool schemas
are text. What Bedrock adds of its own (a chat template, the wrapping of tools) is bounded by constants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tenants.account import Bound
from tenants.usage import TokenCounts

# Claude counts width x height / 750, at most about 1,600 after scaling down; Nova and Llama stay below that per tile.
# Four times the largest documented figure is still small beside a context window.
IMAGE_TOKENS = 6_400
MESSAGE_TOKENS = 16
TOOLS_TOKENS = 1_024

# English text has about four bytes per token with every current tokenizer; other scripts have fewer tokens per byte.
_BYTES_PER_TOKEN = 4


def bound_of(converse: Mapping[str, Any]) -> Bound:
    """Upper bound of a Converse request. Its `inferenceConfig.maxTokens` has to be set."""
    text_bytes, images = _measure(converse)
    messages = len(converse.get("messages", ())) + len(converse.get("system", ()))
    tools = TOOLS_TOKENS if "toolConfig" in converse else 0
    input_tokens = text_bytes + images * IMAGE_TOKENS + messages * MESSAGE_TOKENS + tools
    return Bound(input_tokens, converse["inferenceConfig"]["maxTokens"])


def bound_of_texts(bodies: Iterable[Mapping[str, Any]]) -> Bound:
    """Upper bound of InvokeModel requests for embeddings: their bodies are text, and nothing comes out."""
    return Bound(sum(len(orjson.dumps(body)) for body in bodies), 0)


def estimate_of(bound: Bound, output_bytes: int) -> TokenCounts:
    """What a chat used whose stream broke off before Bedrock's count: from the bytes that went in and came out."""
    input_tokens = -(-bound.input_tokens // _BYTES_PER_TOKEN)
    output_tokens = min(-(-output_bytes // _BYTES_PER_TOKEN), bound.output_tokens)
    return TokenCounts(input_tokens=input_tokens, output_tokens=output_tokens)


def _measure(value: object) -> tuple[int, int]:
    """Bytes of all text in a request's JSON, keys included, and how many images it holds beside them."""
    if isinstance(value, str):
        return len(value.encode(errors="replace")), 0
    if isinstance(value, Mapping):
        if "bytes" in value:
            return 0, 1
        parts = [_measure(each) for each in value.values()]
        parts.append((sum(len(str(name)) for name in value), 0))
    elif isinstance(value, list | tuple):
        parts = [_measure(each) for each in value]
    else:
        return 8, 0  # a number, a boolean, null
    return sum(text_bytes for text_bytes, _ in parts), sum(images for _, images in parts)
