"""A ledger on an engine, at a time that is set by hand, with all that puts it right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.amending import Amending, PricedCall
from gateway.sweeping import Look, Sweeper, look_at_nothing
from tenants.account import Hold
from tenants.dynamo_active_accounts import ActiveAccounts, SweepRecord
from tenants.dynamo_corrections import DynamoCorrections, Recorded, RequestName
from tenants.dynamo_ledger import DynamoLedger
from tenants.event import Settlement, UsageEvent
from tenants.principal import Fence
from tests.tenants.samples import DAY, NOW_MS, TENANT, a_hold, asking
from tests.tenants.stores import Store

PICO_USD_A_TOKEN = 1_000


def cost_of(call: PricedCall) -> int | None:
    """A price for every model but those that say that they have none."""
    if "unpriced" in call.bedrock_model:
        return None
    return call.tokens.total_tokens * PICO_USD_A_TOKEN


@dataclass(slots=True)
class Clock:
    now_ms: int = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@dataclass(slots=True)
class Bench:
    """One process's view of the ledger. Requests are made on it as admission makes them."""

    store: Store
    fence: Fence
    clock: Clock = field(default_factory=Clock)
    ledger: DynamoLedger = field(init=False)
    active: ActiveAccounts = field(init=False)
    record: SweepRecord = field(init=False)
    corrections: DynamoCorrections = field(init=False)

    def __post_init__(self) -> None:
        client, tables = self.store.client, self.store.tables
        self.ledger = self.store.new_ledger()
        self.active = ActiveAccounts(client, tables)
        self.record = SweepRecord(client, tables)
        self.corrections = DynamoCorrections(client, tables, self.ledger)

    @property
    def amending(self) -> Amending:
        return Amending(self.ledger, self.corrections, self.active, self.clock)

    def new_sweeper(self, look: Look = look_at_nothing) -> Sweeper:
        return Sweeper(self.ledger, self.active, self.record, self.clock, look)

    async def reserve(self, request_id: str) -> Hold:
        """A hold that is on the account, of a request that begins now."""
        hold, demand = asking(a_hold(request_id, started_at_ms=self.clock.now_ms))
        await self.active.note(hold.call.key_id, hold.call.month, hold.call.started_at_ms)
        return (await self.ledger.reserve(self.fence, hold, demand)).hold

    async def serve(self, request_id: str, settlement: Settlement, *, deliver: bool = True) -> UsageEvent:
        """A request that was settled; its event is delivered, or waits in the outbox."""
        hold = await self.reserve(request_id)
        assert await self.ledger.settle(hold, settlement)
        event = UsageEvent(hold.call, settlement)
        if deliver:
            await self.ledger.put_events([event])
        return event

    async def find(self, request_id: str) -> Recorded:
        return await self.corrections.find(RequestName(request_id, self.fence.key_id, TENANT.id, (NOW_MS,)))

    async def list_events(self) -> Sequence[UsageEvent]:
        """All of the day."""
        return (await self.ledger.list_events(TENANT.id, DAY, None, 1_000)).items
