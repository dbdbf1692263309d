"""The update that takes a hold: one conditional UpdateItem, all of a key's limits or nothing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tenants.account import Hold
from tenants.account_caps import Cap, caps_of, draws_of
from tenants.account_counts import ROOM, Counts, Seen, amounts_of_bound, counts_of
from tenants.account_item import DAY, DAY_GRANTS, account_key, hold_name, outbox_name
from tenants.account_text import NOT_ENTERED, hold_to_text
from tenants.account_windows import begin, begins, go_on
from tenants.demand import Demand
from tenants.principal import Fence
from tenants.update_draft import UpdateDraft


@dataclass(frozen=True, slots=True)
class Reserve:
    """What is to be reserved, by whom; `hold` has its entry."""

    fence: Fence
    hold: Hold
    demand: Demand


def reserve_update(table: str, reserve: Reserve, seen: Seen, delivered: Sequence[str]) -> dict[str, Any]:
    """Takes the hold if the fence is current and every limit has room for it; drops outbox entries `delivered`.

    `seen` tells which days and minutes begin, see `account_windows`. Where a refusal shows that nothing but that was
    wrong (`find_refusal` finds nothing), the update made from what it shows is the one to send.
    """
    hold, fence, entry = reserve.hold, reserve.fence, reserve.hold.entry or NOT_ENTERED
    draft = UpdateDraft(table, account_key(fence.key_id, hold.call.month, entry.shard))
    draft.require_equal("kv", fence.key_version)
    draft.require_equal("tv", fence.tenant_version)
    draft.require_absent(hold_name(hold.call.request_id))
    counts = counts_of(entry, amounts_of_bound(hold.bound))
    for name, number in counts.always.items():
        draft.add(name, number)
    if entry.shard:
        _spend_loans(draft, counts, reserve)
    else:
        _keep_limits(draft, counts, reserve, seen)
    draft.set_text(hold_name(hold.call.request_id), hold_to_text(hold))
    for request_id in delivered:
        draft.remove(outbox_name(request_id))
    return draft.to_request()


def loans_of(counts: Counts) -> dict[str, int]:
    """What a request takes from each of a shard's loans, by attribute."""
    adds = dict(counts.always)
    for window in counts.windows:
        adds.update(window.adds)
    return {name: -number for name, number in adds.items() if name.startswith(ROOM) and number < 0}


def slot_version_name(slot: str) -> str:
    """On a shard: the version of the key by which the slot was lent to. A request for another model raises the shard's
    own, without a look at this model's limits."""
    return f"V{slot}"


def _spend_loans(draft: UpdateDraft, counts: Counts, reserve: Reserve) -> None:
    """No limit is asked: what is lent is within all of them. Days and minutes begin with a loan."""
    for window in counts.windows:
        go_on(draft, window)
    for name, number in loans_of(counts).items():
        draft.require_at_least(name, number)
    slot = (reserve.hold.entry or NOT_ENTERED).slot
    if slot is not None:
        draft.require_equal(slot_version_name(slot), reserve.fence.key_version)


def _keep_limits(draft: UpdateDraft, counts: Counts, reserve: Reserve, seen: Seen) -> None:
    hold = reserve.hold
    draws = draws_of(hold.entry or NOT_ENTERED, hold.bound)
    needs_day_grant = any(draw.grant in DAY_GRANTS for draw in draws)
    beginning = set()
    for window in counts.windows:
        # A new day has no grants yet. The draw begins it, for which this update has to be refused: as if it went on.
        if begins(window, seen) and not (window.name == DAY and needs_day_grant):
            beginning.add(window.name)
            begin(draft, window)
        else:
            go_on(draft, window)
    for cap in caps_of(reserve.demand, hold.bound):
        _require_room(draft, cap, anew=cap.meter.window in beginning)
    for draw in draws:
        draft.require_at_least(draw.grant, draw.asked)


def _require_room(draft: UpdateDraft, cap: Cap, *, anew: bool) -> None:
    """A counter that begins has all the room there is. No counter is below zero, so no room at all is no room in
    what it held before, either: that is how a request too large on its own is refused."""
    if not anew or cap.room < 0:
        draft.require_at_most(cap.meter.counter, cap.room)
