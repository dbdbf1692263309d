"""What one key's account takes, and what sharing it out would: measured on dynoxide, reckoned for DynamoDB.

No gateway is in it: one process drives the ledger itself, reserve and settle, as a gateway does. dynoxide shows what
the code does to an account as it grows, and that books stay right; it has no partitions, so what those allow is
reckoned from the items' sizes (`account_ceiling`).

A key is spread over accounts by being told that few of its requests make an account busy (`tenants/busy_keys.py`).
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from math import ceil
from pathlib import Path
from statistics import median

from bench.account_ceiling import AccountSize, find_ceiling, to_bytes
from bench.budgets import Figure
from bench.children import ChildFailed
from bench.hot_key_store import (
    AT_ONCE,
    BOUND,
    MODEL,
    HotStore,
    demand_of,
    fence_of,
    in_turn,
    open_hot_store,
    settlement_of,
)
from bench.measure import on_cores
from bench.pairs import REPETITIONS, BooksWrong
from bench.stack import Cores
from gateway.local.dynoxide import find_dynoxide
from gateway.local.engine import start_dynoxide
from gateway.local.startup import ChildNotStarted
from tenants.account import Hold
from tenants.account_item import hold_name, outbox_name
from tenants.busy_keys import Spread
from tenants.errors import LimitExceeded
from tenants.event import UsageEvent
from tenants.limits import Currency, Interval, Limits, RateLimit, SpendLimit

_REQUESTS = 320
_IN_FLIGHT = 300
_SHARDS = (1, 4, 16)
_BUDGETED = 200
_AMPLY_BUDGETED = 100_000
_SHARED_REQUESTS = 1_200
_FLIGHTS_SECONDS = (0.2, 1.0, 5.0, 20.0)
# From a settle to the write that takes its delivered entry away again, on an account that is busy.
_DELIVERY_SECONDS = 0.05
_AMPLE = 10**18
_EVERY_LIMIT = Limits(
    spend=tuple(SpendLimit(interval, currency, _AMPLE) for interval in Interval for currency in Currency),
    rates=(RateLimit(None, _AMPLE, _AMPLE, _AMPLE), RateLimit(MODEL, _AMPLE, _AMPLE, _AMPLE)),
)


def measure_hot_key(cores: Cores) -> list[Figure]:
    """Raises ChildFailed where dynoxide is missing, BooksWrong where an account says something else than was served."""
    binary = find_dynoxide(os.environ, Path(sys.prefix))
    if binary is None:
        raise ChildFailed("dynoxide is not installed: python -m gateway.local.install")
    try:
        with on_cores(cores.others):
            engine = start_dynoxide(binary)
    except ChildNotStarted as error:
        raise ChildFailed(str(error)) from error
    try:
        return asyncio.run(_measure(engine.endpoint_url))
    finally:
        engine.stop()


async def _measure(endpoint_url: str) -> list[Figure]:
    async with open_hot_store(endpoint_url) as store:
        size = await measure_size(store)
        resting = await measure_rate(store, shards=1, in_flight=0)
        busy = [(shards, await measure_rate(store, shards, _IN_FLIGHT)) for shards in _SHARDS]
        shared = [(shards, await share_out(store, shards, _AMPLY_BUDGETED, _SHARED_REQUESTS)) for shards in _SHARDS]
        ending = await share_out(store, _SHARDS[-1], _BUDGETED, 2 * _BUDGETED)
    return [
        Figure("account without requests", "bytes", size.resting_bytes),
        Figure("each request in flight adds", "bytes", size.hold_bytes),
        Figure("each entry of the outbox adds", "bytes", size.outbox_bytes),
        Figure("dynoxide: 1 account, none else in flight", "requests/s", resting),
        *(
            Figure(f"dynoxide: {shards} accounts, {_IN_FLIGHT} in flight", "requests/s", rate, None, rate / resting)
            for shards, rate in busy
        ),
        *(Figure(f"budget of {shards} accounts: added", "units/request", units) for shards, units in shared),
        Figure(f"the same of the last {_BUDGETED} requests of a budget", "units/request", ending),
        *reckon_ceilings(size),
    ]


def reckon_ceilings(size: AccountSize) -> list[Figure]:
    """On DynamoDB; what is compared is what sixteen accounts take with what one does. Pure."""
    figures = []
    for seconds in _FLIGHTS_SECONDS:
        one, many = (find_ceiling(size, seconds, _DELIVERY_SECONDS, accounts) for accounts in (1, 16))
        answers = f"answers of {seconds:g} s"
        units = f"{2 * one.write_units} units each"
        figures.append(Figure(f"DynamoDB: 1 account, {answers}, {units}", "requests/s", one.per_second))
        ratio = many.per_second / one.per_second
        figures.append(Figure(f"DynamoDB: 16 accounts, {answers}", "requests/s", many.per_second, None, ratio))
    return figures


async def measure_size(store: HotStore) -> AccountSize:
    """Of a key with every kind of limit: its item after one request and with one in flight."""
    tenant = await store.add_tenant()
    (key_id,) = await store.add_keys(1, tenant)
    ledger = store.new_ledger()
    done, in_flight = store.new_hold(key_id, tenant), store.new_hold(key_id, tenant)
    for hold in (done, in_flight):
        reserved = await ledger.reserve(fence_of(key_id, tenant), hold, demand_of(hold, _EVERY_LIMIT))
        if hold is done:
            await ledger.settle(reserved.hold, settlement_of(hold))
    item = await store.get_item(key_id)
    names = hold_name(in_flight.call.request_id), outbox_name(done.call.request_id)
    held_bytes, kept_bytes = (to_bytes({name: item[name]}) for name in names)
    return AccountSize(to_bytes(item) - held_bytes - kept_bytes, held_bytes, kept_bytes)


async def measure_rate(store: HotStore, shards: int, in_flight: int) -> float:
    """Requests a second of one key, from reserve to event, the median of three runs over so many accounts, with
    so many others `in_flight` all the while. Raises BooksWrong."""
    tenant = await store.add_tenant()
    (key_id,) = await store.add_keys(1, tenant)
    fence, ledger = fence_of(key_id, tenant), store.new_ledger(_spread_over(shards, in_flight))

    def new_holds(count: int) -> list[Hold]:
        return [store.new_hold(key_id, tenant) for _ in range(count)]

    async def take(hold: Hold) -> None:
        await ledger.reserve(fence, hold, demand_of(hold))

    async def serve(hold: Hold) -> None:
        reserved = await ledger.reserve(fence, hold, demand_of(hold))
        await ledger.settle(reserved.hold, settlement_of(hold))
        await ledger.put_events([UsageEvent(hold.call, settlement_of(hold))])

    await in_turn(new_holds(in_flight), take)
    rates = []
    for _ in range(REPETITIONS):
        holds = new_holds(_REQUESTS)
        began = time.perf_counter()
        await in_turn(holds, serve)
        rates.append(_REQUESTS / (time.perf_counter() - began))
    await _check_books(store, key_id, REPETITIONS * _REQUESTS, in_flight)
    return median(rates)


async def share_out(store: HotStore, shards: int, budgeted: int, asked: int) -> float:
    """Asks for so many requests, of a key's budget for `budgeted`, on so many accounts. Gives the write units that
    lending added to each that was served, refused ones included. Raises BooksWrong where more or fewer were
    served than the budget is for."""
    limits = Limits((SpendLimit(Interval.MONTH, Currency.USD, budgeted * (BOUND.cost_pico_usd or 0)),))
    tenant = await store.add_tenant()
    (key_id,) = await store.add_keys(1, tenant)
    fence, ledger = fence_of(key_id, tenant), store.new_ledger(_spread_over(shards, 0))

    async def serve(hold: Hold) -> None:
        with suppress(LimitExceeded):
            held = (await ledger.reserve(fence, hold, demand_of(hold, limits))).hold
            await ledger.settle(held, settlement_of(hold))
            await ledger.put_events([UsageEvent(hold.call, settlement_of(hold))])

    before = store.transport.write_units
    await in_turn([store.new_hold(key_id, tenant) for _ in range(asked)], serve)
    served = min(asked, budgeted)
    await _check_books(store, key_id, served, 0)
    return (store.transport.write_units - before) / served - 2


def _spread_over(shards: int, in_flight: int) -> Spread:
    return Spread(shards, ceil((in_flight + AT_ONCE) / shards))


async def _check_books(store: HotStore, key_id: str, settled: int, in_flight: int) -> None:
    """Raises BooksWrong."""
    account = await store.new_ledger().find_account(key_id, store.month)
    books = None if account is None else (account.requests, account.in_flight)
    if books != (settled, in_flight):
        raise BooksWrong(f"the accounts have {books} settled and in flight, not {(settled, in_flight)}")
