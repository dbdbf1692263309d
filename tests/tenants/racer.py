"""One process of a race: `python -m tests.tenants.racer <endpoint> <table prefix> <number> <requests>`.

Says `ready`, waits for a line, reserves and settles every request once, eight at a time, and prints as JSON what it was
charged in all. More at a time would wait longer than the client does, for an engine that takes one call after another.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from tenants.dynamo_ledger import DynamoLedger
from tenants.errors import FenceStale
from tenants.event import Settlement, UsageStatus
from tenants.tables import TableNames
from tenants.usage import TokenCounts
from tests.tenants.samples import FENCE, MONTH, NOW_MS, a_hold, asking
from tests.tenants.stores import open_client

AT_ONCE = 8


async def use(ledger: DynamoLedger, racer: int, number: int) -> Settlement:
    """One request, from its hold to its truth."""
    hold = a_hold(f"req_r{racer}n{number:03}")
    for _ in range(2):
        try:
            hold = (await ledger.reserve(FENCE, *asking(hold))).hold
            break
        except FenceStale:
            await ledger.open_account(FENCE, MONTH)
    tokens = TokenCounts(number + 1, 100 * racer + number, number % 7, number % 3)
    settlement = Settlement(UsageStatus.OK, NOW_MS + number, tokens, 1_000 * racer + number)
    if not await ledger.settle(hold, settlement):
        raise AssertionError("somebody else settled a hold of this process")
    return settlement


async def race(endpoint_url: str, prefix: str, racer: int, requests: int) -> dict[str, int]:
    """Tokens and pico-USD of all settlements."""
    async with open_client(endpoint_url) as (client, _):
        ledger = DynamoLedger(client, TableNames(prefix), time.monotonic)
        print("ready", flush=True)  # noqa: T201 - the parent reads it
        await asyncio.to_thread(sys.stdin.readline)
        places = asyncio.Semaphore(AT_ONCE)

        async def use_in_turn(number: int) -> Settlement:
            async with places:
                return await use(ledger, racer, number)

        settled = await asyncio.gather(*map(use_in_turn, range(requests)))
    return {
        "tokens": sum(each.tokens.total_tokens for each in settled),
        "pico_usd": sum(each.cost_pico_usd or 0 for each in settled),
    }


if __name__ == "__main__":
    _, endpoint_argument, prefix_argument, racer_argument, requests_argument = sys.argv
    totals = asyncio.run(race(endpoint_argument, prefix_argument, int(racer_argument), int(requests_argument)))
    print(json.dumps(totals))  # noqa: T201 - the parent reads it
