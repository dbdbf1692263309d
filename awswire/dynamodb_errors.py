"""DynamoDB's refusals, sorted by what the caller can do about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from awswire.attributes import Attribute


class DynamoDbError(Exception):
    """A call that did not succeed."""


class ConditionFailed(DynamoDbError):
    """The condition did not hold; nothing was written.

    `item` is the item that failed it, as typed attributes, where `ReturnValuesOnConditionCheckFailure` is `ALL_OLD`
    and the item exists. In a repeated call it may show the write of the call's own earlier attempt.
    """

    def __init__(self, message: str, item: dict[str, Attribute] | None = None) -> None:
        super().__init__(message)
        self.item = item


class TransactionCanceled(DynamoDbError):
    """Nothing of the transaction was written. `reasons` has one (code, item) per action, in order.

    The code is DynamoDB's: `None` (the word) for an action that was fine, `ConditionalCheckFailed`, ...
    """

    def __init__(self, message: str, reasons: tuple[tuple[str, dict[str, Attribute] | None], ...]) -> None:
        super().__init__(message)
        self.reasons = reasons


class Rejected(DynamoDbError):
    """The request itself is wrong, not allowed, or names what does not exist. `code` is DynamoDB's exception name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Throttled(DynamoDbError):
    """Refused for its rate, or for a transaction on the same item, until retries were used up; nothing was written."""


class Unavailable(DynamoDbError):
    """DynamoDB did not answer, or answered 5xx, until retries were used up."""


class OutcomeUnknown(Unavailable):
    """As Unavailable, and at least one attempt may have been applied: read before writing again."""


_THROTTLES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ReplicatedWriteConflictException",
        "ThrottlingException",
        "Throttling",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)

# Reasons that another attempt may not meet; `None` is the code of an action that was fine.
_PASSING_REASONS = frozenset({"None", "TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"})


def to_error(status: int, body: bytes) -> DynamoDbError:
    """The error of an answer that is not 200: any of the above but OutcomeUnknown."""
    fields = _to_fields(body)
    # The namespace before `#` differs between operations and engines.
    code = str(fields.get("__type", "")).rpartition("#")[2] or f"Http{status}"
    message = str(fields.get("message") or fields.get("Message") or "")
    if code == "ConditionalCheckFailedException":
        return ConditionFailed(message, fields.get("Item"))
    if code == "TransactionCanceledException":
        reasons = tuple((str(r.get("Code", "None")), r.get("Item")) for r in fields.get("CancellationReasons") or ())
        return TransactionCanceled(message, reasons)
    if code in _THROTTLES or status == 429:
        return Throttled(f"{code}: {message}")
    if status >= 500:
        return Unavailable(f"{code}: {message}")
    return Rejected(code, message)


def is_passing(error: DynamoDbError) -> bool:
    """Whether nothing was written, and the same request may well succeed a moment later."""
    if isinstance(error, TransactionCanceled):
        return bool(error.reasons) and all(code in _PASSING_REASONS for code, _ in error.reasons)
    return isinstance(error, Throttled)


def _to_fields(body: bytes) -> Mapping[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}  # a load balancer's page, not DynamoDB's
    return fields if isinstance(fields, dict) else {}
