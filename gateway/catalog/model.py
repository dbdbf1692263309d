"""A resolved model: what translation and the Bedrock client need to know of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """`name` is what the client asked for and reads back in answers; `bedrock_id` goes into Bedrock's path: a model id,
    an inference profile's id, or an ARN. `base_id` is the id without a geographic prefix, which patterns of
    capabilities and prices are matched against. `default_max_tokens` is sent when the client gives no limit.
    """

    name: str
    bedrock_id: str
    base_id: str
    default_max_tokens: int

    @property
    def other_ids(self) -> tuple[str, ...]:
        """The ids besides `name` that a deny list may know the model by."""
        return (self.bedrock_id, self.base_id)
