"""How the control plane lists: pointers in order of creation, and for each the record that it points to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tenants.dynamo_models import PointerRow, RowType
from tenants.store import Page

T = TypeVar("T")
Place = tuple[str, str]
"""A row's partition key and sort key."""

_AFTER_EVERY_ID = "\U0010ffff"  # sorts last in UTF-8


@dataclass(frozen=True, slots=True)
class Listing(Generic[RowType, T]):
    """What a listing reads: the ids that follow `prefix` in the sort keys of `partition`, and a row for each id."""

    partition: str
    prefix: str
    row: type[RowType]
    place_of: Callable[[str], Place]
    from_row: Callable[[Mapping[str, Any]], T]


def read_page(pointer: type[PointerRow], listing: Listing[RowType, T], after: str | None, limit: int) -> Page[T]:
    """The first `limit` records after the one with id `after`. Blocks: pynamodb's calls do.

    A record that is deleted between the two reads is left out of its page.
    """
    first, last = listing.prefix + (after or "") + "\0", listing.prefix + _AFTER_EVERY_ID
    found = pointer.query(listing.partition, PointerRow.sk.between(first, last), consistent_read=True, limit=limit + 1)
    ids = [row.sk.removeprefix(listing.prefix) for row in found]
    places = [listing.place_of(each) for each in ids[:limit]]
    rows = listing.row.batch_get(places, consistent_read=True) if places else ()
    records = {row.attribute_values["id"]: listing.from_row(row.attribute_values) for row in rows}
    return Page(tuple(records[each] for each in ids[:limit] if each in records), len(ids) > limit)
