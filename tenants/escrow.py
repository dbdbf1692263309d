"""Tenant budgets by escrow: keys' accounts are granted parts of them, and spend what they were granted. Pure.

A request writes its key's account alone. What its tenant granted that account is counted down there, so that keys that
are spent from by many processes at once need no common item; the tenant's own item is written once in many requests,
when an account has to be granted more. For each budget, with the sums over all of the tenant's keys,

    granted = sum(room + spent) <= cap                                                              at every moment:

reserve and settle move an amount between `room` and `spent` of one account, a transfer moves it between the tenant and
its accounts in one transaction, and nothing else moves it. A transfer that is applied twice is two transfers, which is
no error: both sides of the books have moved, within the cap. Where Bedrock reports more than a request's bound, `room`
goes below zero: the account's next draw makes up for that, and until then the tenant may spend as much over its cap.

Grants are the smaller the less is left, and what idle keys have not spent is taken back before anybody is refused:
`tenants/escrow_plan.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from tenants.account import Bound
from tenants.errors import LimitExceeded, Refusal
from tenants.limits import Currency, Interval, Limits
from tenants.refusals import limit_exceeded


@dataclass(frozen=True, slots=True)
class Pool:
    """One of the budgets that a tenant can have, and the attributes that count it.

    `room` and `spent` are on the keys' accounts: what is left of the grants, and what is committed (settled or held).
    `granted` is on the tenant's item. Those of a daily pool hold for the day in the same item's `dd` only.
    """

    interval: Interval
    currency: Currency
    room: str
    spent: str
    granted: str

    @property
    def daily(self) -> bool:
        return self.interval is Interval.DAY

    def amount_of(self, bound: Bound) -> int:
        """What a request takes from it: tokens, or pico-USD."""
        return bound.tokens if self.currency is Currency.TOKENS else bound.cost_pico_usd or 0


POOLS = (
    Pool(Interval.MONTH, Currency.USD, room="au", spent="mu", granted="gu"),
    Pool(Interval.MONTH, Currency.TOKENS, room="ak", spent="mk", granted="gk"),
    Pool(Interval.DAY, Currency.USD, room="eu", spent="du", granted="fu"),
    Pool(Interval.DAY, Currency.TOKENS, room="ek", spent="dk", granted="fk"),
)
DAILY_POOLS = tuple(pool for pool in POOLS if pool.daily)
Amounts = Mapping[Pool, int]


def caps_of(limits: Limits) -> dict[Pool, int]:
    """The pools that a tenant's limits fill, with their caps."""
    caps = {pool: limits.spend_limit(pool.interval, pool.currency) for pool in POOLS}
    return {pool: cap for pool, cap in caps.items() if cap is not None}


@dataclass(frozen=True, slots=True)
class Escrow:
    """A tenant's budgets of one month, as one version of the tenant sets them."""

    tenant_id: str
    tenant_version: int
    month: str
    limits: Limits

    @property
    def caps(self) -> dict[Pool, int]:
        """Of the pools that there are."""
        return caps_of(self.limits)


@dataclass(frozen=True, slots=True)
class Share:
    """A key's account of a month, as far as its tenant's budgets go. `day` is the day of month of its daily amounts.
    What a busy key's account has lent to its `shards` is spent here."""

    key_id: str
    key_version: int | None = None
    tenant_version: int | None = None
    day: int | None = None
    rooms: Amounts = field(default_factory=dict)
    spendings: Amounts = field(default_factory=dict)
    shards: int = 1
    loans: int = 0

    def room(self, pool: Pool, day: int) -> int:
        """What it may still spend. Below zero where a request cost more than its bound."""
        return self.rooms.get(pool, 0) if self._counts(pool, day) else 0

    def spent(self, pool: Pool, day: int) -> int:
        return self.spendings.get(pool, 0) if self._counts(pool, day) else 0

    def total(self, pool: Pool, day: int) -> int:
        """What it was granted, spent or not."""
        return self.room(pool, day) + self.spent(pool, day)

    def _counts(self, pool: Pool, day: int) -> bool:
        return not pool.daily or self.day == day


@dataclass(frozen=True, slots=True)
class Funds:
    """A tenant's item of a month. `tenant_version`: the one whose limits it was opened for.

    `transfers` rises with every write. `grantees` is how many keys were ever granted something this month.
    """

    tenant_version: int | None = None
    transfers: int = 0
    grantees: int = 0
    day: int | None = None
    grants: Amounts = field(default_factory=dict)

    def granted(self, pool: Pool, day: int) -> int:
        return self.grants.get(pool, 0) if not pool.daily or self.day == day else 0


NO_FUNDS = Funds()


@dataclass(frozen=True, slots=True)
class Want:
    """What a request asks of a pool. `together` is what all requests of its key ask for that wait at this moment, it
    among them: one transfer serves them all."""

    pool: Pool
    cap: int
    amount: int
    together: int


def wants_of(limits: Limits, bound: Bound, waiting: Iterable[Bound]) -> tuple[Want, ...]:
    """What a request asks of its tenant's budgets; `waiting` are the bounds of all that wait, its own among them."""
    bounds = list(waiting)
    return tuple(
        Want(pool, cap, pool.amount_of(bound), sum(pool.amount_of(each) for each in bounds))
        for pool, cap in caps_of(limits).items()
    )


@dataclass(frozen=True, slots=True)
class Position:
    """What a transfer starts from: the tenant's item, and the account of the key that asks.

    `day` is the current one: a day on either of them that is ahead of this process's clock counts as such.
    """

    funds: Funds
    share: Share
    known_grantee: bool
    day: int

    def ungranted(self, want: Want) -> int:
        """What the tenant has not granted to anybody. Below zero where the cap was lowered since."""
        return want.cap - self.funds.granted(want.pool, self.day)

    def room(self, want: Want) -> int:
        return self.share.room(want.pool, self.day)


@dataclass(frozen=True, slots=True)
class Take:
    """What is taken back from the account of a key."""

    key_id: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Transfer:
    """A movement between a tenant's item, the account that asks (`grants`) and other accounts (`takes`)."""

    day: int
    grants: Amounts
    takes: tuple[Take, ...] = ()

    def taken(self, pool: Pool) -> int:
        return sum(take.amounts.get(pool, 0) for take in self.takes)

    def moves(self, pool: Pool) -> bool:
        return pool in self.grants or any(pool in take.amounts for take in self.takes)

    @property
    def empty(self) -> bool:
        return not self.grants and not self.takes


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A pool that has not enough for a request, wherever it is taken from. `unspent` is what all accounts have left."""

    want: Want
    unspent: int


def exceeded(escrow: Escrow, shortfall: Shortfall, position: Position) -> LimitExceeded:
    """The refusal of a request for which there is not enough. `used` is what was granted and is not left anywhere."""
    want, pool = shortfall.want, shortfall.want.pool
    return limit_exceeded(
        Refusal(
            scope="project",
            kind="spend",
            limit=want.cap,
            used=position.funds.granted(pool, position.day) - shortfall.unspent,
            asked=want.amount,
            resets_at_ms=interval_ends_at_ms(pool.interval, escrow.month, position.day),
            interval=pool.interval,
            currency=pool.currency,
        )
    )


@lru_cache(maxsize=256)
def interval_ends_at_ms(interval: Interval, month: str, day: int) -> int:
    """When a budget is whole again: the end of the month, or of a day of it. Asked for with every request."""
    begin = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
    if interval is Interval.DAY:
        end = begin + timedelta(days=day)
    else:
        end = datetime(begin.year + begin.month // 12, begin.month % 12 + 1, 1, tzinfo=UTC)
    return int(end.timestamp()) * 1000
