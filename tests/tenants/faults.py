"""What no local engine does: throttles, conflicts, lost replies, 5xx, batches taken in part. On the wire's own seam."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import replace
from enum import StrEnum

import orjson

from awswire.http import ConnectionBroken, HttpRequest, HttpResponse, HttpTransport, NotSent, ReadTimedOut, Timeouts
from tests.awswire.fakes import FakeResponse, to_json_response


class Fault(StrEnum):
    """What becomes of one request. The first four are not applied, the others are; TAKE_HALF is for batches."""

    NOT_SENT = "not sent"
    THROTTLE = "throttled"
    CONFLICT = "refused for a transaction on the same item"
    ERROR_BEFORE = "5xx, not applied"
    ERROR_AFTER = "5xx, yet applied"
    SILENCE = "applied, the reply never comes"
    CUT = "applied, the connection breaks"
    TAKE_HALF = "half of the batch is applied, the rest comes back"


LOST_REPLIES = (Fault.ERROR_AFTER, Fault.SILENCE, Fault.CUT)
NOT_APPLIED = (Fault.NOT_SENT, Fault.THROTTLE, Fault.CONFLICT, Fault.ERROR_BEFORE)


class FaultyTransport:
    """An HttpTransport that meets the faults planned for an operation, in order, and is faultless without a plan."""

    def __init__(self, transport: HttpTransport) -> None:
        self._transport = transport
        self._plans: dict[str, deque[Fault]] = defaultdict(deque)
        self.sent: list[tuple[str, bytes]] = []

    def plan(self, operation: str, *faults: Fault) -> None:
        self._plans[operation].extend(faults)

    def forget(self, operation: str) -> None:
        """Drop what is planned for an operation and was not met."""
        self._plans[operation].clear()

    @property
    def pending(self) -> int:
        """Planned faults that no request has met."""
        return sum(len(plan) for plan in self._plans.values())

    async def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        operation = request.headers["x-amz-target"].partition(".")[2]
        self.sent.append((operation, request.body))
        plan = self._plans[operation]
        if not plan:
            return await self._transport.send(request, timeouts)
        fault = plan.popleft()
        if fault is Fault.NOT_SENT:
            raise NotSent("planned")
        if fault in NOT_APPLIED:
            return _refusal(operation, fault)
        if fault is Fault.TAKE_HALF:
            return await self._take_half(request, timeouts)
        answer = await self._transport.send(request, timeouts)
        try:
            await answer.read()
        finally:
            await answer.aclose()
        if fault is Fault.ERROR_AFTER:
            return _error("InternalServerError", 500)
        raise ReadTimedOut("planned") if fault is Fault.SILENCE else ConnectionBroken("planned")

    async def _take_half(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        ((table, puts),) = orjson.loads(request.body)["RequestItems"].items()
        half = (len(puts) + 1) // 2
        taken = replace(request, body=orjson.dumps({"RequestItems": {table: puts[:half]}}))
        answer = await self._transport.send(taken, timeouts)
        await answer.read()
        await answer.aclose()
        return to_json_response(200, {"UnprocessedItems": {table: puts[half:]} if puts[half:] else {}})

    async def aclose(self) -> None:
        await self._transport.aclose()


def _refusal(operation: str, fault: Fault) -> FakeResponse:
    if fault is Fault.ERROR_BEFORE:
        return _error("InternalServerError", 500)
    if fault is Fault.THROTTLE:
        return _error("ProvisionedThroughputExceededException", 400)
    if operation == "TransactWriteItems":
        codes = ("None", "None", "TransactionConflict")
        return _error("TransactionCanceledException", 400, CancellationReasons=[{"Code": code} for code in codes])
    return _error("TransactionConflictException", 400)


def _error(name: str, status: int, **fields: object) -> FakeResponse:
    return to_json_response(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{name}", "message": name, **fields})
