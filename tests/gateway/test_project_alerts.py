"""A project's alerts are told of once each period, by whichever process, and not lost where one dies."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest

from gateway.alerts import Alerts
from gateway.metrics import Metrics
from gateway.project_alerts import GIVEN_UP_MS, Activity, ProjectAlerts
from gateway.sweeping import Sweeper
from gateway.webhooks import Message
from tenants.active_accounts import HOUR_MS, hour_of
from tenants.addressed_alert import AddressedAlert, Notice
from tenants.dynamo_reached_alerts import ReachedAlerts
from tenants.dynamo_tenant_spend import TenantSpend
from tenants.dynamo_usage import DynamoUsage
from tenants.errors import LedgerUnavailable
from tenants.event import Settlement, UsageEvent, UsageStatus
from tenants.limits import Currency, Interval, Limits, SpendAlert
from tenants.periods import CLOCK_SKEW_SECONDS
from tenants.reached_alerts import TURN_MS
from tenants.usage import TokenCounts
from tests.gateway.ledgers import Bench
from tests.tenants.faults import Fault
from tests.tenants.samples import DAY, HOLD_SECONDS, KEY, MONTH, NOW_MS, TENANT, a_hold, an_audit, asking
from tests.tenants.stores import ATTEMPTS, later_tenant

DAY_MS = 24 * HOUR_MS
NOTICE = Notice(("finance@example.com",), "Sluice")
MONTHLY = AddressedAlert("alert_m", Interval.MONTH, Currency.USD, 1_000, NOTICE)
DAILY = AddressedAlert("alert_d", Interval.DAY, Currency.TOKENS, 100, NOTICE)


def settling(tokens: int, cost: int, at_ms: int) -> Settlement:
    return Settlement(UsageStatus.OK, at_ms, TokenCounts(output_tokens=tokens), cost)


@dataclass(slots=True)
class Teller:
    """One process's: what it told, to a webhook that takes nothing until it is told to (`take`)."""

    bench: Bench
    told: list[Message] = field(default_factory=list)
    alerts: ProjectAlerts = field(init=False)
    sweeper: Sweeper = field(init=False)
    metrics: Metrics = field(init=False)

    def __post_init__(self) -> None:
        bench = self.bench
        client, tables = bench.store.client, bench.store.tables
        self.metrics = Metrics("7", bench.clock)
        telling = Alerts(self.metrics, self.told.append, bench.clock)
        spend = TenantSpend(client, tables, DynamoUsage(client, tables, HOLD_SECONDS))
        self.alerts = ProjectAlerts(spend, ReachedAlerts(client, tables), telling, bench.clock)
        self.sweeper = bench.new_sweeper(self.alerts.look)

    async def sweep(self) -> list[dict[str, Any]]:
        """What it tells by it."""
        before = len(self.told)
        await self.sweeper.sweep()
        return [orjson.loads(message.body) for message in self.told[before:]]

    async def take(self) -> None:
        """The webhook takes all that it was told of."""
        for message in self.told:
            assert message.delivered is not None
            message.delivered()
        await self.alerts.close()


@pytest.fixture
async def project(bench: Bench) -> Bench:
    """With both alerts."""
    return await watch(bench, MONTHLY, DAILY)


async def watch(bench: Bench, *alerts: SpendAlert, **limits: Any) -> Bench:
    """The project has these alerts from now on."""
    former = await bench.store.directory.get_tenant(TENANT.id)
    changed = later_tenant(former, limits=Limits(alerts=alerts, **limits))
    await bench.store.directory.update_tenant(changed, an_audit())
    bench.fence = replace(bench.fence, tenant_version=changed.version)
    return bench


_numbers = iter(range(1_000_000))


async def use(bench: Bench, tokens: int, cost: int) -> None:
    """One request that used so much, as the bench's key, now."""
    hold, demand = asking(a_hold(f"req_{next(_numbers):08}", bench.fence.key_id, bench.clock.now_ms))
    await bench.active.note(hold.call.key_id, hold.call.month, bench.clock.now_ms)
    held = (await bench.ledger.reserve(bench.fence, hold, demand)).hold
    settlement = settling(tokens, cost, bench.clock.now_ms)
    assert await bench.ledger.settle(held, settlement)
    await bench.ledger.put_events([UsageEvent(held.call, settlement)])


async def use_as(bench: Bench, key_id: str, tokens: int, cost: int) -> None:
    """As another key of the project, which is made for it."""
    mine = bench.fence
    await bench.store.directory.create_key(replace(KEY, id=key_id), an_audit())
    bench.fence = replace(mine, key_id=key_id)
    await bench.store.new_ledger().open_account(bench.fence, MONTH)
    await use(bench, tokens, cost)
    bench.fence = mine


async def test_what_keys_used_together_reaches_a_threshold_that_none_reached_alone(project: Bench) -> None:
    teller = Teller(project)
    await use(project, 60, 600)
    assert await teller.sweep() == []
    await use_as(project, "key_2", 39, 400)
    (event,) = await teller.sweep()
    assert event == {
        "id": f"{TENANT.id}:alert_m:{MONTH}:1000",
        "type": "spend_alert.reached",
        "created_at": NOW_MS // 1000,
        "data": {
            "alert_id": "alert_m",
            "project_id": TENANT.id,
            "api_key_id": None,
            "interval": "month",
            "period": MONTH,
            "threshold_pico_usd": 1_000,
            "used_pico_usd": 1_000,
            "notification_channel": {
                "type": "email",
                "recipients": ["finance@example.com"],
                "subject_prefix": "Sluice",
            },
        },
    }
    await use(project, 1, 0)
    (event,) = await teller.sweep()
    assert (event["data"]["period"], event["data"]["used_tokens"]) == (DAY, 100)
    assert teller.metrics.alerts.count("project", "month", "usd") == 1


async def test_it_is_told_once_a_period_however_much_more_is_used(project: Bench) -> None:
    teller = Teller(project)
    for _ in range(3):
        await use(project, 100, 1_000)
        await teller.sweep()
    assert len(teller.told) == 2
    project.clock.now_ms += DAY_MS
    await use(project, 100, 1_000)
    assert [event["data"]["period"] for event in await teller.sweep()] == ["2026-11-21"]


async def test_of_processes_that_sweep_at_once_one_tells(project: Bench) -> None:
    await use(project, 100, 1_000)
    tellers = [Teller(project) for _ in range(4)]
    for _ in range(2):
        await asyncio.gather(*(teller.sweep() for teller in tellers))
    told = [message.id for teller in tellers for message in teller.told]
    assert sorted(told) == [f"{TENANT.id}:alert_d:{DAY}:100", f"{TENANT.id}:alert_m:{MONTH}:1000"]


async def test_what_a_process_noted_and_died_before_it_told_is_told_by_another(project: Bench) -> None:
    await use(project, 1, 1_000)
    died = Teller(project)
    (first,) = await died.sweep()  # its webhook has not taken it
    other = Teller(project)
    project.clock.now_ms += TURN_MS - 1
    assert await other.sweep() == []
    project.clock.now_ms += 1
    third = Teller(project)
    again = await asyncio.gather(other.sweep(), third.sweep())
    assert sorted(again) == [[], [first]]  # by one of the two, under the id by which a receiver knows it
    assert [each.metrics.alerts.count("project", "month", "usd") for each in (died, other, third)] == [1, 0, 0]


async def test_what_was_taken_is_never_told_again(project: Bench) -> None:
    await use(project, 1, 1_000)
    teller = Teller(project)
    await teller.sweep()
    await teller.take()
    project.clock.now_ms += 10 * TURN_MS
    assert await Teller(project).sweep() == []


async def test_what_no_webhook_takes_is_given_up_after_a_day(project: Bench, caplog: pytest.LogCaptureFixture) -> None:
    await use(project, 1, 1_000)
    teller = Teller(project)
    await teller.sweep()
    project.clock.now_ms += GIVEN_UP_MS
    assert await teller.sweep() == []
    (given_up,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert given_up.getMessage() == "a spend alert is given up"
    project.clock.now_ms += TURN_MS
    assert await teller.sweep() == []
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1


async def test_a_reply_that_was_lost_tells_later_and_not_never(project: Bench) -> None:
    await use(project, 1, 1_000)
    teller = Teller(project)
    project.store.transport.plan("TransactWriteItems", Fault.CUT)
    assert await teller.sweep() == []  # noted, but nobody knows by whom
    project.clock.now_ms += TURN_MS
    assert len(await teller.sweep()) == 1


async def test_what_is_reached_at_the_very_end_of_a_day_is_told_when_its_last_hour_is_done_with(project: Bench) -> None:
    project.clock.now_ms = NOW_MS + DAY_MS - 1_000
    await use(project, 100, 0)
    project.clock.now_ms += 2_000
    await use(project, 1, 0)  # the account goes on to the next day
    teller = Teller(project)
    assert await teller.sweep() == []
    project.clock.now_ms += CLOCK_SKEW_SECONDS * 1000
    (event,) = await teller.sweep()
    assert (event["data"]["period"], event["data"]["used_tokens"]) == (DAY, 100)
    assert await project.record.find_through() == hour_of(NOW_MS + DAY_MS - 1)


async def test_what_is_reached_at_the_very_end_of_a_month_is_told_in_the_next_one(project: Bench) -> None:
    project.clock.now_ms = NOW_MS + 11 * DAY_MS - 1_000  # 2026-11-30T23:59:59Z
    await use(project, 0, 1_000)
    project.clock.now_ms += 2_000
    (event,) = await Teller(project).sweep()
    assert event["data"]["period"] == MONTH


async def test_processes_that_were_all_down_tell_afterwards_what_had_been_reached(project: Bench) -> None:
    await project.record.finish_hour(hour_of(NOW_MS - HOUR_MS))
    await use(project, 100, 1_000)
    project.clock.now_ms += 3 * DAY_MS
    assert [event["data"]["period"] for event in await Teller(project).sweep()] == [MONTH, DAY]


async def test_an_hour_stays_open_until_what_was_reached_in_it_could_be_noted(project: Bench) -> None:
    await project.record.finish_hour(hour_of(NOW_MS - HOUR_MS))
    await use(project, 100, 1_000)
    project.clock.now_ms += HOUR_MS + CLOCK_SKEW_SECONDS * 1000
    teller = Teller(project)
    project.store.transport.plan("TransactWriteItems", *[Fault.NOT_SENT] * ATTEMPTS)
    assert await teller.sweep() == []
    assert await project.record.find_through() == hour_of(NOW_MS - HOUR_MS)
    project.clock.now_ms += 6 * 60_000
    assert len(await teller.sweep()) == 2
    assert await project.record.find_through() == hour_of(NOW_MS)


async def test_what_a_deleted_key_used_counts_also_in_a_project_without_a_budget(project: Bench) -> None:
    await use_as(project, "key_2", 0, 600)
    await project.store.directory.delete_key(replace(KEY, id="key_2"), an_audit())
    await use(project, 0, 400)
    (event,) = await Teller(project).sweep()
    assert event["data"]["used_pico_usd"] == 1_000


async def test_what_is_only_held_reaches_nothing(project: Bench) -> None:
    await project.reserve("req_held")
    assert await Teller(project).sweep() == []


async def test_a_threshold_below_what_is_used_already_is_told_and_a_new_one_again(project: Bench) -> None:
    teller = Teller(project)
    await use(project, 1, 5_000)
    await teller.sweep()
    await watch(project, replace(MONTHLY, threshold=2_000), replace(MONTHLY, id="alert_high", threshold=9_000))
    assert [event["data"]["threshold_pico_usd"] for event in await teller.sweep()] == [2_000]


async def test_a_project_without_alerts_costs_one_read(bench: Bench) -> None:
    await use(bench, 1, 1)
    asked: list[str] = []

    class Counting(TenantSpend):
        async def list_alerts(self, tenant_id: str) -> tuple[SpendAlert, ...]:
            asked.append(tenant_id)
            return await super().list_alerts(tenant_id)

        async def sum_accounts(self, tenant_id: str, month: str, day: str | None) -> Any:
            raise AssertionError("nothing is waited for")

    client, tables = bench.store.client, bench.store.tables
    spend = Counting(client, tables, DynamoUsage(client, tables, HOLD_SECONDS))
    telling = Alerts(Metrics("7", bench.clock), None, bench.clock)
    alerts = ProjectAlerts(spend, ReachedAlerts(client, tables), telling, bench.clock)
    await bench.new_sweeper(alerts.look).sweep()
    assert asked == [TENANT.id]


async def test_without_a_webhook_it_is_told_by_the_log_and_done(
    project: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await use(project, 1, 1_000)
    client, tables = project.store.client, project.store.tables
    spend = TenantSpend(client, tables, DynamoUsage(client, tables, HOLD_SECONDS))
    reached = ReachedAlerts(client, tables)
    alerts = ProjectAlerts(spend, reached, Alerts(Metrics("7", project.clock), None, project.clock), project.clock)
    await project.new_sweeper(alerts.look).sweep()
    await alerts.close()
    assert await reached.list_untold() == []
    (line,) = [record for record in caplog.records if record.name == "sluice.alerts"]
    assert (line.getMessage(), line.__dict__["project_id"]) == ("a spend alert was reached", TENANT.id)
    assert "finance@example.com" not in str(line.__dict__)


class Broken:
    """A spend that fails for one project, and is nothing for the others."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked: list[str] = []

    async def list_alerts(self, tenant_id: str) -> tuple[SpendAlert, ...]:
        self.asked.append(tenant_id)
        if tenant_id == "proj_1":
            raise self.error
        return ()

    async def sum_accounts(self, tenant_id: str, month: str, day: str | None) -> Any: ...

    async def sum_day(self, tenant_id: str, day: str, now_ms: int) -> Any: ...


class NothingReached:
    async def list_untold(self) -> list[Any]:
        return []


@pytest.mark.parametrize(("error", "looked"), [(LedgerUnavailable(), False), (ValueError("a bug"), True)])
async def test_one_project_that_cannot_be_looked_at_keeps_no_other_from_it(error: Exception, looked: bool) -> None:
    spend = Broken(error)
    telling = Alerts(Metrics("7", lambda: NOW_MS), None, lambda: NOW_MS)
    alerts = ProjectAlerts(spend, NothingReached(), telling, lambda: NOW_MS)  # type: ignore[arg-type]  # it asks no more
    months = {f"proj_{number}": frozenset({MONTH}) for number in range(20)}
    assert await alerts.look(Activity(months, {})) is looked
    assert len(spend.asked) == 20
