from __future__ import annotations

from awswire.attributes import from_attributes
from tenants.late_marks import TenantDay, late_marks, mark_update
from tenants.tables import SORT_KEY, usage_day_partition, usage_partition
from tenants.usage_items import (
    Stored,
    day_prefix,
    find_texts,
    marker_from_item,
    store_items,
    texts_of,
)
from tenants.usage_rollup import NO_MARKER, DayMarker, Rollup, from_texts
from tests.tenants.samples import DAY, NOW_MS, TENANT
from tests.tenants.usage_samples import HOUR_MS, a_request, sums_of

PLACE = TenantDay(TENANT.id, DAY)
EVENTS = [a_request(NOW_MS + 3 * HOUR_MS), a_request(NOW_MS + 5 * HOUR_MS)]


def test_a_stored_rollup_is_found_by_the_name_that_the_marker_has_for_it() -> None:
    items, update = store_items(PLACE, NO_MARKER, Stored({3: sums_of(EVENTS[:1]), 4: {}}, sums_of(EVENTS)))
    values = from_attributes(update["ExpressionAttributeValues"])
    marker = marker_from_item({name.removeprefix(":new_"): value for name, value in values.items()})
    texts = texts_of(from_attributes(item) for item in items)

    assert marker.revision == 1
    hour, empty, day = marker.find_hour(3), marker.find_hour(4), marker.find_day()
    assert hour is not None
    assert empty is not None
    assert day is not None
    assert from_texts(find_texts(texts, hour) or (), TENANT.id) == sums_of(EVENTS[:1])
    assert find_texts(texts, empty) == []
    assert from_texts(find_texts(texts, day, day_prefix(DAY)) or (), TENANT.id) == sums_of(EVENTS)
    assert {item["pk"]["S"] for item in items} == {usage_partition(TENANT.id), usage_day_partition(TENANT.id, DAY)}


def test_equal_hours_share_their_text_so_that_no_batch_names_an_item_twice() -> None:
    items, _ = store_items(PLACE, NO_MARKER, Stored({3: sums_of(EVENTS[:1]), 5: sums_of(EVENTS[1:])}))
    assert len(items) == 1


def test_the_texts_of_a_day_are_read_with_its_marker_and_with_no_other_days() -> None:
    items, _ = store_items(PLACE, NO_MARKER, Stored(whole=sums_of(EVENTS)))
    names = PLACE.marker_and_texts
    assert all(names.first <= item[SORT_KEY]["S"] <= names.last for item in items)
    assert names.last < "2026-11-21"


def test_a_rollup_of_which_a_text_is_missing_is_not_there() -> None:
    assert find_texts({"ab#000": "[]"}, Rollup(0, 2, "ab")) is None


def test_a_store_depends_on_the_revision_that_was_seen() -> None:
    _, first = store_items(PLACE, NO_MARKER, Stored({3: {}}))
    assert first["ConditionExpression"] == "attribute_not_exists(#rv)"
    _, later = store_items(PLACE, DayMarker(revision=4, marks=2), Stored({3: {}}))
    assert later["ConditionExpression"] == "#rv = :rv"
    assert from_attributes(later["ExpressionAttributeValues"])[":rv"] == 4


def test_late_marks_are_those_of_each_tenants_day_and_hour() -> None:
    other = a_request(NOW_MS + 24 * HOUR_MS, "proj_2")
    marks = late_marks([*EVENTS, EVENTS[0], other])
    assert marks == {PLACE: {3: 2, 5: 1}, TenantDay("proj_2", "2026-11-21"): {0: 1}}
    update = mark_update(PLACE, marks[PLACE])
    assert from_attributes(update["ExpressionAttributeValues"]) == {
        ":lm": 3, ":lm03": 2, ":lm05": 1, ":ttl": PLACE.expires_at,
    }  # fmt: skip
