"""Gateways are killed under load, again and again: what Bedrock answered is on the ledger, each request once."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from tenants.usage import TokenCounts
from tests.engines import dynoxide_binary
from tests.wire.books import (
    assert_accounts_balance,
    assert_nothing_invented,
    assert_nothing_lost,
    read_books,
)
from tests.wire.fleet import Answer, ask, open_session
from tests.wire.killable import KillableGateway, start_killable
from tests.wire.later_sweep import sweep_later
from tests.wire.ledger import Bedrock, Ledger
from tests.wire.stack import CHAT_MODEL, Stack, running_stack
from tests.wire.tenancy import IssuedKey, Json, Tenancy

KILLS = 20
SEED = 20_261_120
ASKING = 8
# From the first answer on; a request takes some 20 ms of its own.
LATEST_KILL_SECONDS = 0.4
KEYS = 3
STARTING_AT_ONCE = 2
# No sweep by the server itself: the one of this test is to find everything.
SETTINGS = {"SLUICE_SURFACES": "gateway", "SLUICE_SWEEP_SECONDS": "0"}


@dataclass(slots=True)
class Load:
    """Chats of several keys without a pause, until the gateway is gone. `answered` is what clients were told."""

    keys: list[IssuedKey]
    choose: random.Random
    answered: dict[str, Answer] = field(default_factory=dict)

    async def kill_under(self, gateway: KillableGateway) -> None:
        """Ask until the gateway, which is killed at a random moment, does not answer any more."""
        begun, killed = asyncio.Event(), asyncio.Event()

        async def keep_asking() -> None:
            while True:
                try:
                    answer = await ask(session, gateway, self.choose.choice(self.keys), self._chat())
                except (aiohttp.ClientError, ConnectionError):
                    assert killed.is_set()
                    return
                assert answer.served, answer
                self.answered[answer.request_id] = answer
                begun.set()

        async with open_session() as session, asyncio.TaskGroup() as asking:
            for _ in range(ASKING):
                asking.create_task(keep_asking())
            await begun.wait()
            await asyncio.sleep(self.choose.uniform(0, LATEST_KILL_SECONDS))
            killed.set()
            gateway.process.kill()

    def _chat(self) -> Json:
        """Of some length, every other one streamed: gateways are killed in every phase of a request."""
        tokens, first_ms = self.choose.randint(1, 30), self.choose.choice([0, 5, 20])
        text = f"Hi [[sim:tokens={tokens} first_ms={first_ms} gap_ms=1]]"
        chat: Json = {"model": CHAT_MODEL, "max_tokens": 40, "messages": [{"role": "user", "content": text}]}
        streamed = {"stream": True, "stream_options": {"include_usage": True}}
        return {**chat, **streamed} if self.choose.random() < 0.5 else chat


@pytest.fixture
def crashed(tmp_path: Path) -> Iterator[Stack]:
    """A store of its own: this test looks at what all processes left on it."""
    dynoxide_binary()
    with running_stack(tmp_path / "store", {"SLUICE_SWEEP_SECONDS": "0"}) as stack:
        yield stack


def issue_keys(stack: Stack) -> list[IssuedKey]:
    """Of one project with a budget, so that grants are on the way, too, when a gateway is killed."""
    with closing(Tenancy(stack.base_url, stack.admin_key)) as tenancy:
        project_id = tenancy.create_project()
        budget = {"interval": "month", "currency": "usd", "threshold_amount": 100_000}
        tenancy.post(f"/organization/projects/{project_id}/limits", {"spend_limits": [budget]})
        return [tenancy.issue(project_id) for _ in range(KEYS)]


def kill_again_and_again(stack: Stack, folder: Path, load: Load) -> None:
    """The next gateways start while one is under load."""
    with ExitStack() as opened, ThreadPoolExecutor(STARTING_AT_ONCE) as starting:

        def start(number: int) -> KillableGateway:
            # To every other one a key is busy with two requests at once: then it has several accounts.
            spread = {"SLUICE_ACCOUNT_SHARD_REQUESTS": "1" if number % 2 else "24"}
            gateway = start_killable(stack, folder / f"gateway-{number}.log", {**SETTINGS, **spread})
            opened.callback(gateway.kill)
            return gateway

        ahead = deque(starting.submit(start, number) for number in range(STARTING_AT_ONCE))
        for number in range(STARTING_AT_ONCE, KILLS + STARTING_AT_ONCE):
            gateway = ahead.popleft().result()
            if number < KILLS:
                ahead.append(starting.submit(start, number))
            asyncio.run(load.kill_under(gateway))
            gateway.kill()


def test_what_bedrock_answered_is_on_the_ledger_once_after_kills_at_random_moments(
    crashed: Stack, tmp_path: Path
) -> None:
    load = Load(issue_keys(crashed), random.Random(SEED))
    kill_again_and_again(crashed, tmp_path, load)
    with closing(Ledger(crashed)) as ledger:
        held = {request_id for key in load.keys for request_id in ledger.totals(key).holds}
        assert held, "some request has to have been under way when its gateway was killed"
        assert max(int(ledger.find_account_item(key).get("sh", 1)) for key in load.keys) > 1
        swept = asyncio.run(sweep_later(crashed))
        assert (swept.abandoned, swept.failed) == (len(held), 0)
        books = read_books(ledger, Bedrock(crashed), load.keys)
        assert_nothing_lost(books)
        assert_nothing_invented(books)
        assert_accounts_balance(books, ledger, load.keys)
        assert books.with_status("abandoned") == held
        assert set(load.answered) <= books.with_status("ok")
        for request_id, answer in load.answered.items():
            assert answer.usage is not None
            used = TokenCounts(answer.usage["prompt_tokens"], answer.usage["completion_tokens"])
            assert books.charged[request_id].tokens == used
        again = asyncio.run(sweep_later(crashed))
        assert (again.abandoned, again.delivered, again.failed) == (0, 0, 0)
        assert read_books(ledger, Bedrock(crashed), load.keys) == books
