"""The ledger as it stands in DynamoDB, and what Bedrock's stand-in says it counted. Neither goes through the gateway.

Attributes are read by their names on disk: this is the other side of `tenants/account_item.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import httpx2

from tenants.usage import NO_TOKENS, TokenCounts
from tests.wire.polling import eventually
from tests.wire.stack import Stack
from tests.wire.tenancy import IssuedKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_COUNTERS = ("xi", "xo", "xr", "xw")
_SUMMED = ("rq", "mk", "mu", "n")


@dataclass(frozen=True, slots=True)
class Totals:
    """A key's account: settled requests and their tokens, what is committed, and how many holds there are."""

    requests: int = 0
    in_flight: int = 0
    committed_tokens: int = 0
    tokens: TokenCounts = NO_TOKENS
    holds: tuple[str, ...] = ()
    outbox: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventRow:
    """A usage event."""

    request_id: str
    key_id: str
    operation: str
    model: str
    status: str
    tokens: TokenCounts


@dataclass(frozen=True, slots=True)
class Served:
    """What the simulator answered. `tokens` is None where it had nothing to count."""

    sluice_request_id: str | None
    key_id: str | None
    operation: str
    status: int
    tokens: TokenCounts | None
    complete: bool
    events_sent: int


class Ledger:
    """The usage table of a stack."""

    def __init__(self, stack: Stack) -> None:
        # The real store of this stack: the simulator's keys open nothing else.
        resource = boto3.resource(
            "dynamodb",
            endpoint_url=stack.dynamodb_endpoint,
            region_name=stack.serve_env["AWS_REGION"],
            aws_access_key_id=stack.serve_env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=stack.serve_env["AWS_SECRET_ACCESS_KEY"],
        )
        self.table: Table = resource.Table(f"{stack.serve_env['SLUICE_TABLE_PREFIX']}-usage")
        self._client = resource.meta.client

    def close(self) -> None:
        self._client.close()

    def find_account_item(self, key: IssuedKey) -> dict[str, Any]:
        """The raw item, empty where there is none; of a busy key the sum of its accounts, without what its first one
        lent to the others. A test that runs over a month's end sees the later one."""
        first = self._find_item(f"A#{key.id}")
        merged = {name: _less(value, first.get(f"L{name}")) for name, value in first.items()}
        for shard in range(1, int(first.get("sh", 1))):
            for name, value in self._find_item(f"A#{key.id}#{shard}").items():
                counts = name in _SUMMED or name in _COUNTERS
                merged[name] = merged.get(name, 0) + value if counts else merged.get(name, value)
        return merged

    def _find_item(self, partition: str) -> dict[str, Any]:
        answer = self.table.query(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": partition},
            ConsistentRead=True,
            ScanIndexForward=False,
        )
        return dict(answer["Items"][0]) if answer["Items"] else {}

    def totals(self, key: IssuedKey) -> Totals:
        item = self.find_account_item(key)
        return Totals(
            requests=int(item.get("rq", 0)),
            in_flight=int(item.get("n", 0)),
            committed_tokens=int(item.get("mk", 0)),
            tokens=TokenCounts(*(int(item.get(name, 0)) for name in _COUNTERS)),
            holds=tuple(sorted(f"req_{name[1:]}" for name in item if name[0] == "h")),
            outbox=tuple(sorted(f"req_{name[1:]}" for name in item if name[0] == "o")),
        )

    def events(self, key: IssuedKey) -> list[EventRow]:
        """All usage events of the key's project, by request id."""
        answer = self.table.scan(
            FilterExpression="begins_with(pk, :pk)",
            ExpressionAttributeValues={":pk": f"E#{key.project_id}#"},
            ConsistentRead=True,
        )
        assert "LastEvaluatedKey" not in answer, "the local store has grown over one page"
        return sorted((_to_event(item) for item in answer["Items"]), key=lambda event: event.request_id)

    def settled(self, key: IssuedKey, requests: int = 1) -> Totals:
        """The totals once so many requests are settled and none is in flight."""
        return eventually(lambda: self.totals(key), lambda seen: seen.requests == requests and not seen.in_flight)

    def delivered(self, key: IssuedKey, requests: int = 1) -> list[EventRow]:
        """The events once there are so many."""
        return eventually(lambda: self.events(key), lambda seen: len(seen) == requests)


class Bedrock:
    """The simulator's own journal."""

    def __init__(self, stack: Stack) -> None:
        self._url = f"{stack.bedrock_endpoint}/_sim"

    def journal(self) -> list[Served]:
        answer = httpx2.get(f"{self._url}/requests").raise_for_status().json()
        assert answer["dropped"] == 0
        return [_to_served(entry) for entry in answer["requests"]]

    def served(self, key: IssuedKey, accept: Callable[[list[Served]], bool] = bool) -> list[Served]:
        """What was answered for the key, once it is as `accept` wants it. Embeddings do not name their key."""
        return eventually(lambda: [each for each in self.journal() if each.key_id == key.id], accept)


def sum_of(counts: list[TokenCounts]) -> TokenCounts:
    return sum(counts, NO_TOKENS)


def assert_balanced(totals: Totals, events: list[EventRow]) -> None:
    """The account is the sum of its events, and holds nothing back."""
    assert totals.requests == len(events)
    assert totals.tokens == sum_of([event.tokens for event in events])
    assert totals.committed_tokens == totals.tokens.total_tokens
    assert (totals.in_flight, totals.holds) == (0, ())


def _to_event(item: dict[str, Any]) -> EventRow:
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    counts = TokenCounts(*(int(item[name]) for name in names))
    return EventRow(item["sk"], item["key_id"], item["operation"], item["model"], item["status"], counts)


def _to_served(entry: dict[str, Any]) -> Served:
    named, usage = entry["request_metadata"] or {}, entry["usage"]
    tokens = None
    if usage is not None:
        cache = (usage.get("cacheReadInputTokens", 0), usage.get("cacheWriteInputTokens", 0))
        tokens = TokenCounts(usage["inputTokens"], usage.get("outputTokens", 0), *cache)
    return Served(
        sluice_request_id=named.get("sluice_request_id"),
        key_id=named.get("sluice_key_id"),
        operation=entry["operation"],
        status=entry["status"],
        tokens=tokens,
        complete=entry["complete"],
        events_sent=entry["events_sent"],
    )


def _less(value: Any, lent: Any) -> Any:
    return value if lent is None else value - lent
