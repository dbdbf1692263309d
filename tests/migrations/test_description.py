from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from migrations.description import (
    TableDescription,
    alterable_differences,
    differences,
    from_answers,
    to_create_table,
    unalterable_differences,
)
from tenants.tables import ALL, AUDIT, CORE, USAGE, TableSpec

RIGHT = TableDescription("arn", "ACTIVE", "pk HASH S, sk RANGE S", "PAY_PER_REQUEST", None, True, True)


def a_table(spec: TableSpec, **changes: Any) -> dict[str, Any]:
    body = to_create_table(spec, "t")
    summary = {"BillingMode": body.pop("BillingMode")}
    return body | {"TableArn": "arn", "TableStatus": "ACTIVE", "BillingModeSummary": summary} | changes


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.role)
def test_what_is_made_is_what_is_wanted(spec: TableSpec) -> None:
    ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"} if spec.expires else {"TimeToLiveStatus": "DISABLED"}
    recovery = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}
    assert differences(spec, "t", from_answers(a_table(spec), ttl, recovery)) == []


def test_settings_the_engine_does_not_know_are_no_difference() -> None:
    found = from_answers(a_table(CORE), {"TimeToLiveStatus": "DISABLED"}, None)
    assert found.recovery is None
    assert differences(CORE, "t", replace(found, deletion_protection=None)) == []


def test_a_table_without_a_billing_summary_is_provisioned() -> None:
    table = a_table(CORE)
    del table["BillingModeSummary"]
    found = from_answers(table, None, None)
    assert unalterable_differences(CORE, "t", found) == ["t: billing mode is PROVISIONED; it has to be PAY_PER_REQUEST"]


def test_ttl_where_rows_must_stay_is_never_ours_to_alter() -> None:
    found = replace(RIGHT, ttl_attribute="ttl")
    assert unalterable_differences(CORE, "t", found) == ["t: TTL is on ttl; it has to be off"]
    assert alterable_differences(CORE, "t", found) == []


def test_ttl_on_another_attribute_is_never_ours_to_alter() -> None:
    found = replace(RIGHT, ttl_attribute="expires")
    assert unalterable_differences(USAGE, "t", found) == ["t: TTL is on expires; it has to be on ttl"]


def test_ttl_that_is_being_switched_on_counts_as_on() -> None:
    found = from_answers(a_table(USAGE), {"TimeToLiveStatus": "ENABLING", "AttributeName": "ttl"}, None)
    assert found.ttl_attribute == "ttl"


def test_everything_that_is_off_is_named() -> None:
    found = replace(RIGHT, deletion_protection=False, recovery=False)
    assert alterable_differences(AUDIT, "t", found) == [
        "t: deletion protection is off; it has to be on",
        "t: point-in-time recovery is off; it has to be on",
    ]
