"""Which model can what: rows of patterns, laid over one another, and asked by a model's id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gateway.catalog.capabilities import Capabilities
from gateway.catalog.globs import matches

# Bedrock counts the limit of a request against the account's quota when the request starts: asking for the most each
# time would throttle a busy account early.
DEFAULT_MAX_TOKENS = 8192

# Names come from clients; so many of them are remembered.
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Row:
    """What is said of the models that a glob of `globs` matches: `fields` of Capabilities, by name.

    `like`: they are like the model of this base id, but for `fields`.
    """

    globs: tuple[str, ...]
    fields: Mapping[str, Any]
    like: str | None = None

    def matches(self, base_id: str, arn: str) -> bool:
        """Whether it is about the model. `arn` is empty for one that is called by an id."""
        return matches(self.globs, base_id) or (bool(arn) and matches(self.globs, arn))


class KnownModels:
    """What is known of models by their ids. Rows are layered in their order: every row that matches applies, and a
    later one wins field by field; `reasoning` is one field."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.rows = tuple(rows)
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._to_capabilities)

    def capabilities_of(self, base_id: str, arn: str = "") -> Capabilities:
        """What a model can do: what the rows say, and for the rest what a model is expected to do.

        `base_id` is without a geographic prefix, see `model_ids.base_id_of`; `arn` is what it is called by, where that
        is one. Without a limit of its own a model is asked for 8192 tokens, or the most it gives out.
        """
        return self._remembered(base_id, arn)

    def knows(self, base_id: str) -> bool:
        """Whether any row is about the model."""
        return any(row.matches(base_id, "") for row in self.rows)

    def _to_capabilities(self, base_id: str, arn: str) -> Capabilities:
        fields = self._layered(base_id, arn)
        if not fields:
            return Capabilities()
        most = fields.get("max_output_tokens", Capabilities().max_output_tokens)
        default = min(fields.get("default_max_tokens", DEFAULT_MAX_TOKENS), most)
        return Capabilities(**{**fields, "default_max_tokens": default})

    def _layered(self, base_id: str, arn: str, *, follow: bool = True) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for row in self.rows:
            if not row.matches(base_id, arn):
                continue
            if row.like is not None and follow:  # one step only: two rows may be like each other
                fields = self._layered(row.like, "", follow=False)
            fields.update(row.fields)
        return fields


NOTHING_KNOWN = KnownModels()
