"""What a table is, as DynamoDB describes it, and how that differs from what it has to be. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenants.tables import PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, TableSpec

_KEYS = f"{PARTITION_KEY} HASH S, {SORT_KEY} RANGE S"
_ON_DEMAND = "PAY_PER_REQUEST"


@dataclass(frozen=True, slots=True)
class TableDescription:
    """`keys` reads like `pk HASH S, sk RANGE S`. `ttl_attribute` is None while TTL is off.

    `deletion_protection` and `recovery` (point in time) are None where the engine does not know of them.
    """

    arn: str
    status: str
    keys: str
    billing_mode: str
    ttl_attribute: str | None
    deletion_protection: bool | None
    recovery: bool | None


def to_create_table(spec: TableSpec, name: str) -> dict[str, Any]:
    """The body of CreateTable. Encryption at rest is not asked for: DynamoDB encrypts every table."""
    return {
        "TableName": name,
        "KeySchema": [
            {"AttributeName": PARTITION_KEY, "KeyType": "HASH"},
            {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": PARTITION_KEY, "AttributeType": "S"},
            {"AttributeName": SORT_KEY, "AttributeType": "S"},
        ],
        "BillingMode": _ON_DEMAND,
        "DeletionProtectionEnabled": spec.recoverable,
    }


def from_answers(
    table: Mapping[str, Any], ttl: Mapping[str, Any] | None, backups: Mapping[str, Any] | None
) -> TableDescription:
    """From the answers of DescribeTable, DescribeTimeToLive, DescribeContinuousBackups; None where not supported."""
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    keys = ", ".join(
        f"{each['AttributeName']} {each['KeyType']} {types[each['AttributeName']]}" for each in table["KeySchema"]
    )
    recovery = None if backups is None else backups.get("PointInTimeRecoveryDescription", {})
    ttl = ttl or {}
    return TableDescription(
        arn=table["TableArn"],
        status=table["TableStatus"],
        keys=keys,
        # DescribeTable leaves the summary out for a table that has always been provisioned.
        billing_mode=table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        ttl_attribute=ttl.get("AttributeName") if ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING") else None,
        deletion_protection=table.get("DeletionProtectionEnabled"),
        recovery=None if recovery is None else recovery.get("PointInTimeRecoveryStatus") == "ENABLED",
    )


def unalterable_differences(spec: TableSpec, name: str, found: TableDescription) -> list[str]:
    """What nobody but the operator can put right: keys are for ever, and money and lost rows are no step's business."""
    lines = []
    if found.keys != _KEYS:
        lines.append(f"{name}: keys are {found.keys}; they have to be {_KEYS}")
    if found.billing_mode != _ON_DEMAND:
        lines.append(f"{name}: billing mode is {found.billing_mode}; it has to be {_ON_DEMAND}")
    if found.ttl_attribute is not None and (not spec.expires or found.ttl_attribute != TTL_ATTRIBUTE):
        wanted = f"on {TTL_ATTRIBUTE}" if spec.expires else "off"
        lines.append(f"{name}: TTL is on {found.ttl_attribute}; it has to be {wanted}")
    return lines


def alterable_differences(spec: TableSpec, name: str, found: TableDescription) -> list[str]:
    """What a step may switch on: nothing here costs a row, or a request."""
    lines = []
    if spec.expires and found.ttl_attribute is None:
        lines.append(f"{name}: TTL is off; it has to be on {TTL_ATTRIBUTE}")
    if spec.recoverable and found.deletion_protection is False:
        lines.append(f"{name}: deletion protection is off; it has to be on")
    if spec.recoverable and found.recovery is False:
        lines.append(f"{name}: point-in-time recovery is off; it has to be on")
    return lines


def differences(spec: TableSpec, name: str, found: TableDescription) -> list[str]:
    """All of them, one line each; none if the table is what it has to be."""
    return unalterable_differences(spec, name, found) + alterable_differences(spec, name, found)
