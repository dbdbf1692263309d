"""What models can do, as data by pattern: the first pattern that a model's base id matches says it.

`max_output_tokens` is the most that a model gives out in one answer, from its provider's documentation. A request
without a limit asks for `DEFAULT_MAX_TOKENS` or that, whichever is less: Bedrock counts the limit against the account's
quota when the request starts, so asking for the most each time would throttle a busy account early.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

DEFAULT_MAX_TOKENS = 8192

# Unknown models get what nearly all of them take; a higher limit is refused by Bedrock, a lower one cuts answers.
_UNKNOWN_MAX_OUTPUT_TOKENS = 4096

_MAX_OUTPUT_TOKENS: tuple[tuple[str, int], ...] = (
    ("anthropic.claude-3-haiku*", 4096),
    ("anthropic.claude-3-sonnet*", 4096),
    ("anthropic.claude-3-opus*", 4096),
    ("anthropic.claude-3-5-*", 8192),
    ("anthropic.claude-v2*", 4096),
    ("anthropic.claude-instant*", 4096),
    ("anthropic.claude-opus-4-2025*", 32_000),
    ("anthropic.claude-opus-4-1*", 32_000),
    ("anthropic.claude-*", 64_000),
    ("amazon.nova-2-*", 64_000),
    ("amazon.nova-premier*", 10_000),
    ("amazon.nova-*", 10_000),
    ("amazon.titan-text-lite*", 4096),
    ("amazon.titan-text-express*", 8192),
    ("amazon.titan-text-premier*", 3072),
    ("meta.llama*", 2048),
    ("mistral.mistral-7b*", 8192),
    ("mistral.mixtral*", 4096),
    ("mistral.*", 8192),
    ("cohere.command*", 4096),
    ("ai21.jamba*", 4096),
    ("deepseek.*", 8192),
    ("openai.gpt-oss*", 16_384),
    ("qwen.*", 16_384),
)

# Prefixes of system-defined inference profiles: https://docs.aws.amazon.com/bedrock/latest/userguide/cross-region-inference.html
_GEOGRAPHIES = ("us-gov.", "us.", "eu.", "apac.", "au.", "jp.", "ca.", "global.")


def base_id_of(model_id: str) -> str:
    """The id without a geographic prefix. Of an ARN, the base id of its last part: `…inference-profile/us.x` is `x`."""
    tail = model_id.rsplit("/", 1)[-1] if model_id.startswith("arn:") else model_id
    for geography in _GEOGRAPHIES:
        if tail.startswith(geography):
            return tail.removeprefix(geography)
    return tail


@lru_cache(maxsize=1024)
def max_output_tokens(base_id: str) -> int:
    """The most tokens that the model gives out in one answer."""
    for pattern, tokens in _MAX_OUTPUT_TOKENS:
        if fnmatchcase(base_id, pattern):
            return tokens
    return _UNKNOWN_MAX_OUTPUT_TOKENS


def default_max_tokens(base_id: str) -> int:
    """The limit that is sent when the client gives none."""
    return min(DEFAULT_MAX_TOKENS, max_output_tokens(base_id))
