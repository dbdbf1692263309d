from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from awswire.attributes import from_attributes, to_attributes
from tenants.event import UsageEvent
from tenants.event_item import event_from_values, event_to_values
from tenants.periods import day_of
from tests.tenants.generated import settlements, usage_events
from tests.tenants.samples import CALL, DAY, EVENT, SETTLEMENT


@given(usage_events)
def test_an_event_reads_back_as_stored_beside_attributes_it_does_not_know(event: UsageEvent) -> None:
    stored = to_attributes({**event_to_values(event), "reconciled_at": 5, "region": "eu-west-1"})
    assert event_from_values(from_attributes(stored)) == event


@given(settlements)
def test_the_place_of_an_event_follows_from_its_request_alone(settlement: object) -> None:
    values = event_to_values(replace(EVENT, settlement=settlement))  # type: ignore[arg-type]  # settlements makes them
    assert (values["pk"], values["sk"]) == (f"E#{CALL.tenant_id}#{DAY}", CALL.request_id)


@given(usage_events)
def test_an_event_lies_on_the_day_its_request_began(event: UsageEvent) -> None:
    assert str(event_to_values(event)["pk"]).endswith("#" + day_of(event.call.started_at_ms))


def test_an_unknown_cost_is_absent_and_never_zero() -> None:
    values = event_to_values(UsageEvent(CALL, replace(SETTLEMENT, cost_pico_usd=None)))
    assert "cost_pico_usd" not in values
    assert event_from_values(values).settlement.cost_pico_usd is None
    assert event_to_values(UsageEvent(CALL, replace(SETTLEMENT, cost_pico_usd=0)))["cost_pico_usd"] == 0
