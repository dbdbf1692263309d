"""What a model's family makes of images, and how long its prompts can be: the rows of families.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from gateway.catalog.globs import matches
from gateway.media_tokens.image_pixels import Pixels

FAMILIES_FILE = "families.toml"


@dataclass(frozen=True, slots=True)
class MediaTokens:
    """Upper bounds, in tokens. Every prompt of the family's models is within `window_tokens`."""

    image_patch_pixels: int
    least_image_tokens: int
    most_image_tokens: int
    window_tokens: int

    def of_image(self, pixels: Pixels | None) -> int:
        """`pixels` None: not known, and so the most an image can make."""
        if pixels is None:
            return self.most_image_tokens
        patches = _patches(pixels.width, self) * _patches(pixels.height, self)
        return min(max(patches, self.least_image_tokens), self.most_image_tokens)


def _patches(side_pixels: int, tokens: MediaTokens) -> int:
    return -(-side_pixels // tokens.image_patch_pixels)


@lru_cache(maxsize=1024)
def media_tokens_of(base_id: str) -> MediaTokens:
    """The bounds of a model's family, by the model's base id; those that hold for any model where none is known."""
    return [tokens for globs, tokens in _families() if matches(globs, base_id)][-1]


@cache
def _families() -> tuple[tuple[tuple[str, ...], MediaTokens], ...]:
    rows = tomllib.loads(Path(__file__).with_name(FAMILIES_FILE).read_text("utf-8"))["family"]
    return tuple((tuple(row.pop("match")), MediaTokens(**row)) for row in rows)
