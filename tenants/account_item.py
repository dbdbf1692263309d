"""The account and the usage event as DynamoDB items, and the updates that reserve and settle. Pure.

Names are short because every request writes the item, and a write costs a unit per KB:

    kv tv    versions of key and tenant: the fence        t      tenant id
    mk mu    committed tokens, committed pico-USD         n      holds in flight
    rq       settled requests                             xi xo xr xw   settled tokens: input, output, cache read, write
    h<rid>   a hold, JSON                                 o<rid> a settled request not yet known to be an event, JSON

Nothing reads `n` yet: it is there for a later limit, the cap on a key's parallel requests. That will be a clause of the
reserve's condition, and a condition cannot count holds.

Holds and outbox entries are attributes of their own, not entries of a map: there is no parent to initialise, and two
writers never touch the same attribute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson

from tenants.account import Account, Bound, Hold
from tenants.event import Call, Operation, Settlement, UsageEvent, UsageStatus
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
_HOLD = "h"
_OUTBOX = "o"


def item_key(partition: str, sort: str) -> Item:
    """An item's primary key, in any of the tables."""
    return {PARTITION_KEY: {"S": partition}, SORT_KEY: {"S": sort}}


def account_key(key_id: str, month: str) -> Item:
    return item_key(account_partition(key_id), month)


def _short(request_id: str) -> str:
    return request_id.removeprefix(REQUEST_PREFIX)


def _n(number: int) -> dict[str, str]:
    return {"N": str(number)}


def reserve_update(table: str, fence: Fence, hold: Hold, delivered: Sequence[str]) -> dict[str, Any]:
    """The UpdateItem that takes a hold if the fence is current, and drops outbox entries `delivered` as events."""
    names = {"#h": _HOLD + _short(hold.call.request_id)}
    remove = _removals(delivered, names)
    return {
        "TableName": table,
        "Key": account_key(fence.key_id, hold.call.month),
        "ConditionExpression": "kv = :kv AND tv = :tv AND attribute_not_exists(#h)",
        "UpdateExpression": f"ADD mk :k, mu :u, n :one SET #h = :h{' REMOVE ' + ', '.join(remove) if remove else ''}",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {
            ":kv": _n(fence.key_version),
            ":tv": _n(fence.tenant_version),
            ":k": _n(hold.bound.tokens),
            ":u": _n(hold.bound.cost_pico_usd or 0),
            ":one": {"N": "1"},
            ":h": {"S": _hold_to_text(hold)},
        },
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def settle_update(table: str, hold: Hold, settlement: Settlement, delivered: Sequence[str]) -> dict[str, Any]:
    """The UpdateItem that replaces a hold by what was used, and stores the usage record beside it."""
    short = _short(hold.call.request_id)
    names = {"#h": _HOLD + short, "#o": _OUTBOX + short}
    # A repeated settle may find its own entry delivered by now; setting and removing it at once is not allowed.
    remove = ["#h", *_removals([each for each in delivered if each != hold.call.request_id], names)]
    tokens = settlement.tokens
    return {
        "TableName": table,
        "Key": account_key(hold.call.key_id, hold.call.month),
        "ConditionExpression": "attribute_exists(#h)",
        "UpdateExpression": (
            f"ADD mk :k, mu :u, n :one, rq :rq, xi :xi, xo :xo, xr :xr, xw :xw SET #o = :o REMOVE {', '.join(remove)}"
        ),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {
            ":k": _n(tokens.total_tokens - hold.bound.tokens),
            ":u": _n((settlement.cost_pico_usd or 0) - (hold.bound.cost_pico_usd or 0)),
            ":one": {"N": "-1"},
            ":rq": {"N": "1"},
            ":xi": _n(tokens.input_tokens),
            ":xo": _n(tokens.output_tokens),
            ":xr": _n(tokens.cache_read_tokens),
            ":xw": _n(tokens.cache_write_tokens),
            ":o": {"S": _event_to_text(UsageEvent(hold.call, settlement))},
        },
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def drop_update(table: str, hold: Hold) -> dict[str, Any]:
    """The UpdateItem that removes a hold as if it had never been taken."""
    return {
        "TableName": table,
        "Key": account_key(hold.call.key_id, hold.call.month),
        "ConditionExpression": "attribute_exists(#h)",
        "UpdateExpression": "ADD mk :k, mu :u, n :one REMOVE #h",
        "ExpressionAttributeNames": {"#h": _HOLD + _short(hold.call.request_id)},
        "ExpressionAttributeValues": {
            ":k": _n(-hold.bound.tokens),
            ":u": _n(-(hold.bound.cost_pico_usd or 0)),
            ":one": {"N": "-1"},
        },
    }


def _removals(delivered: Sequence[str], names: dict[str, str]) -> list[str]:
    places = []
    for number, request_id in enumerate(delivered):
        names[f"#d{number}"] = _OUTBOX + _short(request_id)
        places.append(f"#d{number}")
    return places


def open_transaction(tables: TableNames, fence: Fence, month: str) -> dict[str, Any]:
    """The TransactWriteItems that makes or raises an account's fence, if key and tenant still have these versions.

    The condition on the records is what keeps a change of them from racing a new month's first request.
    """
    versions = {":kv": _n(fence.key_version), ":tv": _n(fence.tenant_version)}
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
                        ":ttl": _n(account_expiry(month)),
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
            "ExpressionAttributeValues": {":v": _n(version)},
        }
    }


def account_from_item(item: Mapping[str, Mapping[str, Any]]) -> Account:
    """An account item as DynamoDB returns it. Entries that cannot be read here are left out, and left alone."""
    key_id = item[PARTITION_KEY]["S"].removeprefix(account_partition(""))
    tenant_id = item["t"]["S"] if "t" in item else None
    holds, outbox = {}, {}
    for name, value in item.items():
        if name[0] not in (_HOLD, _OUTBOX):
            continue
        request_id = REQUEST_PREFIX + name[1:]
        with suppress(ValueError, TypeError):  # a newer process's: it is for that one to read
            if name[0] == _HOLD:
                holds[request_id] = _hold_from_text(value["S"], request_id, key_id, tenant_id or "")
            else:
                outbox[request_id] = _event_from_text(value["S"], request_id, key_id, tenant_id or "")
    return Account(
        key_id=key_id,
        month=item[SORT_KEY]["S"],
        tenant_id=tenant_id,
        key_version=_find_number(item, "kv"),
        tenant_version=_find_number(item, "tv"),
        committed_tokens=_number(item, "mk"),
        committed_pico_usd=_number(item, "mu"),
        requests=_number(item, "rq"),
        settled=TokenCounts(_number(item, "xi"), _number(item, "xo"), _number(item, "xr"), _number(item, "xw")),
        holds=holds,
        outbox=outbox,
    )


def _number(item: Mapping[str, Mapping[str, Any]], name: str) -> int:
    return int(item[name]["N"]) if name in item else 0


def _find_number(item: Mapping[str, Mapping[str, Any]], name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None


def _call_fields(call: Call) -> list[Any]:
    bedrock_model = None if call.bedrock_model == call.model else call.bedrock_model
    return [call.user_id, call.operation.value, call.model, bedrock_model, call.started_at_ms]


def _call_from_fields(fields: Sequence[Any], request_id: str, key_id: str, tenant_id: str) -> Call:
    user_id, operation, model, bedrock_model, started_at_ms = fields
    bedrock_model = model if bedrock_model is None else bedrock_model
    return Call(request_id, key_id, tenant_id, user_id, Operation(operation), model, bedrock_model, started_at_ms)


def _hold_to_text(hold: Hold) -> str:
    bound = hold.bound
    fields = [bound.input_tokens, bound.output_tokens, bound.cost_pico_usd, hold.expires_at]
    return orjson.dumps([_call_fields(hold.call), fields]).decode()


def _hold_from_text(text: str, request_id: str, key_id: str, tenant_id: str) -> Hold:
    call, (input_tokens, output_tokens, cost, expires_at) = orjson.loads(text)
    return Hold(
        _call_from_fields(call, request_id, key_id, tenant_id), Bound(input_tokens, output_tokens, cost), expires_at
    )


def _event_to_text(event: UsageEvent) -> str:
    settlement, tokens = event.settlement, event.settlement.tokens
    counts = [tokens.input_tokens, tokens.output_tokens, tokens.cache_read_tokens, tokens.cache_write_tokens]
    fields = [settlement.status.value, settlement.settled_at_ms, counts, settlement.cost_pico_usd]
    return orjson.dumps([_call_fields(event.call), fields]).decode()


def _event_from_text(text: str, request_id: str, key_id: str, tenant_id: str) -> UsageEvent:
    call, (status, settled_at_ms, counts, cost) = orjson.loads(text)
    return UsageEvent(
        _call_from_fields(call, request_id, key_id, tenant_id),
        Settlement(UsageStatus(status), settled_at_ms, TokenCounts(*counts), cost),
    )
