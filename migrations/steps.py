"""What steps are made of. Each part looks first, acts on the difference, and waits for the effect: running it again,
or on top of an earlier run that was cut off, does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awswire.dynamodb import DynamoDb, Rejected
from migrations.description import (
    TableDescription,
    alterable_differences,
    differences,
    from_answers,
    to_create_table,
    unalterable_differences,
)
from migrations.errors import TableMismatch, TableNotReady
from migrations.run import Context
from tenants.tables import TTL_ATTRIBUTE, TableSpec

_STACK_TAG = "aws:cloudformation:stack-name"
_WAIT_SECONDS = 1.0
_WAITS = 300


async def find_table(db: DynamoDb, name: str) -> TableDescription | None:
    """The table as it is now. Raises DynamoDbError."""
    try:
        answer = await db.call("DescribeTable", {"TableName": name}, repeatable=True)
    except Rejected as rejected:
        if rejected.code == "ResourceNotFoundException":
            return None
        raise
    if answer["Table"]["TableStatus"] == "CREATING":
        return from_answers(answer["Table"], None, None)  # its settings cannot be asked for yet
    ttl = await _find_settings(db, "DescribeTimeToLive", "TimeToLiveDescription", name)
    backups = await _find_settings(db, "DescribeContinuousBackups", "ContinuousBackupsDescription", name)
    return from_answers(answer["Table"], ttl, backups)


async def ensure_table(context: Context, spec: TableSpec) -> None:
    """Makes the table, or switches on what is off, or, where it is owned from outside, only compares.

    Raises TableMismatch with every difference that is not ours to mend, TableNotReady, DynamoDbError.
    """
    name = context.tables.of(spec)
    found = await find_table(context.db, name)
    if found is None:
        if context.run.external:
            raise TableMismatch([f"{name}: does not exist; the owner of the tables has to make it"])
        await _create(context, spec)
    found = await _get_active(context, name)
    lines = differences(spec, name, found)
    if not lines:
        return
    owner = await _find_owner(context, found)
    if owner is not None:
        raise TableMismatch([f"{line} (owned by {owner}; not altered)" for line in lines])
    if unalterable := unalterable_differences(spec, name, found):
        raise TableMismatch(unalterable)
    await _switch_on(context, spec, found)
    await _wait_for_settings(context, spec)


async def _create(context: Context, spec: TableSpec) -> None:
    name = context.tables.of(spec)
    try:
        await context.db.call("CreateTable", to_create_table(spec, name), repeatable=True)
    except Rejected as rejected:
        # Another runner's creation won, or an earlier attempt of ours whose answer was lost.
        if rejected.code != "ResourceInUseException":
            raise
    else:
        context.run.report(f"{name}: created")


async def _get_active(context: Context, name: str) -> TableDescription:
    """Waits for ACTIVE: DescribeTable may not even find a table that was made a moment ago."""
    for _ in range(_WAITS):
        found = await find_table(context.db, name)
        if found is not None and found.status == "ACTIVE":
            return found
        await context.run.sleep(_WAIT_SECONDS)
    raise TableNotReady(f"{name}: not ACTIVE after {_WAITS * _WAIT_SECONDS:.0f} s")


async def _wait_for_settings(context: Context, spec: TableSpec) -> None:
    """What was switched on shows in the descriptions a moment later, for they are eventually consistent."""
    name = context.tables.of(spec)
    for _ in range(_WAITS):
        lines = alterable_differences(spec, name, await _get_active(context, name))
        if not lines:
            return
        await context.run.sleep(_WAIT_SECONDS)
    raise TableNotReady("\n".join(lines))


async def _find_owner(context: Context, found: TableDescription) -> str | None:
    """Who owns the table, if not this application."""
    if context.run.external:
        return "an external owner"
    token: dict[str, str] = {}
    while True:
        body = {"ResourceArn": found.arn, **token}
        try:
            answer = await context.db.call("ListTagsOfResource", body, repeatable=True)
        except Rejected as rejected:
            if rejected.code == "UnknownOperationException":
                return None  # an engine without tags is nobody's stack
            raise
        for tag in answer.get("Tags", ()):
            if tag["Key"] == _STACK_TAG:
                return f"CloudFormation stack {tag['Value']}"
        if "NextToken" not in answer:
            return None
        token = {"NextToken": answer["NextToken"]}


async def _switch_on(context: Context, spec: TableSpec, found: TableDescription) -> None:
    name = context.tables.of(spec)
    if spec.expires and found.ttl_attribute is None:
        await _enable_ttl(context, name)
        context.run.report(f"{name}: TTL on {TTL_ATTRIBUTE} switched on")
    if spec.recoverable and found.deletion_protection is False:
        body = {"TableName": name, "DeletionProtectionEnabled": True}
        await context.db.call("UpdateTable", body, repeatable=True)
        context.run.report(f"{name}: deletion protection switched on")
    if spec.recoverable and found.recovery is False:
        await _enable_recovery(context, name)
        context.run.report(f"{name}: point-in-time recovery switched on")


async def _enable_ttl(context: Context, name: str) -> None:
    specification = {"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
    body = {"TableName": name, "TimeToLiveSpecification": specification}
    try:
        await context.db.call("UpdateTimeToLive", body, repeatable=True)
    except Rejected:
        # Switching on what is on is a ValidationException, and a repeated request may meet its own first attempt.
        found = await find_table(context.db, name)
        if found is None or found.ttl_attribute != TTL_ATTRIBUTE:
            raise


async def _enable_recovery(context: Context, name: str) -> None:
    """A table just made refuses, for some seconds, with ContinuousBackupsUnavailableException."""
    body = {"TableName": name, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    for _ in range(_WAITS):
        try:
            await context.db.call("UpdateContinuousBackups", body, repeatable=True)
            return
        except Rejected as rejected:
            if rejected.code != "ContinuousBackupsUnavailableException":
                raise
        await context.run.sleep(_WAIT_SECONDS)
    raise TableNotReady(f"{name}: backups not available after {_WAITS * _WAIT_SECONDS:.0f} s")


async def _find_settings(db: DynamoDb, operation: str, member: str, name: str) -> Mapping[str, Any] | None:
    """One member of a Describe operation's answer; None where the engine does not know the operation."""
    try:
        answer = await db.call(operation, {"TableName": name}, repeatable=True)
    except Rejected as rejected:
        if rejected.code == "UnknownOperationException":
            return None
        raise
    settings: Mapping[str, Any] = answer[member]
    return settings
