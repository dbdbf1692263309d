"""OpenAI's usage objects, and how Bedrock's counts read in them."""

from __future__ import annotations

from typing import TypedDict

from tenants.usage import TokenCounts


class PromptTokensDetails(TypedDict):
    """Parts of `prompt_tokens`: read from and written to the prompt cache."""

    cached_tokens: int
    cache_write_tokens: int


class Usage(TypedDict):
    """Of a chat completion. Reasoning is in `completion_tokens`; Bedrock does not count it apart."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails


class EmbeddingUsage(TypedDict):
    prompt_tokens: int
    total_tokens: int


def to_usage(counts: TokenCounts) -> Usage:
    """`prompt_tokens` includes cache reads and writes, as OpenAI counts; Converse's `inputTokens` does not."""
    return {
        "prompt_tokens": counts.prompt_tokens,
        "completion_tokens": counts.output_tokens,
        "total_tokens": counts.total_tokens,
        "prompt_tokens_details": {
            "cached_tokens": counts.cache_read_tokens,
            "cache_write_tokens": counts.cache_write_tokens,
        },
    }


def to_embedding_usage(counts: TokenCounts) -> EmbeddingUsage:
    """Embeddings have no output: both numbers are the input."""
    return {"prompt_tokens": counts.prompt_tokens, "total_tokens": counts.prompt_tokens}
