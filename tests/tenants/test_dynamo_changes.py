from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from pynamodb.exceptions import CancellationReason, DoesNotExist, GetError

from tenants.dynamo_changes import Refusals, Threads
from tenants.errors import ChangedMeanwhile, Conflict, LedgerUnavailable, NotFound

FAILED = CancellationReason("ConditionalCheckFailed")
FAILED_ON_AN_ITEM = CancellationReason("ConditionalCheckFailed", raw_item={"pk": {"S": "T#proj_1"}})


@pytest.fixture
async def threads() -> AsyncIterator[Threads]:
    made = Threads()
    yield made
    made.close()


def test_a_record_that_is_not_there_is_not_found() -> None:
    refused = Refusals(missing="No such key.", taken="Taken.").find([None, FAILED])
    assert (type(refused), str(refused)) == (NotFound, "No such key.")


def test_a_record_that_is_there_and_must_not_be_is_a_conflict() -> None:
    refused = Refusals(missing="No such key.", taken="Taken.").find([None, FAILED_ON_AN_ITEM])
    assert (type(refused), str(refused)) == (Conflict, "Taken.")


@pytest.mark.parametrize(("refusals", "reason"), [(Refusals("No such key."), FAILED_ON_AN_ITEM), (Refusals(), FAILED)])
def test_a_record_of_another_version_was_changed_meanwhile(refusals: Refusals, reason: CancellationReason) -> None:
    assert isinstance(refusals.find([reason]), ChangedMeanwhile)


def test_the_first_failed_condition_decides() -> None:
    refused = Refusals(missing="No such key.", taken="Taken.").find([FAILED, FAILED_ON_AN_ITEM])
    assert isinstance(refused, NotFound)


@pytest.mark.parametrize("reasons", [[], [None], [CancellationReason("TransactionConflict"), None]])
def test_a_transaction_cancelled_for_another_reason_is_no_refusal(reasons: list[CancellationReason | None]) -> None:
    assert Refusals(missing="No such key.", taken="Taken.").find(reasons) is None


def failing(error: Exception) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


async def test_a_call_in_a_thread_returns_what_it_returns(threads: Threads) -> None:
    assert await threads.run(divmod, 7, 2) == (3, 1)


async def test_a_store_that_does_not_answer_is_unavailable(threads: Threads) -> None:
    with pytest.raises(LedgerUnavailable):
        await threads.run(failing(GetError("no connection")))


async def test_a_row_that_is_not_there_is_for_the_caller_to_tell(threads: Threads) -> None:
    with pytest.raises(DoesNotExist):
        await threads.run(failing(DoesNotExist()))
