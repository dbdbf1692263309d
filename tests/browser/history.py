"""A past for a stack: tenants and keys over the API, and a month of usage in its ledger, as a gateway writes it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gateway.catalog.shipped_prices import price_table
from tenants.dynamo_events import DynamoEvents
from tenants.event import Call, Operation, Settlement, UsageEvent, UsageStatus
from tenants.ids import time_ordered
from tenants.tables import TENANT_SORT, TableNames, tenant_partition
from tenants.usage import TokenCounts
from tests.engines import connected
from tests.wire.stack import CHAT_MODEL, CLAUDE_MODEL, Stack
from tests.wire.tenancy import IssuedKey, Tenancy, allow_list

DAY_MS = 86_400_000
DAYS = 34
SONNET, PRO, MICRO = "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-pro-v1:0", "amazon.nova-micro-v1:0"
EMBEDDINGS = "amazon.titan-embed-text-v2:0"


@dataclass(frozen=True, slots=True)
class _Habit:
    """What a key asks for: so many thousand tokens a day of a model, about."""

    tenant: str
    key: str
    user: str
    model: str
    kilotokens: int


HABITS = (
    _Habit("Search", "query rewriter", "svc", CLAUDE_MODEL, 5_200),
    _Habit("Search", "nightly index", "svc", EMBEDDINGS, 21_000),
    _Habit("Support assistant", "production", "svc", SONNET, 2_900),
    _Habit("Support assistant", "evaluation", "grace@example.com", PRO, 3_600),
    _Habit("Data science", "Ada's notebook", "ada@example.com", SONNET, 1_100),
    _Habit("Data science", "batch labels", "svc", CHAT_MODEL, 48_000),
    _Habit("Developer tools", "code review bot", "svc", CLAUDE_MODEL, 3_400),
    _Habit("Developer tools", "Linus's laptop", "linus@example.com", SONNET, 700),
    _Habit("Legal", "contract summaries", "svc", MICRO, 30_000),
)
LIMITS = {
    "spend_limits": [
        {"interval": "month", "currency": "usd", "threshold_amount": 2_500},
        {"interval": "day", "currency": "tokens", "threshold_amount": 60_000_000},
    ],
    "rate_limits": {"max_requests_per_1_minute": 600, "max_tokens_per_1_minute": None, "max_parallel_requests": 40},
}


def write_history(stack: Stack, tenancy: Tenancy) -> dict[str, IssuedKey]:
    """By the key's name. Before anybody has looked at the stack's usage: no day of it may be summed yet."""
    now_ms = time.time_ns() // 1_000_000
    projects = {name: tenancy.create_project(name) for name in dict.fromkeys(each.tenant for each in HABITS)}
    keys = {each.key: _issue(tenancy, projects[each.tenant], each) for each in HABITS}
    for project in projects.values():
        tenancy.post(f"/organization/projects/{project}/limits", LIMITS)
    # A thread of its own: Playwright's event loop runs in this one.
    with ThreadPoolExecutor(1) as thread:
        written = _write(stack, list(projects.values()), list(_events(keys, now_ms)), now_ms)
        thread.submit(asyncio.run, written).result()
    return keys


def _issue(tenancy: Tenancy, project: str, habit: _Habit) -> IssuedKey:
    owner = {
        "type": "user",
        "user_id": habit.user if "@" in habit.user else habit.key.replace(" ", "-").replace("'", ""),
    }
    if "@" in habit.user:
        owner["email"] = habit.user
    more = {"models": allow_list(habit.model), "expires_in_seconds": 90 * 86_400} if "@" in habit.user else {}
    return tenancy.issue(project, name=habit.key, owner=owner, **LIMITS, **more)


def _events(keys: dict[str, IssuedKey], now_ms: int) -> Iterator[UsageEvent]:
    """A few requests a day for each habit; fewer at weekends, more from week to week."""
    table = price_table()
    for number, habit in enumerate(HABITS):
        base_id = habit.model.removeprefix("us.")
        price = table.find(habit.model, base_id, "us-east-1")
        assert price is not None, habit.model
        for days_ago in range(DAYS):
            day = now_ms // DAY_MS - days_ago
            weekend = 0.35 if (day + 4) % 7 in (0, 6) else 1.0
            wave = weekend * (1.15 - days_ago / 60 + 0.25 * math.sin(day * 1.3 + number * 2.1))
            for part in range(3):
                tokens = int(habit.kilotokens * 1000 * wave / 3)
                at_ms = min(day * DAY_MS + (9 + 4 * part) * 3_600_000 + number * 60_000, now_ms - 1000 - part)
                embeds = habit.model == EMBEDDINGS
                counts = TokenCounts(tokens if embeds else tokens * 4 // 5, 0 if embeds else tokens // 5)
                cost = counts.input_tokens * price.prices.input + counts.output_tokens * (price.prices.output or 0)
                key = keys[habit.key]
                call = Call(
                    request_id=f"req_{time_ordered(at_ms, bytes([number, part, days_ago] * 3))}",
                    key_id=key.id,
                    tenant_id=key.project_id,
                    user_id=habit.user,
                    operation=Operation.EMBEDDINGS if embeds else Operation.CHAT,
                    model=habit.model,
                    bedrock_model=habit.model,
                    started_at_ms=at_ms,
                )
                yield UsageEvent(call, Settlement(UsageStatus.OK, at_ms + 900, counts, cost))


async def _write(stack: Stack, projects: list[str], events: list[UsageEvent], now_ms: int) -> None:
    tables = TableNames(stack.serve_env["SLUICE_TABLE_PREFIX"])
    async with connected(stack.dynamodb_endpoint) as client:
        # A project has used nothing before it was made.
        for project in projects:
            update = {
                "TableName": tables.core,
                "Key": {"pk": {"S": tenant_partition(project)}, "sk": {"S": TENANT_SORT}},
                "UpdateExpression": "SET created_at = :then",
                "ExpressionAttributeValues": {":then": {"N": str(now_ms // 1000 - 60 * 86_400)}},
            }
            await client.call("UpdateItem", update, repeatable=True)
        ledger = DynamoEvents(client, tables)
        for first in range(0, len(events), 100):
            await ledger.put(events[first : first + 100])
