from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from openai.types import CompletionUsage

from gateway.openai.usage import to_embedding_usage, to_usage
from tenants.usage import TokenCounts

counts = st.builds(TokenCounts, *[st.integers(0, 10**9)] * 4)


@given(counts)
def test_usage_adds_up_and_has_openais_shape(counts: TokenCounts) -> None:
    usage = CompletionUsage.model_validate(to_usage(counts), strict=True)
    assert usage.prompt_tokens + usage.completion_tokens == usage.total_tokens == counts.total_tokens
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == counts.cache_read_tokens
    assert usage.prompt_tokens_details.cache_write_tokens == counts.cache_write_tokens


def test_embedding_usage_is_the_input_twice() -> None:
    assert to_embedding_usage(TokenCounts(input_tokens=5)) == {"prompt_tokens": 5, "total_tokens": 5}
