"""Rollups as items of the usage table. Pure.

The marker of a day    rv    revision: how often a rollup was stored     ttl   when it may be deleted
                       lm    late marks of the day                       lm07  of its hour 7
                       wd    the day's rollup, as `Rollup.to_text`       h07   that of hour 7

Texts of the day are beside the marker, so that one Query reads both; those of its hours in a partition of their own.
Texts that are not named by the marker any more expire with the rest: they are rare, and somebody may be reading them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from awswire.attributes import to_attributes
from tenants.late_marks import HOURS, MARKS, TenantDay, name_of_hour
from tenants.tables import PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, usage_day_partition, usage_partition
from tenants.usage_report import Sums
from tenants.usage_rollup import DayMarker, Rollup, digest_of, to_texts

_REVISION = "rv"
_WHOLE = "wd"
_HOUR = "h"
_LINES = "lines"


@dataclass(frozen=True, slots=True)
class Stored:
    """What is to be stored as rollups: of some hours, and of the whole day if it is known."""

    hours: Mapping[int, Sums] = field(default_factory=dict)
    whole: Sums | None = None


def marker_from_item(item: Mapping[str, Any]) -> DayMarker:
    """The marker, from its item's plain values."""
    return DayMarker(
        revision=item.get(_REVISION, 0),
        marks=item.get(MARKS, 0),
        hour_marks={
            hour: item[name_of_hour(MARKS, hour)] for hour in range(HOURS) if name_of_hour(MARKS, hour) in item
        },
        whole=Rollup.from_text(item[_WHOLE]) if _WHOLE in item else None,
        hours={
            hour: Rollup.from_text(item[name_of_hour(_HOUR, hour)])
            for hour in range(HOURS)
            if name_of_hour(_HOUR, hour) in item
        },
    )


def texts_of(items: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Texts by their sort keys, of items among which there may be a marker."""
    return {item[SORT_KEY]: item[_LINES] for item in items if _LINES in item}


def find_texts(texts: Mapping[str, str], rollup: Rollup, prefix: str = "") -> list[str] | None:
    """A rollup's texts, None unless all of them are there."""
    names = [prefix + _text_name(rollup.digest, number) for number in range(rollup.texts)]
    return [texts[name] for name in names] if all(name in texts for name in names) else None


def day_prefix(day: str) -> str:
    """What comes before the names of the day's texts."""
    return f"{day}#"


def store_items(place: TenantDay, seen: DayMarker, stored: Stored) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The items that hold the texts, to be put first, and the UpdateItem of the marker, without its table.

    Its condition is that nothing was stored since the marker was `seen`. A mark made since refuses nothing: the rollup
    that does not include it is not current, and the other hours' are.
    """
    items: dict[tuple[str, str], dict[str, Any]] = {}
    values: dict[str, str | int] = {}

    def add(attribute: str, sums: Sums, marks: int, partition: str, prefix: str = "") -> None:
        texts = to_texts(sums)
        rollup = Rollup(marks, len(texts), digest_of(texts))
        values[attribute] = rollup.to_text()
        for number, text in enumerate(texts):
            name = prefix + _text_name(rollup.digest, number)
            items[partition, name] = to_attributes(
                {PARTITION_KEY: partition, SORT_KEY: name, _LINES: text, TTL_ATTRIBUTE: place.expires_at}
            )

    for hour, sums in stored.hours.items():
        partition = usage_day_partition(place.tenant_id, place.day)
        add(name_of_hour(_HOUR, hour), sums, seen.hour_marks.get(hour, 0), partition)
    if stored.whole is not None:
        add(_WHOLE, stored.whole, seen.marks, usage_partition(place.tenant_id), day_prefix(place.day))
    return list(items.values()), _marker_update(place, seen, values)


def _marker_update(place: TenantDay, seen: DayMarker, values: Mapping[str, str | int]) -> dict[str, Any]:
    fields: dict[str, str | int] = {**values, _REVISION: seen.revision + 1, TTL_ATTRIBUTE: place.expires_at}
    former = {f":{_REVISION}": seen.revision} if seen.revision else {}
    return {
        "Key": place.marker_key,
        "UpdateExpression": "SET " + ", ".join(f"#{name} = :new_{name}" for name in fields),
        "ConditionExpression": f"#{_REVISION} = :{_REVISION}" if former else f"attribute_not_exists(#{_REVISION})",
        "ExpressionAttributeNames": {f"#{name}": name for name in fields},
        "ExpressionAttributeValues": to_attributes(
            {**{f":new_{name}": value for name, value in fields.items()}, **former}
        ),
    }


def _text_name(digest: str, number: int) -> str:
    return f"{digest}#{number:03}"
