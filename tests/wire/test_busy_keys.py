"""A key that is spread over many accounts: four processes hold its limits exactly, and stop when it is revoked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.wire.fleet import IMPATIENT, Answer, ask_at_once, running_fleet
from tests.wire.ledger import Bedrock, Ledger
from tests.wire.money import Spent, Worth, measure_worth, settled_on, within_a_minute
from tests.wire.stack import Gateway, Stack
from tests.wire.tenancy import IssuedKey, Json, Tenancy
from tests.wire.test_budgets import ASKED, BUDGETED, assert_refused_for_good, assert_spent_to_the_end, spend_limit
from tests.wire.test_limits import RATES, hold_open
from tests.wire.test_revocation_under_load import REVOCATIONS, Watch

# One request in flight on an account is enough for the next one to go to another.
SPREAD = {**IMPATIENT, "SLUICE_ACCOUNT_SHARD_REQUESTS": "1"}
SHARDS = 16


@pytest.fixture(scope="module")
def fleet(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Gateway]]:
    with running_fleet(stack, tmp_path_factory.mktemp("fleet"), SPREAD) as gateways:
        yield gateways


@pytest.fixture(scope="module")
def worth(fleet: list[Gateway], tenancy: Tenancy, ledger: Ledger) -> Worth:
    return measure_worth(fleet[0], tenancy, ledger)


def spread_key(fleet: list[Gateway], tenancy: Tenancy, ledger: Ledger, worth: Worth) -> IssuedKey:
    """A key that had so much in flight in each process that all accounts are open."""
    key = tenancy.issue_alone()
    answers = ask_at_once(fleet, [key], worth.chat(), 2 * SHARDS * len(fleet))
    assert all(answer.served for answer in answers)
    settled_on(ledger, [key])
    assert int(ledger.find_account_item(key)["sh"]) == SHARDS
    return key


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES.keys())
def test_a_minutes_limit_of_37_serves_37_of_200_requests_at_once(
    fleet: list[Gateway],
    worth: Worth,
    tenancy: Tenancy,
    ledger: Ledger,
    rate: Callable[[Worth], Json],
) -> None:
    def run() -> tuple[IssuedKey, list[Answer]]:
        key = tenancy.issue_alone(rate_limits=rate(worth))
        return key, ask_at_once(fleet, [key], worth.chat(), ASKED)

    key, answers = within_a_minute(run)
    assert int(ledger.find_account_item(key)["sh"]) > 1
    assert Counter(answer.status for answer in answers) == {200: BUDGETED, 429: ASKED - BUDGETED}
    assert settled_on(ledger, [key]) == Spent(BUDGETED, BUDGETED * worth.tokens, BUDGETED * worth.pico_usd, 0)


def test_37_of_200_requests_at_once_run_in_parallel(
    fleet: list[Gateway], worth: Worth, tenancy: Tenancy, ledger: Ledger
) -> None:
    key = spread_key(fleet, tenancy, ledger, worth)
    tenancy.change(key, body={"rate_limits": {"max_parallel_requests": BUDGETED}})
    for _ in range(2):
        streams = asyncio.run(hold_open(fleet, [key], worth.chat(hang=True)))
        assert len(streams.begun) == BUDGETED
        assert {code for _, code, _ in streams.refused} == {"rate_limit_exceeded"}
        settled_on(ledger, [key])


@pytest.mark.parametrize("currency", ["usd", "tokens"])
def test_a_budget_of_the_key_is_spent_to_its_last_request(
    fleet: list[Gateway], worth: Worth, tenancy: Tenancy, ledger: Ledger, bedrock: Bedrock, currency: str
) -> None:
    key = tenancy.issue_alone(spend_limits=[spend_limit(worth, "month", currency)])
    answers = ask_at_once(fleet, [key], worth.chat(), ASKED)
    assert int(ledger.find_account_item(key)["sh"]) > 1
    assert_spent_to_the_end(answers, worth, [key], ledger, bedrock)


def test_a_budget_of_the_project_is_spent_to_its_last_request_by_two_busy_keys(
    fleet: list[Gateway], worth: Worth, tenancy: Tenancy, ledger: Ledger
) -> None:
    project_id = tenancy.create_project()
    limits = {"spend_limits": [spend_limit(worth, "month", "usd")]}
    tenancy.post(f"/organization/projects/{project_id}/limits", limits)
    keys = [tenancy.issue(project_id) for _ in range(2)]
    answers = ask_at_once(fleet, keys, worth.chat(), ASKED)
    assert Counter(answer.status for answer in answers) == {200: BUDGETED, 429: ASKED - BUDGETED}
    assert_refused_for_good([answer for answer in answers if not answer.served])
    assert settled_on(ledger, keys) == Spent(BUDGETED, BUDGETED * worth.tokens, BUDGETED * worth.pico_usd, 0)


@pytest.mark.parametrize("name", ["disable", "archive the project", "spend limit"])
def test_no_request_is_accepted_after_a_change_has_returned(
    fleet: list[Gateway], tenancy: Tenancy, key: IssuedKey, bedrock: Bedrock, ledger: Ledger, name: str
) -> None:
    watch = Watch(fleet, key)
    asyncio.run(watch.run(lambda: REVOCATIONS[name](tenancy, key)))
    after = [answer for gateway in fleet for answer in watch.asked_after(gateway)]
    assert [answer for answer in after if answer.served] == []
    assert {answer.request_id for _, answer in watch.answers if answer.served} == {
        each.sluice_request_id for each in bedrock.served(key)
    }
    assert int(ledger.find_account_item(key)["sh"]) > 1
