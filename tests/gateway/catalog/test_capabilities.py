from __future__ import annotations

import pytest

from gateway.catalog.capabilities import DEFAULT_MAX_TOKENS, base_id_of, default_max_tokens, max_output_tokens


@pytest.mark.parametrize(
    ("model_id", "base_id"),
    [
        ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("us.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("us-gov.anthropic.claude-x", "anthropic.claude-x"),
        ("global.anthropic.claude-x", "anthropic.claude-x"),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc", "abc"),
        ("use.nothing", "use.nothing"),
        ("us.us.x", "us.x"),
    ],
)
def test_the_base_id_has_no_geography(model_id: str, base_id: str) -> None:
    assert base_id_of(model_id) == base_id


@pytest.mark.parametrize(
    ("base_id", "tokens"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", 4096),
        ("anthropic.claude-3-5-haiku-20241022-v1:0", 8192),
        ("anthropic.claude-opus-4-1-20250805-v1:0", 32_000),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", 64_000),
        ("amazon.nova-2-lite-v1:0", 64_000),
        ("amazon.nova-lite-v1:0", 10_000),
        ("meta.llama3-8b-instruct-v1:0", 2048),
        ("nobody.knows", 4096),
    ],
)
def test_the_first_pattern_that_fits_says_the_most_a_model_gives_out(base_id: str, tokens: int) -> None:
    assert max_output_tokens(base_id) == tokens
    assert default_max_tokens(base_id) == min(tokens, DEFAULT_MAX_TOKENS)
