from __future__ import annotations

from tenants.account import Account, DayCount, MinuteCount, SlotCount
from tenants.account_shards import merge
from tenants.usage import TokenCounts
from tests.tenants.samples import EVENT, HOLD, MONTH

FIRST = Account("key_1", MONTH, "proj_1", 3, 4, 10, 100, 1, TokenCounts(1, 2), {"req_1": HOLD}, shards=3)


def test_an_account_without_shards_is_itself() -> None:
    assert merge(FIRST, []) == FIRST


def test_shards_add_what_they_counted_and_leave_the_fence() -> None:
    shard = Account(
        "key_1", MONTH, None, None, None, 5, 50, 2, TokenCounts(3, 4), outbox={EVENT.call.request_id: EVENT}, shard=1
    )
    both = merge(FIRST, [shard])
    assert (both.committed_tokens, both.committed_pico_usd, both.requests) == (15, 150, 3)
    assert both.settled == TokenCounts(4, 6)
    assert (list(both.holds), list(both.outbox)) == (["req_1"], ["req_1"])
    assert (both.key_version, both.tenant_version, both.shards) == (3, 4, 3)


def test_the_latest_day_and_minute_count_alone() -> None:
    def at(day: int, minute: int, counted: int) -> Account:
        window = MinuteCount(minute, counted, counted)
        slots = {"c857": SlotCount(window, counted)}
        return Account("key_1", MONTH, day=DayCount(day, counted, counted), minute=window, slots=slots)

    one = merge(at(20, 7, 1), [at(20, 7, 2), at(19, 6, 4)])
    assert (one.day, one.minute) == (DayCount(20, 3, 3), MinuteCount(7, 3, 3))
    assert one.slots["c857"] == SlotCount(MinuteCount(7, 3, 3), 7)
