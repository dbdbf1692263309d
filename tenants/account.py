"""Accounts and holds: what a request may cost at most, until its true cost is known.

Every key has one small account item per month (UTC) in the usage table. A request first *reserves*: it writes a hold,
its upper bound, by name into that item, on the condition that the versions of key and tenant it was admitted on are
still the account's (the fence). It ends with a *settle*: the named hold is replaced by the true counts, and the usage
record is stored in the same write (the outbox). So

    committed = settled + the bounds of all holds                                                  at every moment,

a hold is settled at most once however often the write is repeated, and a crash loses nothing: whoever next sees an
expired hold or an old outbox entry finishes the work. The same holds of the day's counters, of the minute's, and of
what is left of the tenant's grants, as long as they are still those that the hold was entered in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenants.event import Call, Settlement, UsageEvent, UsageStatus
from tenants.limits import Currency, Interval
from tenants.usage import NO_TOKENS, TokenCounts
from tenants.window import Window, window_of


@dataclass(frozen=True, slots=True)
class Bound:
    """Upper bound of what a request can use. `cost_pico_usd` is None where the price is not known."""

    input_tokens: int
    output_tokens: int
    cost_pico_usd: int | None = None

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


def exceeds(bound: Bound, settlement: Settlement) -> bool:
    """Whether a request used more than it was bound to, of input, output or money. It is charged all the same: a
    bound that does not hold is an error in the price list or in the bound, and somebody has to be told.
    """
    tokens, cost = settlement.tokens, settlement.cost_pico_usd
    dearer = bound.cost_pico_usd is not None and cost is not None and cost > bound.cost_pico_usd
    return dearer or tokens.prompt_tokens > bound.input_tokens or tokens.output_tokens > bound.output_tokens


@dataclass(frozen=True, slots=True)
class Entry:
    """Where on its account a hold is counted besides the month: what a settle has to correct.

    `day` is the day of the month, `minute` the one of the rates of all requests; `slot` and `slot_minute` belong to
    the rate limit of the hold's model. None is not counted there. A day or minute is later than the request's own
    where the account was ahead of the clock of the process that reserved. `grants` names the counters of the tenant's
    grants that were drawn from, by their attributes on the item. `shard` tells on which of the key's accounts it is.
    """

    day: int | None = None
    minute: int | None = None
    slot: str | None = None
    slot_minute: int | None = None
    grants: tuple[str, ...] = ()
    shard: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """A reserved upper bound, named by its request. Past `expires_at` (Unix seconds) anybody may settle it.

    `entry` is known once the hold is taken; a settle of a hold without one has to read the account first.
    """

    call: Call
    bound: Bound
    expires_at: int
    entry: Entry | None = None

    @property
    def window(self) -> Window:
        """The minute and day in which its request began."""
        return window_of(self.call.started_at_ms)

    def abandon(self, now_ms: int) -> UsageEvent:
        """The event of a hold whose owner never came back: charged at its bound."""
        tokens = TokenCounts(input_tokens=self.bound.input_tokens, output_tokens=self.bound.output_tokens)
        return UsageEvent(self.call, Settlement(UsageStatus.ABANDONED, now_ms, tokens, self.bound.cost_pico_usd))


@dataclass(frozen=True, slots=True)
class DayCount:
    """What is committed of one day, by its number in the account's month; 0 where no day was counted yet."""

    number: int = 0
    tokens: int = 0
    pico_usd: int = 0


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """Requests and committed tokens of one minute, counted since 1970; 0 where none was counted yet."""

    minute: int = 0
    requests: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class SlotCount:
    """What the rate limit of a model counts: a minute, and requests in flight."""

    window: MinuteCount = MinuteCount()
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Grants:
    """What is left of what the tenant granted this account, of the month and of the account's day. Below zero where
    a request used more than its bound. None where nothing was ever granted."""

    month_pico_usd: int | None = None
    month_tokens: int | None = None
    day_pico_usd: int | None = None
    day_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Spend:
    """What is used of a budget, in its currency: settled, and held for requests in flight."""

    settled: int
    held: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account item as it stands: the counters, the holds in flight, and the outbox of settled requests.

    `committed_tokens` and `committed_pico_usd` hold what is settled and what is held; `settled` is the settled part
    by category. What a busy key's first account has lent to the others is not counted as its own; `shards` is how many
    accounts such a key has, `shard` which of them this is. `tenants/account_shards.py` makes one of all of them.
    """

    key_id: str
    month: str
    tenant_id: str | None = None
    key_version: int | None = None
    tenant_version: int | None = None
    committed_tokens: int = 0
    committed_pico_usd: int = 0
    requests: int = 0
    settled: TokenCounts = NO_TOKENS
    holds: Mapping[str, Hold] = field(default_factory=dict)
    outbox: Mapping[str, UsageEvent] = field(default_factory=dict)
    day: DayCount = DayCount()
    minute: MinuteCount = MinuteCount()
    slots: Mapping[str, SlotCount] = field(default_factory=dict)
    grants: Grants = Grants()
    shard: int = 0
    shards: int = 1

    @property
    def in_flight(self) -> int:
        return len(self.holds)

    @property
    def held_tokens(self) -> int:
        return sum(hold.bound.tokens for hold in self.holds.values())

    @property
    def held_pico_usd(self) -> int:
        return sum(hold.bound.cost_pico_usd or 0 for hold in self.holds.values())

    @property
    def settled_pico_usd(self) -> int:
        return self.committed_pico_usd - self.held_pico_usd

    def spend(self, interval: Interval, currency: Currency, today: Window) -> Spend:
        """What is used of a budget. The account's day counts as today where it is ahead of `today`; a day that is
        over has been used for nothing."""
        if interval is Interval.DAY and self.day.number < today.day_of_month:
            return Spend(0, 0)
        held = sum(
            hold.bound.tokens if currency is Currency.TOKENS else hold.bound.cost_pico_usd or 0
            for hold in self.holds.values()
            if interval is Interval.MONTH or (hold.entry is not None and hold.entry.day == self.day.number)
        )
        return Spend(self._committed(interval, currency) - held, held)

    def _committed(self, interval: Interval, currency: Currency) -> int:
        if interval is Interval.DAY:
            return self.day.tokens if currency is Currency.TOKENS else self.day.pico_usd
        return self.committed_tokens if currency is Currency.TOKENS else self.committed_pico_usd

    def find_expired(self, now: float) -> list[Hold]:
        """Holds whose owner has had its time."""
        return [hold for hold in self.holds.values() if hold.expires_at <= now]

    def find_unsent(self, now_ms: int, grace_ms: int) -> list[UsageEvent]:
        """Outbox entries that their own process has had `grace_ms` to deliver."""
        return [event for event in self.outbox.values() if event.settlement.settled_at_ms + grace_ms <= now_ms]
