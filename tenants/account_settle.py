"""The updates that end a hold, and the one that records a request which took none. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tenants.account import Hold
from tenants.account_counts import Amounts, Seen, amounts_to_drop, amounts_to_settle, counts_of, entry_of
from tenants.account_item import account_key, hold_name, outbox_name, to_number
from tenants.account_text import NOT_ENTERED, event_to_text
from tenants.account_windows import begin, begins, correct, go_on
from tenants.demand import Demand
from tenants.event import Settlement, UsageEvent
from tenants.periods import account_expiry
from tenants.tables import TTL_ATTRIBUTE
from tenants.update_draft import UpdateDraft


def settle_update(
    table: str, hold: Hold, settlement: Settlement, seen: Seen, delivered: Sequence[str]
) -> dict[str, Any]:
    """Replaces a hold by what was used, and stores the usage record beside it.

    A day or minute that is over is left as it was. `seen` tells which are; those that it does not know are corrected,
    on the condition that they are still the account's: refused, the account shows which are not.
    """
    draft = _end(table, hold, amounts_to_settle(hold.bound, settlement), seen)
    _record(draft, settlement)
    _store(draft, UsageEvent(hold.call, settlement), delivered)
    return draft.to_request()


def drop_update(table: str, hold: Hold, seen: Seen, delivered: Sequence[str]) -> dict[str, Any]:
    """Removes a hold as if it had never been taken; days and minutes as in `settle_update`."""
    draft = _end(table, hold, amounts_to_drop(hold.bound), seen)
    for each in delivered:
        draft.remove(outbox_name(each))
    return draft.to_request()


def soft_update(table: str, event: UsageEvent, demand: Demand, seen: Seen, delivered: Sequence[str]) -> dict[str, Any]:
    """Counts what was used without a hold, and stores the usage record beside it; makes the account where it is
    missing. Days as in `reserve_update`. What it counts it takes from the tenant's grants, however little is left.
    """
    call, settlement = event.call, event.settlement
    draft = UpdateDraft(table, account_key(call.key_id, call.month))
    draft.require_absent(outbox_name(call.request_id))
    entry = replace(entry_of(demand, seen), minute=None, slot=None, slot_minute=None)
    amounts = Amounts(settlement.tokens.total_tokens, settlement.cost_pico_usd or 0, requests=0, in_flight=0)
    counts = counts_of(entry, amounts)
    for name, number in counts.always.items():
        if name != "n":  # nothing of it was ever in flight
            draft.add(name, number)
    for window in counts.windows:
        (begin if begins(window, seen) else go_on)(draft, window)
    _record(draft, settlement)
    draft.set_missing("t", {"S": call.tenant_id})
    draft.set_missing(TTL_ATTRIBUTE, to_number(account_expiry(call.month)))
    _store(draft, event, delivered)
    return draft.to_request()


def _end(table: str, hold: Hold, amounts: Amounts, seen: Seen) -> UpdateDraft:
    """Takes the hold away and adds `amounts` wherever it was counted."""
    name = hold_name(hold.call.request_id)
    entry = hold.entry or NOT_ENTERED
    draft = UpdateDraft(table, account_key(hold.call.key_id, hold.call.month, entry.shard))
    draft.require_present(name)
    draft.remove(name)
    counts = counts_of(entry, amounts)
    for counter, number in counts.always.items():
        draft.add(counter, number)
    for window in counts.windows:
        correct(draft, window, seen)
    return draft


def _record(draft: UpdateDraft, settlement: Settlement) -> None:
    """One more settled request, and its tokens by category."""
    tokens = settlement.tokens
    draft.add("rq", 1)
    for name, number in (
        ("xi", tokens.input_tokens),
        ("xo", tokens.output_tokens),
        ("xr", tokens.cache_read_tokens),
        ("xw", tokens.cache_write_tokens),
        ("xv", tokens.cache_write_1h_tokens),
    ):
        if number:
            draft.add(name, number)


def _store(draft: UpdateDraft, event: UsageEvent, delivered: Sequence[str]) -> None:
    """Put the event into the outbox, and take out what was delivered."""
    request_id = event.call.request_id
    draft.set_text(outbox_name(request_id), event_to_text(event))
    for each in delivered:
        # A repeated write may find its own entry delivered by now; setting and removing it at once is not allowed.
        if each != request_id:
            draft.remove(outbox_name(each))
