"""The account as a DynamoDB item: its names, its key, what is read from it, and how it is opened. Pure.

Names are short because every request writes the item, and a write costs a unit per KB:

    kv tv    versions of key and tenant: the fence        t      tenant id
    mk mu    committed tokens, committed pico-USD         n      holds in flight
    rq       settled requests                             xi xo xr xw xv   settled tokens: input, output, cache read,
                                                          cache write, and of the writes those kept for an hour
    dd       the day of the month that was counted last; dk du  committed tokens, pico-USD of that day
    w        the minute that was counted last, since 1970; wr wt  requests, committed tokens of that minute; kept only
             while the key has rates for all requests
    W<s>     the same for the rate limit of one model, named by a slot s; R<s> T<s>, and P<s> of it in flight
    au ak    what is left of the tenant's grants of the month, in pico-USD and tokens; eu ek the same for day dd
    h<rid>   a hold, JSON                                 o<rid> a settled request not yet known to be an event, JSON

A busy key has further accounts, its shards, with the same attributes. On them `l` before the name of a counter is what
is left of what was lent of it, and V<s> the version of the key by which slot s was lent to. On the first one, whose
counters count what is lent as used: `sh` how many accounts there are, `lc` how often one was lent to, and `L` before
the name of a counter how much of it is lent; before that of a day or minute, in which one: `tenants/shard_loans.py`.

Holds and outbox entries are attributes of their own, not entries of a map: there is no parent to initialise, and two
writers never touch the same attribute. A condition cannot count holds: that is what `n` is for.

A day or a minute never moves back. Whoever opens a new day takes `eu` and `ek` away in the same write: what was
granted for a day ends with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any

from tenants.account import Account, DayCount, Grants, Hold, MinuteCount, SlotCount
from tenants.account_text import event_from_text, hold_from_text
from tenants.periods import account_expiry
from tenants.principal import Fence
from tenants.tables import (
    KEY_SORT,
    PARTITION_KEY,
    SORT_KEY,
    TENANT_SORT,
    TTL_ATTRIBUTE,
    TableNames,
    account_partition,
    key_partition,
    tenant_partition,
)
from tenants.usage import TokenCounts

Item = dict[str, dict[str, Any]]
REQUEST_PREFIX = "req_"
DAY = "dd"
MINUTE = "w"
SLOT_WINDOW = "W"
DAY_GRANTS = ("eu", "ek")
SHARDS = "sh"
_LENT = "L"
_HOLD = "h"
_OUTBOX = "o"
_SLOT_HEX_DIGITS = 4


def item_key(partition: str, sort: str) -> Item:
    """An item's primary key, in any of the tables."""
    return {PARTITION_KEY: {"S": partition}, SORT_KEY: {"S": sort}}


def account_key(key_id: str, month: str, shard: int = 0) -> Item:
    return item_key(account_partition(key_id, shard), month)


def lent_name(counter: str) -> str:
    """On a key's first account: how much of a counter is lent to its shards; of a day or minute, in which one."""
    return _LENT + counter


def hold_name(request_id: str) -> str:
    """The attribute of a request's hold."""
    return _HOLD + request_id.removeprefix(REQUEST_PREFIX)


def outbox_name(request_id: str) -> str:
    """The attribute of a settled request that waits to become an event."""
    return _OUTBOX + request_id.removeprefix(REQUEST_PREFIX)


def slot_of(model: str) -> str:
    """Four characters for a model. Two models in one slot would be limited together, never less than each alone."""
    return sha256(model.encode()).hexdigest()[:_SLOT_HEX_DIGITS]


def open_transaction(tables: TableNames, fence: Fence, month: str) -> dict[str, Any]:
    """The TransactWriteItems that makes or raises an account's fence, if key and tenant still have these versions.

    The condition on the records is what keeps a change of them from racing a new month's first request.
    """
    versions = {":kv": to_number(fence.key_version), ":tv": to_number(fence.tenant_version)}
    return {
        "TransactItems": [
            _version_check(tables.core, key_partition(fence.key_id), KEY_SORT, fence.key_version),
            _version_check(tables.core, tenant_partition(fence.tenant_id), TENANT_SORT, fence.tenant_version),
            {
                "Update": {
                    "TableName": tables.usage,
                    "Key": account_key(fence.key_id, month),
                    "UpdateExpression": "SET kv = :kv, tv = :tv, t = :t, #ttl = :ttl",
                    "ConditionExpression": (
                        "(attribute_not_exists(kv) OR kv <= :kv) AND (attribute_not_exists(tv) OR tv <= :tv)"
                    ),
                    "ExpressionAttributeNames": {"#ttl": TTL_ATTRIBUTE},
                    "ExpressionAttributeValues": {
                        **versions,
                        ":t": {"S": fence.tenant_id},
                        ":ttl": to_number(account_expiry(month)),
                    },
                }
            },
        ]
    }


def _version_check(table: str, partition: str, sort: str, version: int) -> dict[str, Any]:
    return {
        "ConditionCheck": {
            "TableName": table,
            "Key": item_key(partition, sort),
            "ConditionExpression": "version = :v",
            "ExpressionAttributeValues": {":v": to_number(version)},
        }
    }


def account_from_item(item: Mapping[str, Mapping[str, Any]]) -> Account:
    """An account item as DynamoDB returns it. Entries that cannot be read here are left out, and left alone."""
    key_id, _, number = item[PARTITION_KEY]["S"].removeprefix(account_partition("")).partition("#")
    shard = int(number or 0)
    tenant_id = item["t"]["S"] if "t" in item else None
    holds, outbox = {}, {}
    for name, value in item.items():
        if name[0] not in (_HOLD, _OUTBOX):
            continue
        request_id = REQUEST_PREFIX + name[1:]
        with suppress(ValueError, TypeError):  # a newer process's: it is for that one to read
            if name[0] == _HOLD:
                holds[request_id] = _on(shard, hold_from_text(value["S"], request_id, key_id, tenant_id or ""))
            else:
                outbox[request_id] = event_from_text(value["S"], request_id, key_id, tenant_id or "")
    return Account(
        key_id=key_id,
        month=item[SORT_KEY]["S"],
        tenant_id=tenant_id,
        key_version=find_number(item, "kv"),
        tenant_version=find_number(item, "tv"),
        committed_tokens=own_number_of(item, "mk"),
        committed_pico_usd=own_number_of(item, "mu"),
        requests=number_of(item, "rq"),
        settled=TokenCounts(*(number_of(item, name) for name in ("xi", "xo", "xr", "xw", "xv"))),
        holds=holds,
        outbox=outbox,
        day=DayCount(number_of(item, DAY), *(own_number_of(item, name, DAY) for name in ("dk", "du"))),
        minute=_minute_from(item, MINUTE, "wr", "wt"),
        slots=_slots_from(item),
        grants=Grants(*(find_number(item, name) for name in ("au", "ak", *DAY_GRANTS))),
        shard=shard,
        shards=number_of(item, SHARDS) or 1,
    )


def _on(shard: int, hold: Hold) -> Hold:
    """The item says which shard it is; its entries do not."""
    return replace(hold, entry=replace(hold.entry, shard=shard)) if shard and hold.entry is not None else hold


def _slots_from(item: Mapping[str, Mapping[str, Any]]) -> dict[str, SlotCount]:
    slots = {name[1:] for name in item if name[0] in "WP" and len(name) == 1 + _SLOT_HEX_DIGITS}
    return {
        slot: SlotCount(_minute_from(item, SLOT_WINDOW + slot, f"R{slot}", f"T{slot}"), own_number_of(item, f"P{slot}"))
        for slot in sorted(slots)
    }


def _minute_from(item: Mapping[str, Mapping[str, Any]], minute: str, requests: str, tokens: str) -> MinuteCount:
    return MinuteCount(number_of(item, minute), *(own_number_of(item, name, minute) for name in (requests, tokens)))


def own_number_of(item: Mapping[str, Mapping[str, Any]], counter: str, window: str | None = None) -> int:
    """What is counted on this account itself, without what it has lent to others."""
    lent_now = window is None or item.get(lent_name(window)) == item.get(window)
    return number_of(item, counter) - (number_of(item, lent_name(counter)) if lent_now else 0)


def number_of(item: Mapping[str, Mapping[str, Any]], name: str) -> int:
    """A counter; one that is not there counts nothing."""
    return int(item[name]["N"]) if name in item else 0


def find_number(item: Mapping[str, Mapping[str, Any]], name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None


def to_number(number: int) -> dict[str, str]:
    return {"N": str(number)}
