from __future__ import annotations

import json
from typing import Any
from zlib import crc32

import pytest

from awswire.dynamodb import (
    ConditionFailed,
    DynamoDb,
    OutcomeUnknown,
    Rejected,
    Throttled,
    TransactionCanceled,
    Unavailable,
)
from awswire.http import ConnectionBroken, NotSent, ReadTimedOut
from awswire.retries import RetryPolicy
from tests.awswire.fakes import FakeResponse, FakeTime, FakeTransport, to_json_response, to_service

DONE = to_json_response(200, {"done": True})


def refusal(code: str, status: int = 400, **fields: Any) -> FakeResponse:
    return to_json_response(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **fields})


def canceled(code: str) -> FakeResponse:
    return refusal("TransactionCanceledException", CancellationReasons=[{"Code": code}])


THROTTLE = refusal("ThrottlingException")
CONDITION = refusal("ConditionalCheckFailedException", Item={"pk": {"S": "a"}})
SERVER_ERROR = refusal("InternalServerError", 500)
MAY_HAVE_APPLIED = [ConnectionBroken("cut"), ReadTimedOut("silent"), SERVER_ERROR]
SURELY_NOT_APPLIED = [NotSent("refused"), THROTTLE, refusal("TransactionConflictException")]


class Store:
    def __init__(self, *script: FakeResponse | Exception, attempts: int = 4) -> None:
        self.transport = FakeTransport(*script)
        self.time = FakeTime()
        self.client = DynamoDb(to_service(self.transport), self.time.timing, RetryPolicy(attempts, 60.0))

    async def update(self, *, repeatable: bool) -> dict[str, Any]:
        return await self.client.call("UpdateItem", {"TableName": "t"}, repeatable=repeatable)

    @property
    def sent(self) -> int:
        return len(self.transport.requests)


async def test_a_call_is_one_signed_json_request() -> None:
    store = Store(DONE)
    assert await store.update(repeatable=False) == {"done": True}
    (request,) = store.transport.requests
    assert (request.method, request.target, json.loads(request.body)) == ("POST", "/", {"TableName": "t"})
    assert request.headers["content-type"] == "application/x-amz-json-1.0"
    assert request.headers["x-amz-target"] == "DynamoDB_20120810.UpdateItem"
    assert "/dynamodb/aws4_request" in request.headers["authorization"]


@pytest.mark.parametrize("answer", [DONE, CONDITION, SERVER_ERROR, FakeResponse(200, [ConnectionBroken("cut")])])
async def test_every_answer_is_closed(answer: FakeResponse) -> None:
    answer.closed = False
    store = Store(answer, attempts=1)
    if answer is DONE:
        await store.update(repeatable=True)
    else:
        with pytest.raises((ConditionFailed, OutcomeUnknown)):
            await store.update(repeatable=True)
    assert answer.closed


@pytest.mark.parametrize("repeatable", [True, False])
@pytest.mark.parametrize("failure", SURELY_NOT_APPLIED)
async def test_what_was_surely_not_applied_is_tried_again(failure: FakeResponse | Exception, repeatable: bool) -> None:
    store = Store(failure, failure, DONE)
    assert await store.update(repeatable=repeatable) == {"done": True}
    assert store.sent == 3
    assert store.time.pauses == [0.05, 0.1]


@pytest.mark.parametrize("failure", MAY_HAVE_APPLIED)
async def test_what_may_have_been_applied_is_tried_again_if_repeatable(failure: FakeResponse | Exception) -> None:
    store = Store(failure, DONE)
    assert await store.update(repeatable=True) == {"done": True}


@pytest.mark.parametrize("failure", MAY_HAVE_APPLIED)
async def test_what_may_have_been_applied_is_never_sent_twice_otherwise(failure: FakeResponse | Exception) -> None:
    store = Store(failure, DONE)
    with pytest.raises(OutcomeUnknown):
        await store.update(repeatable=False)
    assert store.sent == 1


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (NotSent("refused"), Unavailable),
        (THROTTLE, Throttled),
        (SERVER_ERROR, OutcomeUnknown),
        (canceled("TransactionConflict"), TransactionCanceled),
    ],
)
async def test_the_last_failure_is_raised_when_attempts_are_used_up(
    failure: FakeResponse | Exception, expected: type[Exception]
) -> None:
    store = Store(failure)
    with pytest.raises(expected) as raised:
        await store.update(repeatable=True)
    assert raised.type is expected
    assert store.sent == 4


@pytest.mark.parametrize("last", SURELY_NOT_APPLIED)
async def test_an_attempt_that_may_have_been_applied_is_not_forgotten(last: FakeResponse | Exception) -> None:
    store = Store(ReadTimedOut("silent"), last)
    with pytest.raises(OutcomeUnknown):
        await store.update(repeatable=True)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (CONDITION, ConditionFailed),
        (refusal("ValidationException"), Rejected),
        (canceled("ConditionalCheckFailed"), TransactionCanceled),
    ],
)
async def test_refusals_are_raised_at_once(answer: FakeResponse, expected: type[Exception]) -> None:
    store = Store(answer)
    with pytest.raises(expected):
        await store.update(repeatable=True)
    assert store.sent == 1


async def test_a_right_checksum_is_accepted() -> None:
    body = b'{"done":true}'
    store = Store(FakeResponse(200, [body], {"x-amz-crc32": str(crc32(body))}))
    assert await store.update(repeatable=False) == {"done": True}


@pytest.mark.parametrize("answer", [FakeResponse(200, [b"{}"], {"x-amz-crc32": "1"}), FakeResponse(200, [b"<html>"])])
async def test_a_damaged_answer_leaves_the_outcome_unknown(answer: FakeResponse) -> None:
    with pytest.raises(OutcomeUnknown):
        await Store(answer).update(repeatable=False)


def puts(count: int) -> list[dict[str, Any]]:
    return [{"pk": {"N": str(number)}} for number in range(count)]


def written(store: Store) -> list[list[str]]:
    batches = [json.loads(request.body)["RequestItems"]["t"] for request in store.transport.requests]
    return [[put["PutRequest"]["Item"]["pk"]["N"] for put in batch] for batch in batches]


async def test_batches_have_at_most_25_puts() -> None:
    store = Store(to_json_response(200, {"UnprocessedItems": {}}))
    await store.client.batch_write("t", puts(60))
    assert [len(batch) for batch in written(store)] == [25, 25, 10]
    assert sorted(int(number) for batch in written(store) for number in batch) == list(range(60))


async def test_nothing_to_write_is_no_request() -> None:
    store = Store(DONE)
    await store.client.batch_write("t", [])
    assert store.sent == 0


async def test_only_what_was_left_is_written_again_after_a_pause() -> None:
    left = {"UnprocessedItems": {"t": [{"PutRequest": {"Item": item}} for item in puts(2)]}}
    store = Store(to_json_response(200, left), to_json_response(200, {"UnprocessedItems": {}}))
    await store.client.batch_write("t", puts(5))
    assert written(store) == [["0", "1", "2", "3", "4"], ["0", "1"]]
    assert store.time.pauses == [0.05]


async def test_a_batch_that_is_never_taken_is_throttled() -> None:
    left = {"UnprocessedItems": {"t": [{"PutRequest": {"Item": item}} for item in puts(1)]}}
    store = Store(to_json_response(200, left))
    with pytest.raises(Throttled):
        await store.client.batch_write("t", puts(1))
    assert store.sent == 4
