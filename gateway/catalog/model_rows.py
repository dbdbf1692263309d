"""The `[[model]]` rows of a TOML file, read strictly: a typing error must not become a capability."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, get_type_hints

import orjson
from pydantic import TypeAdapter, ValidationError

from gateway.catalog.capabilities import Capabilities, Reasoning
from gateway.catalog.known_models import Row
from gateway.catalog.model_ids import is_model_name

# What ids and ARNs are made of, and the signs of globs; a bracket has to be closed, or it would match itself.
_GLOB = re.compile(r"(?:[A-Za-z0-9._:/+@*?-]|\[!?[A-Za-z0-9._:-]+\]){1,512}")


class ModelFileError(Exception):
    """A file about models cannot be used as it is. The message names file, row and field, and says what to do."""


def to_rows(tables: object, file: str, *, like_allowed: bool = False) -> tuple[Row, ...]:
    """The rows of what TOML has under `model`. `file` is named in errors. Raises ModelFileError.

    `like` is for what an operator knows of the account's own models; among the rows that are shipped it has no place.
    """
    if not isinstance(tables, list):
        raise ModelFileError(f"{file}: `model` has to be rows: write [[model]], with two brackets.")
    return tuple(_to_row(table, f"{file}: [[model]] {number}", like_allowed) for number, table in enumerate(tables, 1))


def _to_row(table: object, where: str, like_allowed: bool) -> Row:
    if not isinstance(table, dict):
        raise ModelFileError(f"{where}: has to be a table: write [[model]], with two brackets.")
    globs = table.get("match")
    if not isinstance(globs, list) or not globs:
        raise ModelFileError(f'{where}: match: has to be a list of patterns, match = ["anthropic.claude-*"] for one.')
    for glob in globs:
        if not isinstance(glob, str) or _GLOB.fullmatch(glob) is None:
            raise ModelFileError(f"{where}: match: {glob!r} is no pattern for ids; its only signs are `*`, `?`, `[…]`.")
    where = f"{where} ({globs[0]})"
    like = table.get("like")
    if like is not None and not like_allowed:
        raise ModelFileError(f"{where}: like: has no place in this file.")
    if like is not None and (not isinstance(like, str) or not is_model_name(like)):
        raise ModelFileError(f"{where}: like: has to be the id of the model that these are like.")
    fields = {name: value for name, value in table.items() if name not in ("match", "like")}
    return Row(tuple(globs), _to_fields(Capabilities, fields, where), like)


def _to_fields(kind: type, table: Mapping[str, object], where: str) -> dict[str, Any]:
    """The table's values as the dataclass `kind` has them."""
    hints = _hints(kind)
    fields: dict[str, Any] = {}
    for name, value in table.items():
        hint = hints.get(name)
        if hint is None:
            near = get_close_matches(name, hints, n=1)
            raise ModelFileError(f"{where}: {name}: is no field" + (f"; {near[0]} is one." if near else "."))
        if hint is Reasoning and isinstance(value, dict):
            fields[name] = Reasoning(**_to_fields(Reasoning, value, f"{where}: {name}"))
        else:
            fields[name] = _to_value(hint, value, f"{where}: {name}")
    return fields


def _to_value(hint: Any, value: object, where: str) -> object:
    if value == "" and hint == str | None:
        return None  # TOML has no null, and a later row must be able to take back what an earlier one says
    if hint is int and isinstance(value, int) and value < 1:
        raise ModelFileError(f"{where}: has to be at least 1.")
    try:
        # As JSON, since strict Python values would have to be tuples where TOML has arrays.
        return _adapter(hint).validate_json(orjson.dumps(value), strict=True)
    except (ValidationError, orjson.JSONEncodeError) as error:
        message = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ModelFileError(f"{where}: {message}.") from error


@lru_cache(maxsize=8)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


@lru_cache(maxsize=64)
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint)
