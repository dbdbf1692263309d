"""Where an account stands against a key's limits: why a reserve was refused, and what is left after one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenants.account import Entry
from tenants.account_caps import Cap, caps_of, draws_of
from tenants.account_counts import Seen, amounts_of_bound, counts_of, room_name, seen_in
from tenants.account_item import DAY, DAY_GRANTS, SLOT_WINDOW, find_number, number_of
from tenants.account_reserve import Reserve, loans_of, slot_version_name
from tenants.account_text import NOT_ENTERED
from tenants.errors import FenceStale, GrantNeeded, LimitExceeded, Refusal, TenantsError
from tenants.escrow import interval_ends_at_ms
from tenants.refusals import limit_exceeded
from tenants.standing import Allowance, SpendAllowance, Standing, tighter
from tenants.window import minute_ends_at_ms

AccountItem = Mapping[str, Mapping[str, Any]]


def find_refusal(item: AccountItem, reserve: Reserve) -> TenantsError | None:
    """Which clause of a reserve the account does not meet: FenceStale before LimitExceeded before GrantNeeded.

    None where it meets all of them: then the update was made for another day or minute than the account's. The hold's
    entry has to be the one made from this item.
    """
    versions = (find_number(item, "kv"), find_number(item, "tv"))
    if versions != (reserve.fence.key_version, reserve.fence.tenant_version):
        return FenceStale(*versions)
    entry, month = reserve.hold.entry or NOT_ENTERED, reserve.hold.call.month
    windows = seen_in(entry)
    for cap in caps_of(reserve.demand, reserve.hold.bound):
        used = _used(item, cap, windows)
        if used > cap.room:
            return _exceeded(cap, used, _resets_at_ms(cap, entry, month))
    day_begins = number_of(item, DAY) != entry.day
    for draw in draws_of(entry, reserve.hold.bound):
        left = 0 if draw.grant in DAY_GRANTS and day_begins else number_of(item, draw.grant)
        if left < draw.asked:
            return GrantNeeded()
    return None


def has_loans(shard: AccountItem, reserve: Reserve) -> bool:
    """Whether a shard is open for the versions, and was lent what the request needs, in the days and minutes of the
    hold's entry."""
    fence, entry = reserve.fence, reserve.hold.entry or NOT_ENTERED
    if (find_number(shard, "kv"), find_number(shard, "tv")) != (fence.key_version, fence.tenant_version):
        return False
    if entry.slot is not None and find_number(shard, slot_version_name(entry.slot)) != fence.key_version:
        return False
    if any(number_of(shard, name) != at for name, at in seen_in(entry).items()):
        return False
    loans = loans_of(counts_of(entry, amounts_of_bound(reserve.hold.bound)))
    return all(number_of(shard, name) >= number for name, number in loans.items())


def standing_after(attributes: AccountItem, reserve: Reserve, bank: AccountItem | None = None) -> Standing:
    """What is left after a reserve that was taken. `attributes` are at least those that it wrote, as they became. For
    one on a shard: what that has left, and what the bank had when it was last seen, if that was in this day and minute.
    """
    entry, month = reserve.hold.entry or NOT_ENTERED, reserve.hold.call.month
    windows = seen_in(entry)
    # An update that goes on with a day or minute has it in its condition, and does not write it.
    item = {**attributes, **{name: {"N": str(at)} for name, at in windows.items()}}
    rates: dict[str, Allowance | None] = {"requests": None, "tokens": None, "parallel": None}
    spend = []
    for cap in caps_of(reserve.demand, reserve.hold.bound):
        used = _used(item, cap, windows) if bank is None else _last_used(bank, cap, windows)
        room = 0 if bank is None else number_of(attributes, room_name(cap.meter.counter))
        left = min(max(cap.limit - used, 0) + room, cap.limit)
        allowance = Allowance(cap.limit, left, _resets_at_ms(cap, entry, month))
        if cap.subject.interval is not None and cap.subject.currency is not None:
            spend.append(SpendAllowance(cap.subject.interval, cap.subject.currency, allowance))
        else:
            rates[cap.subject.kind] = tighter(rates[cap.subject.kind], allowance)
    return Standing(rates["requests"], rates["tokens"], rates["parallel"], tuple(spend))


def _used(item: AccountItem, cap: Cap, windows: Seen) -> int:
    """What is on the counter, which starts anew with the day or minute of the entry's `windows`."""
    window = cap.meter.window
    if window is not None and number_of(item, window) != windows[window]:
        return 0
    return number_of(item, cap.meter.counter)


def _last_used(bank: AccountItem, cap: Cap, windows: Seen) -> int:
    """As `_used`; of a bank that was not seen yet, or in an earlier day or minute, that nothing is left."""
    window = cap.meter.window
    seen = bool(bank) if window is None else number_of(bank, window) == windows[window]
    return number_of(bank, cap.meter.counter) if seen else cap.limit


def _exceeded(cap: Cap, used: int, resets_at_ms: int | None) -> LimitExceeded:
    subject = cap.subject
    return limit_exceeded(
        Refusal(
            scope="key",
            kind=subject.kind,
            limit=cap.limit,
            used=used,
            asked=cap.asked,
            resets_at_ms=resets_at_ms,
            interval=subject.interval,
            currency=subject.currency,
            model=subject.model,
        )
    )


def _resets_at_ms(cap: Cap, entry: Entry, month: str) -> int | None:
    if cap.subject.kind == "parallel":
        return None
    if cap.subject.interval is None:
        minute = entry.slot_minute if (cap.meter.window or "").startswith(SLOT_WINDOW) else entry.minute
        return minute_ends_at_ms(minute or 0)
    return interval_ends_at_ms(cap.subject.interval, month, entry.day or 0)
