from __future__ import annotations

import json
from typing import Any

import pytest

from awswire.dynamodb_errors import (
    ConditionFailed,
    DynamoDbError,
    Rejected,
    Throttled,
    TransactionCanceled,
    Unavailable,
    is_passing,
    to_error,
)

MODEL = "com.amazonaws.dynamodb.v20120810#"
CORAL = "com.amazon.coral.service#"


def error_of(status: int, error_type: str, **fields: Any) -> DynamoDbError:
    return to_error(status, json.dumps({"__type": error_type, **fields}).encode())


def canceled(*codes: str) -> DynamoDbError:
    reasons = [{"Code": code} for code in codes]
    return error_of(400, MODEL + "TransactionCanceledException", CancellationReasons=reasons)


def test_a_failed_condition_carries_the_item_that_failed_it() -> None:
    item = {"pk": {"S": "a"}}
    error = error_of(400, MODEL + "ConditionalCheckFailedException", message="no", Item=item)
    assert isinstance(error, ConditionFailed)
    assert error.item == item


def test_a_failed_condition_without_an_item_has_none() -> None:
    error = error_of(400, MODEL + "ConditionalCheckFailedException", message="no")
    assert isinstance(error, ConditionFailed)
    assert error.item is None


def test_a_cancelled_transaction_gives_a_reason_per_action() -> None:
    error = error_of(
        400,
        MODEL + "TransactionCanceledException",
        CancellationReasons=[{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": {"pk": {"S": "a"}}}],
    )
    assert isinstance(error, TransactionCanceled)
    assert error.reasons == (("None", None), ("ConditionalCheckFailed", {"pk": {"S": "a"}}))


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (400, MODEL + "ProvisionedThroughputExceededException"),
        (400, MODEL + "RequestLimitExceeded"),
        (400, CORAL + "ThrottlingException"),
        (400, MODEL + "TransactionConflictException"),
        (400, MODEL + "TransactionInProgressException"),
        (429, "SomethingNew"),
    ],
)
def test_what_a_moment_may_cure_is_a_throttle(status: int, error_type: str) -> None:
    error = error_of(status, error_type)
    assert isinstance(error, Throttled)
    assert is_passing(error)


@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException", "ResourceNotFoundException"])
def test_other_refusals_are_rejected_with_their_code_and_message(code: str) -> None:
    error = error_of(400, CORAL + code, Message="why")
    assert isinstance(error, Rejected)
    assert (error.code, error.message) == (code, "why")
    assert not is_passing(error)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"__type": "com.amazon#InternalServerError"}'])
def test_server_errors_are_unavailable_whatever_their_body(body: bytes) -> None:
    assert isinstance(to_error(503, body), Unavailable)


def test_a_transaction_is_tried_again_only_if_conflicts_alone_cancelled_it() -> None:
    assert is_passing(canceled("None", "TransactionConflict", "ThrottlingError"))
    assert not is_passing(canceled("TransactionConflict", "ConditionalCheckFailed"))
    assert not is_passing(canceled())
