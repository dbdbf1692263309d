from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.account import Account, Bound, Hold
from tenants.account_item import account_from_item, account_key, open_transaction, reserve_update, settle_update
from tenants.event import Settlement, UsageEvent
from tenants.ids import time_ordered
from tenants.periods import account_expiry
from tenants.principal import Fence
from tenants.tables import TableNames
from tenants.usage import TokenCounts
from tests.tenants.generated import holds, request_ids, settlements
from tests.tenants.item_size import WRITE_UNIT_BYTES, to_size_bytes
from tests.tenants.samples import CALL, FENCE, HOLD, MONTH, NOW_MS, SETTLEMENT, a_hold

TABLES = TableNames("sluice")
OPENED = {
    **account_key(FENCE.key_id, MONTH),
    "kv": {"N": "3"},
    "tv": {"N": "2"},
    "t": {"S": FENCE.tenant_id},
    "ttl": {"N": str(account_expiry(MONTH))},
}
delivered_ids = st.lists(request_ids, max_size=10, unique=True)


def with_own_ids(hold: Hold) -> Hold:
    """On the account of FENCE."""
    return replace(hold, call=replace(hold.call, key_id=FENCE.key_id, tenant_id=FENCE.tenant_id))


def placeholders(update: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """All `#name` and `:value` of the expressions, once for each use."""
    text = update["UpdateExpression"] + " " + update["ConditionExpression"]
    return re.findall(r"#\w+", text), re.findall(r":\w+", text)


def set_value(update: Mapping[str, Any], place: str) -> tuple[str, Any]:
    """The attribute that `SET #place = :place` writes, with its value."""
    name = update["ExpressionAttributeNames"][f"#{place}"]
    return name, update["ExpressionAttributeValues"][f":{place}"]


@given(holds.map(with_own_ids))
def test_a_hold_reads_back_as_taken(hold: Hold) -> None:
    name, value = set_value(reserve_update("usage", FENCE, hold, ()), "h")
    assert account_from_item({**OPENED, name: value}).holds == {hold.call.request_id: hold}


@given(holds.map(with_own_ids), settlements)
def test_an_outbox_entry_reads_back_as_settled(hold: Hold, settlement: Settlement) -> None:
    name, value = set_value(settle_update("usage", hold, settlement, ()), "o")
    assert account_from_item({**OPENED, name: value}).outbox == {
        hold.call.request_id: UsageEvent(hold.call, settlement)
    }


def test_counters_read_back_and_missing_ones_are_zero() -> None:
    numbers = {"mk": 11, "mu": 12, "rq": 13, "xi": 1, "xo": 2, "xr": 3, "xw": 4, "n": 5}
    item = {**OPENED, **{name: {"N": str(number)} for name, number in numbers.items()}}
    assert account_from_item(item) == Account(
        FENCE.key_id, MONTH, FENCE.tenant_id, 3, 2, 11, 12, 13, TokenCounts(1, 2, 3, 4)
    )
    assert account_from_item(account_key("key_9", MONTH)) == Account("key_9", MONTH)


@given(holds, settlements, delivered_ids)
def test_every_name_and_value_of_an_update_is_used_and_defined(
    hold: Hold, settlement: Settlement, delivered: list[str]
) -> None:
    # DynamoDB refuses a placeholder that is not defined, and a definition that is not used.
    for update in (
        reserve_update("usage", FENCE, hold, delivered),
        settle_update("usage", hold, settlement, delivered),
        open_transaction(TABLES, FENCE, MONTH)["TransactItems"][2]["Update"],
    ):
        names, values = placeholders(update)
        assert set(names) == update["ExpressionAttributeNames"].keys()
        assert set(values) == update["ExpressionAttributeValues"].keys()


@given(holds, settlements, delivered_ids)
def test_no_attribute_is_written_twice_in_one_update(hold: Hold, settlement: Settlement, delivered: list[str]) -> None:
    # DynamoDB refuses overlapping paths.
    delivered = list(dict.fromkeys([*delivered, hold.call.request_id]))
    for update in (
        reserve_update("usage", FENCE, hold, delivered),
        settle_update("usage", hold, settlement, delivered),
    ):
        names = update["ExpressionAttributeNames"]
        written = [names[each] for each in re.findall(r"#\w+", update["UpdateExpression"])]
        assert len(written) == len(set(written))


@given(holds, settlements)
def test_a_settle_takes_out_of_the_counters_what_the_reserve_put_in_beyond_the_truth(
    hold: Hold, settlement: Settlement
) -> None:
    reserved = reserve_update("usage", FENCE, hold, ())["ExpressionAttributeValues"]
    settled = settle_update("usage", hold, settlement, ())["ExpressionAttributeValues"]

    def total(name: str) -> int:
        return int(reserved[name]["N"]) + int(settled[name]["N"])

    assert total(":k") == settlement.tokens.total_tokens
    assert total(":u") == (settlement.cost_pico_usd or 0)
    assert total(":one") == 0


def test_a_settle_goes_to_the_month_in_which_the_request_began() -> None:
    hold = a_hold("req_1", started_at_ms=NOW_MS)
    december = replace(SETTLEMENT, settled_at_ms=NOW_MS + 40 * 86_400_000)
    assert settle_update("usage", hold, december, ())["Key"] == account_key(hold.call.key_id, MONTH)


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_opening_checks_the_very_versions_that_it_writes(key_version: int, tenant_version: int) -> None:
    fence = Fence("key_1", "proj_1", key_version, tenant_version)
    key_check, tenant_check, update = open_transaction(TABLES, fence, MONTH)["TransactItems"]
    assert key_check["ConditionCheck"]["Key"] == {"pk": {"S": "K#key_1"}, "sk": {"S": "KEY"}}
    assert tenant_check["ConditionCheck"]["Key"] == {"pk": {"S": "T#proj_1"}, "sk": {"S": "TENANT"}}
    written = update["Update"]["ExpressionAttributeValues"]
    assert key_check["ConditionCheck"]["ExpressionAttributeValues"][":v"] == written[":kv"] == {"N": str(key_version)}
    assert tenant_check["ConditionCheck"]["ExpressionAttributeValues"][":v"] == written[":tv"]
    assert {each["TableName"] for each in (key_check["ConditionCheck"], tenant_check["ConditionCheck"])} == {
        TABLES.core
    }


@pytest.mark.parametrize("model", ["claude", CALL.bedrock_model])
def test_an_account_with_one_hold_and_one_outbox_entry_costs_one_write_unit(model: str) -> None:
    def named(number: int) -> Hold:
        request_id = f"req_{time_ordered(NOW_MS, bytes([number] * 9))}"
        call = replace(
            CALL, request_id=request_id, key_id="key_0123456789ab", tenant_id="proj_" + "a" * 16, model=model
        )
        return replace(HOLD, call=replace(call, user_id="user_" + "b" * 24), bound=Bound(200_000, 64_000, 10**15))

    spent = Settlement(SETTLEMENT.status, NOW_MS, TokenCounts(200_000, 64_000, 200_000, 200_000), 10**15)
    name_h, hold = set_value(reserve_update("usage", FENCE, named(1), ()), "h")
    name_o, entry = set_value(settle_update("usage", named(2), spent, ()), "o")
    counters = {name: {"N": "987654321987654321"} for name in ("mk", "mu", "rq", "xi", "xo", "xr", "xw", "n")}
    opened = {**OPENED, **account_key("key_0123456789ab", MONTH), "t": {"S": "proj_" + "a" * 16}}
    size_bytes = to_size_bytes({**opened, **counters, name_h: hold, name_o: entry})
    print(f"account, one hold, one outbox entry: {size_bytes} bytes")  # noqa: T201 - shown by `pytest -s`
    assert size_bytes < WRITE_UNIT_BYTES
