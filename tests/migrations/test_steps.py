from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from awswire.dynamodb import DynamoDb, Rejected
from migrations.description import differences, to_create_table
from migrations.errors import TableMismatch, TableNotReady
from migrations.run import Context
from migrations.steps import ensure_table, find_table
from tenants.tables import CORE, USAGE, TableNames, TableSpec
from tests.engines import new_run


def a_context(dynamodb: DynamoDb, names: TableNames, **changes: object) -> Context:
    return Context(dynamodb, names, new_run(**changes))


async def make(dynamodb: DynamoDb, names: TableNames, spec: TableSpec, **changes: Any) -> None:
    await dynamodb.call("CreateTable", to_create_table(spec, names.of(spec)) | changes, repeatable=False)


@pytest.mark.parametrize("spec", [CORE, USAGE], ids=lambda spec: spec.role)
async def test_a_made_table_has_no_difference(dynamodb: DynamoDb, table_names: TableNames, spec: TableSpec) -> None:
    await ensure_table(a_context(dynamodb, table_names), spec)
    found = await find_table(dynamodb, table_names.of(spec))
    assert found is not None
    assert found.status == "ACTIVE"
    assert differences(spec, table_names.of(spec), found) == []
    assert found.ttl_attribute == ("ttl" if spec.expires else None)
    assert found.deletion_protection is spec.recoverable


async def test_what_is_off_is_switched_on_and_reported(dynamodb: DynamoDb, table_names: TableNames) -> None:
    lines: list[str] = []
    await make(dynamodb, table_names, CORE, DeletionProtectionEnabled=False)
    await make(dynamodb, table_names, USAGE)
    context = a_context(dynamodb, table_names, report=lines.append)
    await ensure_table(context, CORE)
    await ensure_table(context, USAGE)
    assert f"{table_names.core}: deletion protection switched on" in lines
    assert f"{table_names.usage}: TTL on ttl switched on" in lines
    for spec in (CORE, USAGE):
        found = await find_table(dynamodb, table_names.of(spec))
        assert found is not None
        assert differences(spec, table_names.of(spec), found) == []


async def test_wrong_keys_of_an_external_table_are_named(dynamodb: DynamoDb, table_names: TableNames) -> None:
    await make(
        dynamodb,
        table_names,
        CORE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
    )
    with pytest.raises(TableMismatch) as caught:
        await ensure_table(a_context(dynamodb, table_names, external=True), CORE)
    line = f"{table_names.core}: keys are id HASH S, sk RANGE N; they have to be pk HASH S, sk RANGE S"
    assert str(caught.value).startswith(line)


async def test_wrong_keys_of_a_table_of_ours_are_named_as_well(dynamodb: DynamoDb, table_names: TableNames) -> None:
    await make(
        dynamodb,
        table_names,
        USAGE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    with pytest.raises(TableMismatch, match="keys are pk HASH S; they have to be"):
        await ensure_table(a_context(dynamodb, table_names), USAGE)
    found = await find_table(dynamodb, table_names.usage)
    assert found is not None
    assert found.ttl_attribute is None  # nothing was altered


async def test_an_external_table_is_not_altered(dynamodb: DynamoDb, table_names: TableNames) -> None:
    await make(dynamodb, table_names, USAGE)
    with pytest.raises(TableMismatch, match=r"TTL is off; it has to be on ttl \(owned by an external owner"):
        await ensure_table(a_context(dynamodb, table_names, external=True), USAGE)
    found = await find_table(dynamodb, table_names.usage)
    assert found is not None
    assert found.ttl_attribute is None


async def test_a_table_of_a_cloudformation_stack_is_recognised_and_not_altered(
    dynoxide_dynamodb: DynamoDb, table_names: TableNames
) -> None:
    tags = [{"Key": "aws:cloudformation:stack-name", "Value": "gateway-prod"}]
    await make(dynoxide_dynamodb, table_names, USAGE, Tags=tags)
    with pytest.raises(TableMismatch, match=r"TTL is off.*owned by CloudFormation stack gateway-prod"):
        await ensure_table(a_context(dynoxide_dynamodb, table_names), USAGE)
    found = await find_table(dynoxide_dynamodb, table_names.usage)
    assert found is not None
    assert found.ttl_attribute is None


class SlowDynamoDb(DynamoDb):
    """Answers the first calls of some operations as AWS does for a table just made. No local engine does."""

    def __init__(self, engine: DynamoDb, first_answers: Mapping[str, list[Rejected | dict[str, Any]]]) -> None:
        self._engine = engine
        self.first_answers = {operation: list(answers) for operation, answers in first_answers.items()}

    async def call(self, operation: str, body: Mapping[str, Any], *, repeatable: bool) -> dict[str, Any]:
        if not self.first_answers.get(operation):
            return await self._engine.call(operation, body, repeatable=repeatable)
        answer = self.first_answers[operation].pop(0)
        if isinstance(answer, Rejected):
            raise answer
        return answer


NOT_FOUND = Rejected("ResourceNotFoundException", "Requested resource not found")


def recovery(status: str) -> dict[str, Any]:
    return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}}


async def no_sleep(seconds: float) -> None:
    pass


async def test_a_new_table_that_is_not_found_at_first_is_waited_for(
    dynamodb: DynamoDb, table_names: TableNames
) -> None:
    slow = SlowDynamoDb(dynamodb, {"DescribeTable": [NOT_FOUND] * 3})
    await ensure_table(a_context(slow, table_names, sleep=no_sleep), CORE)
    assert await find_table(dynamodb, table_names.core) is not None


async def test_backups_that_are_not_available_at_first_are_waited_for(
    dynamodb: DynamoDb, table_names: TableNames
) -> None:
    lines: list[str] = []
    refusal = Rejected("ContinuousBackupsUnavailableException", "Backups are being enabled")
    answers: dict[str, list[Rejected | dict[str, Any]]] = {
        "DescribeContinuousBackups": [recovery("DISABLED"), recovery("ENABLED")],
        "UpdateContinuousBackups": [refusal, refusal, {}],
    }
    slow = SlowDynamoDb(dynamodb, answers)
    await ensure_table(a_context(slow, table_names, sleep=no_sleep, report=lines.append), CORE)
    assert f"{table_names.core}: point-in-time recovery switched on" in lines
    assert slow.first_answers["UpdateContinuousBackups"] == []


async def test_a_table_that_never_appears_ends_the_wait(dynamodb: DynamoDb, table_names: TableNames) -> None:
    slow = SlowDynamoDb(dynamodb, {"DescribeTable": [NOT_FOUND] * 1000})
    with pytest.raises(TableNotReady, match="not ACTIVE after 300 s"):
        await ensure_table(a_context(slow, table_names, sleep=no_sleep), CORE)
