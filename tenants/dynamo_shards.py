"""A busy key's accounts on DynamoDB, read together; and taken back from, for its tenant."""

from __future__ import annotations

from collections.abc import Iterable

from awswire.dynamodb import DynamoDb
from tenants.account_item import Item, account_key
from tenants.dynamo_calls import read_items, transact
from tenants.escrow import Escrow
from tenants.shard_loan_item import loan_transaction
from tenants.shard_loan_plan import plan_recall
from tenants.shard_loans import recall_book, shards_of
from tenants.tables import PARTITION_KEY

# Shards that spend all the time have less by then than was read, and nothing could be taken: half is there for longer.
_PARTS = (1, 2)


async def read_shards(client: DynamoDb, table: str, key: tuple[str, str], shards: Iterable[int]) -> dict[int, Item]:
    """The accounts of a key's id and month by shard; empty where one does not exist. Raises LedgerUnavailable."""
    wanted = {shard: account_key(*key, shard) for shard in shards}
    found = {item[PARTITION_KEY]["S"]: item for item in await read_items(client, table, list(wanted.values()))}
    return {shard: found.get(place[PARTITION_KEY]["S"], {}) for shard, place in wanted.items()}


async def recall(client: DynamoDb, table: str, escrow: Escrow, key_id: str) -> bool:
    """Give what a key's shards have not spent back to its first account, where the tenant's budgets find it. Whether
    there was anything; then somebody may have been faster, and the books are to be read again. Raises
    LedgerUnavailable."""
    for part in _PARTS:
        key = (key_id, escrow.month)
        items = await read_shards(client, table, key, [0])
        items |= await read_shards(client, table, key, range(1, shards_of(items[0])))
        book = recall_book(key, escrow, items[0])
        loan = plan_recall(book, items, part)
        if loan is None:
            return part != _PARTS[0]
        if await transact(client, loan_transaction(table, book, loan, items)):
            break
    return True
