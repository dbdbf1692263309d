"""A store, a Bedrock and a clock of the data plane, which do as a test says, without a socket or a second passing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.admission import Admission, Order
from gateway.alerts import Watch, watch_nothing
from gateway.bedrock.client import ConverseEvent, ConverseStream, InvokeAnswer
from gateway.catalog.capabilities import Capabilities
from gateway.catalog.model import Model
from gateway.catalog.snapshot import EMPTY, Snapshot
from gateway.key_cache import KeyCache
from gateway.reserving import Books
from tenants.account import Account, Bound, DayCount, Entry, Hold
from tenants.demand import Demand
from tenants.errors import FenceStale, LedgerUnavailable
from tenants.escrow import NO_FUNDS
from tenants.event import Call, Operation, Settlement, UsageEvent
from tenants.kept_reasoning import KeptReasoning
from tenants.key import ApiKey, Owner, OwnerKind
from tenants.limits import Limits
from tenants.policy import NO_POLICY, Policy
from tenants.principal import Fence, KeyRecord
from tenants.secret import KEY_PREFIX, Peppers, Secret, new_secret
from tenants.standing import Reserved, Settled, Standing
from tenants.store import Page
from tenants.tenant import Tenant
from tenants.tenant_standing import TenantStanding, standing_of

NOW_MS = 1_795_132_800_000  # 2026-11-20T00:00:00Z
_NOVA = "amazon.nova-lite-v1:0"
MODEL = Model(_NOVA, _NOVA, _NOVA, _NOVA, Capabilities(default_max_tokens=8192))
BOUND = Bound(input_tokens=400, output_tokens=1000)
PEPPERS = Peppers({"p1": b"pepper of the tests"}, "p1")
SECRET = new_secret(KEY_PREFIX, "0123456789AB", bytes(range(32)))
OTHER_SECRET = new_secret(KEY_PREFIX, "0123456789AB", bytes(range(1, 33)))
TENANT = Tenant("proj_1", "tests", 1_795_000_000)
KEY = ApiKey(
    id=SECRET.key_id,
    tenant_id=TENANT.id,
    name="tests",
    owner=Owner(OwnerKind.USER, "user_1", "tests", 1_795_000_000),
    fingerprints=(PEPPERS.fingerprint(SECRET),),
    hint=SECRET.hint,
    created_at=1_795_000_000,
)
RECORD = KeyRecord(KEY, TENANT)
_PATIENCE_SECONDS = 5.0
ORDER = Order("req_0000000000000001", Operation.CHAT, MODEL, BOUND)


def changed(record: KeyRecord, **fields: object) -> KeyRecord:
    """The record after a change of its key: a version further."""
    return replace(record, key=replace(record.key, version=record.key.version + 1, **fields))  # type: ignore[arg-type]  # fields of ApiKey, as the tests name them


async def until(condition: Callable[[], object]) -> None:
    """Let other tasks run until the condition holds."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for is the state of a fake, which sets no event
            await asyncio.sleep(0)


class FakeReader:
    """KeyReader over a mapping that tests change. A read gives what was there when it began; `gate` delays it."""

    def __init__(self, *records: KeyRecord) -> None:
        self.records = {record.key.id: record for record in records}
        self.reads: list[str] = []
        self.gate: asyncio.Event | None = None
        self.failure: Exception | None = None

    async def find_key(self, key_id: str) -> KeyRecord | None:
        self.reads.append(key_id)
        record, failure = self.records.get(key_id), self.failure
        if self.gate is not None:
            await self.gate.wait()
        if failure is not None:
            raise failure
        return record


class FakeLedger:
    """Ledger in memory, with the fence of the real one. `failures` are raised by the operation they are named for,
    one a call; `gates` make it wait before it answers."""

    def __init__(self, reader: FakeReader) -> None:
        self._reader = reader
        self.fences: dict[tuple[str, str], Fence] = {}
        self.holds: dict[str, Hold] = {}
        self.settled: list[UsageEvent] = []
        self.events: list[UsageEvent] = []
        self.demands: list[Demand] = []
        self.standing = Standing()
        self.calls: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        self.gates: dict[str, asyncio.Event] = {}

    async def reserve(self, fence: Fence, hold: Hold, demand: Demand) -> Reserved:
        await self._begin("reserve")
        self.demands.append(demand)
        current = self.fences.get((fence.key_id, hold.call.month))
        if current != fence:
            raise FenceStale(
                None if current is None else current.key_version, None if current is None else current.tenant_version
            )
        taken = replace(hold, entry=Entry(day=demand.window.day_of_month))
        self.holds[hold.call.request_id] = taken
        return Reserved(taken, self.standing)

    async def open_account(self, fence: Fence, month: str) -> None:
        await self._begin("open_account")
        record = self._reader.records.get(fence.key_id)
        if record is None or (record.key.version, record.tenant.version) != (fence.key_version, fence.tenant_version):
            raise FenceStale(None, None)
        self.fences[fence.key_id, month] = fence

    async def settle(self, hold: Hold, settlement: Settlement, *, watched: bool = False) -> Settled:
        await self._begin("settle")
        if self.holds.pop(hold.call.request_id, None) is None:
            return Settled(done=False)
        self.settled.append(UsageEvent(hold.call, settlement))
        return Settled(done=True, account=self._account_of(hold) if watched else None)

    async def settle_soft(
        self, hold: Hold, settlement: Settlement, demand: Demand, *, repeated: bool = False, watched: bool = False
    ) -> Settled:
        await self._begin("settle_soft")
        self.settled.append(UsageEvent(hold.call, settlement))
        return Settled(done=True, account=self._account_of(hold) if watched else None)

    async def drop_hold(self, hold: Hold) -> None:
        self.holds.pop(hold.call.request_id, None)

    async def find_event(self, call: Call) -> UsageEvent | None:
        return next((each for each in self.events if each.call == call), None)

    async def find_account(self, key_id: str, month: str) -> Account | None:
        return None

    async def put_events(self, events: Sequence[UsageEvent]) -> None:
        await self._begin("put_events")
        self.events += events

    async def list_events(self, tenant_id: str, day: str, after: str | None, limit: int) -> Page[UsageEvent]:
        raise NotImplementedError

    def publish(self, record: KeyRecord, month: str = "2026-11") -> None:
        """A change of the control plane: the record, and its fence on the account."""
        self._reader.records[record.key.id] = record
        self.fences[record.key.id, month] = Fence(
            record.key.id, record.tenant.id, record.key.version, record.tenant.version
        )

    def _account_of(self, hold: Hold) -> Account:
        """All that was settled, as if it were of one key and one day, and nothing held."""
        call = hold.call
        tokens = sum(each.settlement.tokens.total_tokens for each in self.settled)
        pico_usd = sum(each.settlement.cost_pico_usd or 0 for each in self.settled)
        day = DayCount(hold.window.day_of_month, tokens, pico_usd)
        return Account(
            call.key_id, call.month, call.tenant_id, committed_tokens=tokens, committed_pico_usd=pico_usd, day=day
        )

    async def _begin(self, operation: str) -> None:
        self.calls.append(operation)
        if operation in self.gates:
            await self.gates[operation].wait()
        await asyncio.sleep(0)
        if self.failures.get(operation):
            raise self.failures[operation].pop(0)


class FakeRegistry:
    def __init__(self) -> None:
        self.noted: list[tuple[str, str, int]] = []

    async def note(self, key_id: str, month: str, now_ms: int) -> None:
        self.noted.append((key_id, month, now_ms))


class FakeBudgets:
    """The budgets of tenants: counts draws and looks, and refuses with what it is given."""

    def __init__(self) -> None:
        self.draws = 0
        self.looks = 0
        self.refusal: Exception | None = None
        self.accounts: list[Account] = []

    async def standing(self, tenant_id: str, month: str, day: str) -> TenantStanding:
        self.looks += 1
        if self.refusal is not None:
            raise self.refusal
        return standing_of(month, day, NO_FUNDS, self.accounts)

    async def draw(self, fence: Fence, hold: Hold, demand: Demand) -> None:
        self.draws += 1
        if self.refusal is not None:
            raise self.refusal


class FakeGate:
    """The gate of a tenant: who is inside, and what they used."""

    def __init__(self) -> None:
        self.inside: set[str] = set()
        self.left: list[int] = []
        self.refusal: Exception | None = None

    async def enter(self, tenant_id: str, hold: Hold, limits: Limits) -> Standing:
        if self.refusal is not None:
            raise self.refusal
        self.inside.add(hold.call.request_id)
        return Standing()

    async def leave(self, hold: Hold, tokens: int) -> None:
        self.inside.discard(hold.call.request_id)
        self.left.append(tokens)

    async def turn_away(self, hold: Hold) -> None:
        self.inside.discard(hold.call.request_id)


class Door:
    """An Admission over fakes, and what there is to see of it."""

    def __init__(self, record: KeyRecord = RECORD, watch: Watch = watch_nothing) -> None:
        self.reader = FakeReader(record)
        self.ledger = FakeLedger(self.reader)
        self.now_ms = NOW_MS
        self.keys = KeyCache(self.reader, lambda: self.now_ms / 1000, 100, 300)
        self.budgets = FakeBudgets()
        self.gate = FakeGate()
        self.registry = FakeRegistry()
        books = Books(self.ledger, self.registry, self.budgets, self.gate, watch)
        self.admission = Admission(self.keys, books, PEPPERS, lambda: self.now_ms, 1800)

    async def reserve(self, secret: Secret = SECRET, order: Order = ORDER) -> Any:
        """Authenticate and reserve: an OpenHold."""
        return await self.admission.reserve(await self.admission.authenticate(secret.text), order)


Step = list[ConverseEvent] | Exception | Callable[[], Awaitable[None]]


def event(event_type: str, **payload: Any) -> ConverseEvent:
    return ConverseEvent(event_type, payload)


def text_delta(text: str) -> ConverseEvent:
    return event("contentBlockDelta", contentBlockIndex=0, delta={"text": text})


START = event("messageStart", role="assistant")
STOP = event("messageStop", stopReason="end_turn")
USAGE = event("metadata", usage={"inputTokens": 11, "outputTokens": 7, "totalTokens": 18})
WHOLE: tuple[list[ConverseEvent], ...] = ([START, text_delta("Hello")], [text_delta(" there")], [STOP, USAGE])


class FakeStream:
    """A ConverseStream that goes through a script: a batch is given out, an exception raised, a callable awaited."""

    def __init__(self, *script: Step) -> None:
        self._script = script
        self.closed = 0

    async def batches(self) -> AsyncIterator[list[ConverseEvent]]:
        for step in self._script:
            if isinstance(step, Exception):
                raise step
            if callable(step):
                await step()
            else:
                yield step

    async def aclose(self) -> None:
        self.closed += 1


class FakeBedrock:
    """Bedrock that gives what it was told to, or raises it; a callable is awaited for the answer."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.sent: list[tuple[str, str, bytes]] = []
        self.invoke_metadata: list[dict[str, str]] = []

    async def converse(self, model_id: str, body: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = await self._answer("converse", model_id, body)
        return answer

    async def open_stream(self, model_id: str, body: bytes) -> ConverseStream:
        stream: ConverseStream = await self._answer("open_stream", model_id, body)
        return stream

    async def invoke(self, model_id: str, body: bytes, metadata: Mapping[str, str]) -> InvokeAnswer:
        self.invoke_metadata.append(dict(metadata))
        answer: InvokeAnswer = await self._answer("invoke", model_id, body)
        return answer

    def answer_with(self, *answers: Any) -> None:
        """From now on these."""
        self._answers = list(answers)

    async def _answer(self, operation: str, model_id: str, body: bytes) -> Any:
        self.sent.append((operation, model_id, body))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return await answer() if callable(answer) else answer


class FakeReasoningStore:
    """ReasoningStore in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], KeptReasoning] = {}
        self.reads: list[str] = []
        self.away = False
        self.silent: asyncio.Event | None = None
        self.failure: Exception | None = None

    async def keep(self, kept: KeptReasoning) -> bool:
        if self.silent is not None:
            await self.silent.wait()
        self._begin()
        self.kept[kept.key_id, kept.call_id] = kept
        return True

    async def find(self, key_id: str, call_id: str) -> KeptReasoning | None:
        self.reads.append(call_id)
        self._begin()
        return self.kept.get((key_id, call_id))

    def _begin(self) -> None:
        if self.away:
            raise LedgerUnavailable()
        if self.failure is not None:
            raise self.failure


class FakeCatalog:
    """A catalog that knows what it is told."""

    def __init__(self, snapshot: Snapshot = EMPTY, policy: Policy = NO_POLICY) -> None:
        self._snapshot = snapshot
        self.policy = policy

    def latest(self) -> Snapshot:
        return self._snapshot

    async def load(self) -> Snapshot:
        return self._snapshot

    async def resolve(self, name: str, policy: Policy = NO_POLICY) -> Model:
        return self._snapshot.resolve(name, policy)

    async def aclose(self) -> None:
        return None
