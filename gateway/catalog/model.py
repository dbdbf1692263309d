"""A resolved model: what translation and the Bedrock client need to know of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """`name` is what the client asked for and reads back in answers; `bedrock_id` goes into Bedrock's path: a model id,
    an inference profile's id, or an ARN. `base_id` is the id without a geographic prefix, which patterns of
    capabilities and prices are matched against. `default_max_tokens` is sent when the client gives no limit.
    `opaque`: it is an ARN, and nobody here knows which model is behind it.
    """

    name: str
    bedrock_id: str
    base_id: str
    default_max_tokens: int
    opaque: bool = False

    @property
    def other_ids(self) -> tuple[str, ...] | None:
        """The ids besides `name` that a deny list may know the model by; None where they are not known."""
        return None if self.opaque else (self.bedrock_id, self.base_id)
