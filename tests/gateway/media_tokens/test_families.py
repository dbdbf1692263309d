from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.model_ids import base_id_of
from gateway.catalog.shipped_prices import shipped_price_rows
from gateway.media_tokens.families import MediaTokens, media_tokens_of
from gateway.media_tokens.image_pixels import Pixels

BASE_IDS = sorted({base_id_of(glob.strip("*")) for row in shipped_price_rows() for glob in row.globs})
CLAUDE, NOVA = "anthropic.claude-opus-4-8", "amazon.nova-pro-v1:0"


@pytest.mark.parametrize(
    ("base_id", "pixels", "documented"),
    [
        (CLAUDE, Pixels(200, 200), 64),
        (CLAUDE, Pixels(1000, 1000), 1_334),
        (CLAUDE, Pixels(1092, 1092), 1_590),
        (CLAUDE, Pixels(8000, 8000), 4_784),
        (NOVA, Pixels(900, 450), 800),
        (NOVA, Pixels(900, 900), 1_300),
        (NOVA, Pixels(1400, 900), 1_800),
        (NOVA, Pixels(1800, 900), 2_400),
        (NOVA, Pixels(1300, 1300), 2_600),
        ("mistral.pixtral-large-2502-v1:0", Pixels(1024, 1024), 64 * 65),
        ("meta.llama3-2-90b-instruct-v1:0", Pixels(560, 560), 1_601),
        ("meta.llama3-2-90b-instruct-v1:0", Pixels(4000, 4000), 4 * 1_601),
    ],
)
def test_no_documented_image_makes_more_than_its_bound(base_id: str, pixels: Pixels, documented: int) -> None:
    assert media_tokens_of(base_id).of_image(pixels) >= documented


@given(st.sampled_from(BASE_IDS), st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_larger_image_is_never_bounded_lower(base_id: str, width: int, height: int) -> None:
    tokens = media_tokens_of(base_id)
    smaller, larger = tokens.of_image(Pixels(width, height)), tokens.of_image(Pixels(width + 1, height + 100))
    assert smaller <= larger <= tokens.of_image(None) <= tokens.window_tokens


def test_a_family_that_nobody_knows_has_the_widest_bounds_but_for_known_windows() -> None:
    assert media_tokens_of("nobody.knows-v1:0") == media_tokens_of("")
    assert media_tokens_of("").most_image_tokens == max(
        media_tokens_of(base_id).most_image_tokens for base_id in (*BASE_IDS, "")
    )


def test_a_later_row_wins_whole() -> None:
    assert media_tokens_of("amazon.nova-lite-v1:0") == MediaTokens(24, 1_600, 16_384, 300_000)
