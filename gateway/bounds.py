"""How many tokens a request can use at most, and how many it used where Bedrock's own count never came. Pure.

The bound: a token stands for at least one byte of text, and an image for no more than its model's cap. Tool schemas
are text. What Bedrock adds of its own (a chat template, the wrapping of tools) is bounded by constants.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tenants.account import Bound
from tenants.usage import TokenCounts

# Claude counts width x height / 750, at most about 1,600 after scaling down; Nova and Llama stay below that per tile.
# Four times the largest documented figure is still small beside a context window.
IMAGE_TOKENS = 6_400
MESSAGE_TOKENS = 16
# Recorded: gpt-oss counts some 70 tokens of template on a request of two words.
TEMPLATE_TOKENS = 128
# Recorded: one tool of under 400 bytes makes 901 tokens on Nova 2 Lite, 558 on Claude 4.5.
TOOLS_TOKENS = 1_024

# English text has about four bytes per token with every current tokenizer; other scripts have fewer tokens per byte.
_BYTES_PER_TOKEN = 4


def bound_of(converse: Mapping[str, Any], body_bytes: int) -> Bound:
    """Upper bound of a Converse request of `body_bytes` as JSON. Its `inferenceConfig.maxTokens` has to be set.

    The JSON of the request has at least as many bytes as its text; the bytes of images are taken off.
    """
    messages = converse["messages"]
    images = [size for message in messages for size in _image_sizes(message["content"])]
    tools = TOOLS_TOKENS if "toolConfig" in converse else 0
    template = TEMPLATE_TOKENS + len(messages) * MESSAGE_TOKENS + tools
    input_tokens = body_bytes - sum(images) + len(images) * IMAGE_TOKENS + template
    return Bound(input_tokens, converse["inferenceConfig"]["maxTokens"])


def bound_of_texts(bodies: Iterable[bytes]) -> Bound:
    """Upper bound of InvokeModel requests for embeddings: their bodies are text, and nothing comes out."""
    return Bound(sum(map(len, bodies)), 0)


def estimate_of(bound: Bound, output_bytes: int) -> TokenCounts:
    """What a chat used whose stream broke off before Bedrock's count: from the bytes that went in and came out."""
    input_tokens = -(-bound.input_tokens // _BYTES_PER_TOKEN)
    output_tokens = min(-(-output_bytes // _BYTES_PER_TOKEN), bound.output_tokens)
    return TokenCounts(input_tokens=input_tokens, output_tokens=output_tokens)


def _image_sizes(blocks: Iterable[Mapping[str, Any]]) -> Iterator[int]:
    """Bytes of base64 of each image, those in tool results included."""
    for block in blocks:
        if "image" in block:
            yield len(block["image"]["source"].get("bytes", ""))
        elif "toolResult" in block:
            yield from _image_sizes(block["toolResult"]["content"])
