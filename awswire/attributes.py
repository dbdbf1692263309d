"""Python values <-> DynamoDB's typed attributes (`{"S": "text"}`), as its JSON protocol has them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

Value: TypeAlias = "str | int | bool | bytes | Sequence[Value] | Mapping[str, Value] | AbstractSet[str] | None"
Attribute: TypeAlias = dict[str, Any]


def to_attributes(item: Mapping[str, Value]) -> dict[str, Attribute]:
    """An item, or expression values, for DynamoDB. Raises TypeError and ValueError as `to_attribute` does."""
    return {name: to_attribute(value) for name, value in item.items()}


def from_attributes(attributes: Mapping[str, Attribute]) -> dict[str, Any]:
    """The item that `to_attributes` was given. Raises ValueError for what it never writes, as `from_attribute` does."""
    return {name: from_attribute(attribute) for name, attribute in attributes.items()}


def to_attribute(value: Value) -> Attribute:
    """One typed attribute. A tuple is written as a list.

    Raises TypeError for any other type, `float` first of all: money and counts are integers, and a float would be
    rounded in silence. Raises ValueError for an empty set, which DynamoDB does not have.
    """
    to_typed = _TO_ATTRIBUTE.get(type(value))
    if to_typed is None:
        raise TypeError(f"DynamoDB attributes here are not made from {type(value).__name__}")
    return to_typed(value)


def from_attribute(attribute: Attribute) -> Any:
    """The value of one typed attribute. Raises ValueError for what is never written: fractions, other sets."""
    if len(attribute) == 1:
        for kind, value in attribute.items():
            from_typed = _FROM_ATTRIBUTE.get(kind)
            if from_typed is not None:
                return from_typed(value)
    raise ValueError(f"not an attribute that is written here: type {'/'.join(attribute) or 'missing'}")


def _to_string_set(value: AbstractSet[str]) -> Attribute:
    if not value:
        raise ValueError("DynamoDB has no empty sets: leave the attribute out")
    if not all(type(member) is str for member in value):
        raise TypeError("sets hold strings alone")
    # Sorted, so that equal values make equal requests.
    return {"SS": sorted(value)}


_TO_ATTRIBUTE: Mapping[type, Callable[[Any], Attribute]] = {
    str: lambda value: {"S": value},
    bool: lambda value: {"BOOL": value},
    int: lambda value: {"N": str(value)},
    type(None): lambda value: {"NULL": True},
    bytes: lambda value: {"B": b64encode(value).decode()},
    list: lambda value: {"L": [to_attribute(element) for element in value]},
    tuple: lambda value: {"L": [to_attribute(element) for element in value]},
    dict: lambda value: {"M": to_attributes(value)},
    set: _to_string_set,
    frozenset: _to_string_set,
}

_FROM_ATTRIBUTE: Mapping[str, Callable[[Any], Any]] = {
    "S": lambda value: value,
    "BOOL": lambda value: value,
    "N": int,
    "NULL": lambda value: None,
    "B": lambda value: b64decode(value, validate=True),
    "L": lambda value: [from_attribute(element) for element in value],
    "M": from_attributes,
    "SS": set,
}
