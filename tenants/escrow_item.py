"""The tenant's item and the parts of the keys' accounts that escrow moves, as DynamoDB has them. Pure.

    B#<tenant>  <yyyy-mm>         tv       the tenant's version whose limits it was opened for: the fence of transfers
                                  gu gk    granted this month, pico-USD and tokens
                                  dd       day of month, and granted on that day: fu fk
                                  n        keys that were granted something this month
                                  v        rises with every write
    B#<tenant>  <yyyy-mm>#<key>   says that the key is one of them, also after it was deleted, which
                                  writes it for a key that is none

Grantees are items of their own, not a set on the tenant's item: that would be rewritten with every transfer, and grow
past a write unit with some forty keys. One is written once a month for each key.

On an account (`tenants/account_item.py`) a transfer moves au ak (month) and eu ek (day), on condition of its versions
kv and tv. A day begins with nothing granted for it. Where the tenant has a budget by the day, a reserve never begins
one itself: it is refused, and the transfer that follows sets dd, du = 0 and dk = 0 along with what it grants, on
condition that dd is absent or older.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenants.account_item import SHARDS, Item, account_key, find_number, item_key, number_of
from tenants.escrow import DAILY_POOLS, POOLS, Escrow, Funds, Position, Share, Take, Transfer
from tenants.periods import account_expiry
from tenants.shard_loan_item import LOANS
from tenants.tables import (
    PARTITION_KEY,
    SORT_KEY,
    TTL_ATTRIBUTE,
    TableNames,
    account_partition,
    funds_partition,
    grantee_sort,
)
from tenants.update_draft import UpdateDraft

SHARE_ATTRIBUTES = (
    PARTITION_KEY,
    "kv",
    "tv",
    "dd",
    SHARDS,
    LOANS,
    *(name for pool in POOLS for name in (pool.room, pool.spent)),
)


def funds_key(tenant_id: str, month: str) -> Item:
    return item_key(funds_partition(tenant_id), month)


def grantee_key(tenant_id: str, month: str, key_id: str) -> Item:
    return item_key(funds_partition(tenant_id), grantee_sort(month, key_id))


def key_id_of_grantee(item: Mapping[str, Mapping[str, Any]]) -> str:
    """The key of a grantee's item, or of its primary key."""
    key_id: str = item[SORT_KEY]["S"].partition("#")[2]
    return key_id


def funds_from_item(item: Mapping[str, Mapping[str, Any]]) -> Funds:
    """The tenant's item. What it does not have is None or zero."""
    return Funds(
        tenant_version=find_number(item, "tv"),
        transfers=number_of(item, "v"),
        grantees=number_of(item, "n"),
        day=find_number(item, "dd"),
        grants={pool: int(item[pool.granted]["N"]) for pool in POOLS if pool.granted in item},
    )


def share_from_item(item: Mapping[str, Mapping[str, Any]]) -> Share:
    """An account, of which SHARE_ATTRIBUTES were read."""
    return Share(
        key_id=item[PARTITION_KEY]["S"].removeprefix(account_partition("")),
        key_version=find_number(item, "kv"),
        tenant_version=find_number(item, "tv"),
        day=find_number(item, "dd"),
        rooms={pool: int(item[pool.room]["N"]) for pool in POOLS if pool.room in item},
        spendings={pool: int(item[pool.spent]["N"]) for pool in POOLS if pool.spent in item},
        shards=number_of(item, SHARDS) or 1,
        loans=number_of(item, LOANS),
    )


def transfer_transaction(tables: TableNames, escrow: Escrow, position: Position, transfer: Transfer) -> dict[str, Any]:
    """The TransactWriteItems of a transfer. Its first step is the tenant's item, on condition that it is open for these
    limits and that no cap is passed by what is granted; its second, where there is one, the account granted to."""
    steps = [{"Update": _funds_update(tables, escrow, position, transfer)}]
    if transfer.grants:
        steps.append({"Update": _grant_update(tables, escrow, position, transfer)})
        if not position.known_grantee:
            steps.append({"Put": _grantee_put(tables, escrow, position.share.key_id)})
    for take in transfer.takes:
        steps.append({"Update": _take_update(tables, escrow.month, take, transfer.day)})
    return {"TransactItems": steps}


def _funds_update(tables: TableNames, escrow: Escrow, position: Position, transfer: Transfer) -> dict[str, Any]:
    update = UpdateDraft(tables.usage, funds_key(escrow.tenant_id, escrow.month))
    update.require_equal("tv", escrow.tenant_version)
    update.add("v", 1)
    if transfer.grants and not position.known_grantee:
        update.add("n", 1)
    caps = escrow.caps
    changes = {pool: transfer.grants.get(pool, 0) - transfer.taken(pool) for pool in caps if transfer.moves(pool)}
    new_day = position.funds.day != transfer.day and any(pool.daily for pool in changes)
    if new_day:
        update.set_number("dd", transfer.day)
        update.require_behind("dd", transfer.day)
    elif any(pool.daily for pool in changes):
        update.require_equal("dd", transfer.day)
    for pool in caps if new_day else ():
        if pool.daily:
            update.set_number(pool.granted, changes.pop(pool, 0))
    for pool, change in changes.items():
        update.add(pool.granted, change)
        if pool in transfer.grants:
            update.require_at_most(pool.granted, caps[pool] - change)
    return update.to_request()


def _grant_update(tables: TableNames, escrow: Escrow, position: Position, transfer: Transfer) -> dict[str, Any]:
    share, grants = position.share, dict(transfer.grants)
    update = UpdateDraft(tables.usage, account_key(share.key_id, escrow.month))
    update.require_equal("kv", share.key_version or 0)
    update.require_equal("tv", escrow.tenant_version)
    if any(pool.daily for pool in grants):
        if share.day == transfer.day:
            update.require_equal("dd", transfer.day)
        else:
            update.require_behind("dd", transfer.day)
            update.set_number("dd", transfer.day)
            for pool in DAILY_POOLS:
                update.set_number(pool.spent, 0)
                if pool in grants:
                    update.set_number(pool.room, grants.pop(pool))
                else:
                    update.remove(pool.room)
    for pool, amount in grants.items():
        update.add(pool.room, amount)
    return update.to_request()


def _take_update(tables: TableNames, month: str, take: Take, day: int) -> dict[str, Any]:
    update = UpdateDraft(tables.usage, account_key(take.key_id, month))
    for pool, amount in take.amounts.items():
        update.add(pool.room, -amount)
        update.require_at_least(pool.room, amount)
    if any(pool.daily for pool in take.amounts):
        update.require_equal("dd", day)
    return update.to_request()


def _grantee_put(tables: TableNames, escrow: Escrow, key_id: str) -> dict[str, Any]:
    key = grantee_key(escrow.tenant_id, escrow.month, key_id)
    expiry = {"N": str(account_expiry(escrow.month))}
    return {
        "TableName": tables.usage,
        "Item": {**key, TTL_ATTRIBUTE: expiry},
        "ConditionExpression": f"attribute_not_exists({PARTITION_KEY})",
    }


def open_update(tables: TableNames, escrow: Escrow, former: Funds, opened: Funds, grantees: int) -> dict[str, Any]:
    """The UpdateItem that opens a tenant's item for the limits of a version, with the day and the grants of `opened`.
    On condition that nothing was moved since `former` was read."""
    update = UpdateDraft(tables.usage, funds_key(escrow.tenant_id, escrow.month))
    if former.transfers:
        update.require_equal("v", former.transfers)
    else:
        update.require_absent("v")
    update.add("v", 1)
    for name, number in (("tv", escrow.tenant_version), ("dd", opened.day or 0), ("n", grantees)):
        update.set_number(name, number)
    update.set_number(TTL_ATTRIBUTE, account_expiry(escrow.month))
    for pool in POOLS:
        if pool in opened.grants:
            update.set_number(pool.granted, opened.grants[pool])
        elif pool in former.grants:
            update.remove(pool.granted)
    return update.to_request()


def fence_update(tables: TableNames, key_id: str, escrow: Escrow) -> dict[str, Any]:
    """The UpdateItem that raises an account to the tenant's version, so that nothing is reserved by older limits."""
    update = UpdateDraft(tables.usage, account_key(key_id, escrow.month))
    update.require_present("tv")
    update.require_behind("tv", escrow.tenant_version)
    update.set_number("tv", escrow.tenant_version)
    return {**update.to_request(), "ReturnValues": "ALL_NEW"}
