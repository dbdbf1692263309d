"""A call to DynamoDB, with what can go wrong with it in the ledger's words."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awswire.dynamodb import (
    ConditionFailed,
    DynamoDb,
    DynamoDbError,
    OutcomeUnknown,
    Rejected,
    TransactionCanceled,
)
from tenants.errors import LedgerUnavailable, TablesMissing

logger = logging.getLogger("sluice.ledger")

_MOST_GETS = 100  # of one BatchGetItem (API reference)


async def call_store(
    client: DynamoDb, operation: str, body: Mapping[str, Any], *, repeatable: bool = True
) -> dict[str, Any]:
    """The answer. `repeatable` as in `DynamoDb.call`.

    Raises ConditionFailed and TransactionCanceled as they are, TablesMissing, and LedgerUnavailable for the rest.
    """
    try:
        return await client.call(operation, body, repeatable=repeatable)
    except (ConditionFailed, TransactionCanceled):
        raise
    except DynamoDbError as error:
        if isinstance(error, Rejected) and error.code == "ResourceNotFoundException":
            logger.error("the tables are missing: run `sluice migrate`", extra={"operation": operation})
            raise TablesMissing() from error
        if isinstance(error, Rejected):
            logger.error("DynamoDB rejects what the ledger asks", extra={"operation": operation, "error": str(error)})
        raise LedgerUnavailable(may_have_applied=isinstance(error, OutcomeUnknown)) from error


async def transact(client: DynamoDb, body: Mapping[str, Any]) -> bool:
    """Send a TransactWriteItems once. False where it was refused, or where nobody knows: then the items tell.

    Raises LedgerUnavailable where nothing was applied.
    """
    try:
        await call_store(client, "TransactWriteItems", body, repeatable=False)
    except TransactionCanceled:
        return False
    except LedgerUnavailable as error:
        if error.may_have_applied:
            return False
        raise
    return True


async def read_items(
    client: DynamoDb, table: str, keys: Sequence[Mapping[str, Any]], attributes: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Those of the items that exist, in any order, strongly consistent, but not all at one moment; whole, or of each
    `attributes` alone. Raises LedgerUnavailable."""
    found: list[dict[str, Any]] = []
    wanted = list(keys)
    request: dict[str, Any] = {"ConsistentRead": True}
    if attributes:
        names = {f"#n{number}": name for number, name in enumerate(attributes)}
        request |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
    while wanted:
        batch = {table: {"Keys": wanted[:_MOST_GETS], **request}}
        answer = await call_store(client, "BatchGetItem", {"RequestItems": batch})
        found.extend(answer["Responses"].get(table, []))
        # Of a batch that is too large for one answer (16 MB), or throttled in part, the rest comes back unread.
        unread = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        wanted = unread + wanted[_MOST_GETS:]
    return found
