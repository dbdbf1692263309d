"""A message arrives signed, is tried again while that can help, and is said to be lost where it is."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest

from awswire.retries import RetryPolicy, Timing
from gateway.webhooks import SIGNATURE_HEADER, Endpoint, Message, Webhooks, to_signature
from tests.awswire.raw_server import Answer, RawServer, ReceivedRequest, answer_then_hang, open_raw_server, to_answer
from tests.gateway.fakes import until

SECRET = b"secret of the tests"
NOW_SECONDS = 1_795_132_800
FEW = RetryPolicy(attempts=4, deadline_seconds=60.0, first_pause_seconds=1.0, longest_pause_seconds=20.0)


def answering(*statuses: str) -> Answer:
    """One status after the other, the last one from then on."""
    left = list(statuses)

    async def write(_request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
        writer.write(to_answer(b"", status=left.pop(0) if len(left) > 1 else left[0]))
        await writer.drain()
        return True

    return write


async def hanging(_request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
    return await answer_then_hang(b"", writer)


@dataclass(slots=True)
class Sending:
    """Webhooks to a server, their pauses, which take no time, and what became of messages."""

    server: RawServer
    webhooks: Webhooks
    outcomes: Counter[str] = field(default_factory=Counter)
    pauses: list[float] = field(default_factory=list)

    async def send(self, *bodies: bytes, grace_seconds: float = 30.0) -> None:
        """Offer the messages, and close."""
        for number, body in enumerate(bodies):
            self.webhooks.offer(Message(f"message_{number}", body))
        await self.webhooks.close(grace_seconds)

    def bodies(self) -> Sequence[bytes]:
        return [request.body for request in self.server.requests]


@asynccontextmanager
async def open_sending(answer: Answer, retries: RetryPolicy = FEW, queue_messages: int = 10) -> AsyncIterator[Sending]:
    """Started."""
    outcomes: Counter[str] = Counter()
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async with open_raw_server(answer) as server:
        webhooks = Webhooks(
            Endpoint(f"http://{server.origin.authority}/hook", SECRET),
            Timing(lambda: sum(pauses), pause, lambda: 1.0),
            lambda: NOW_SECONDS * 1000,
            lambda outcome: outcomes.update([outcome]),
            retries=retries,
            queue_messages=queue_messages,
        )
        webhooks.start()
        try:
            yield Sending(server, webhooks, outcomes, pauses)
        finally:
            await webhooks.close(0)


def test_the_signature_is_one_that_a_receiver_can_compute_from_what_it_got() -> None:
    body = b'{"id": "x"}'
    time_part, _, digest = to_signature(SECRET, NOW_SECONDS, body).partition(",v1=")
    signed = time_part.removeprefix("t=").encode() + b"." + body
    assert (time_part, digest) == (f"t={NOW_SECONDS}", hmac.new(SECRET, signed, hashlib.sha256).hexdigest())
    assert len({to_signature(*each) for each in ((SECRET, 1, b"a"), (SECRET, 2, b"a"), (b"other", 1, b"a"))}) == 3


async def test_messages_arrive_in_order_whole_and_signed() -> None:
    async with open_sending(answering("200 OK")) as sending:
        await sending.send(b'{"n": 1}', b'{"n": 2}')
    assert sending.bodies() == [b'{"n": 1}', b'{"n": 2}']
    request = sending.server.requests[0]
    assert (request.method, request.target, request.headers["content-type"]) == ("POST", "/hook", "application/json")
    assert request.headers[SIGNATURE_HEADER] == to_signature(SECRET, NOW_SECONDS, request.body)
    assert sending.outcomes == {"delivered": 2}


async def test_who_wants_to_know_is_told_of_what_was_taken_and_of_nothing_else() -> None:
    taken: list[str] = []
    async with open_sending(answering("400 Bad Request", "200 OK")) as sending:
        for name in ("refused", "taken"):
            sending.webhooks.offer(Message(name, b"{}", partial(taken.append, name)))
        await sending.webhooks.close(30)
    assert taken == ["taken"]


@pytest.mark.parametrize("status", ["500 Oops", "503 Later", "429 Slowly", "408 Late"])
async def test_what_may_pass_is_tried_again_with_pauses_that_grow(status: str) -> None:
    async with open_sending(answering(status, status, status, "204 No Content")) as sending:
        await sending.send(b"{}")
    assert (len(sending.bodies()), sending.outcomes, sending.pauses) == (4, {"delivered": 1}, [1.0, 2.0, 4.0])


async def test_a_connection_that_breaks_is_tried_again() -> None:
    broken: list[ReceivedRequest] = []

    async def write(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
        if len(broken) < 2:
            broken.append(request)
            return False
        return await answering("200 OK")(request, writer)

    async with open_sending(write) as sending:
        await sending.send(b"{}")
    assert (len(sending.bodies()), sending.outcomes) == (3, {"delivered": 1})


@pytest.mark.parametrize("status", ["400 Bad Request", "401 No", "410 Gone"])
async def test_what_will_be_refused_again_is_lost_at_once_and_the_next_is_sent(
    status: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_sending(answering(status, "200 OK")) as sending:
        await sending.send(b"1", b"2")
    assert (sending.bodies(), sending.outcomes, sending.pauses) == ([b"1", b"2"], {"lost": 1, "delivered": 1}, [])
    (lost,) = [record for record in caplog.records if record.name == "sluice.alerts"]
    assert (lost.levelno, lost.__dict__["message_id"]) == (logging.ERROR, "message_0")


async def test_a_redirect_takes_a_message_nowhere_else() -> None:
    async def redirect(_request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
        writer.write(to_answer(b"", "location: /elsewhere", status="307 Temporary Redirect"))
        await writer.drain()
        return True

    async with open_sending(redirect) as sending:
        await sending.send(b"{}")
    assert ([request.target for request in sending.server.requests], sending.outcomes) == (["/hook"], {"lost": 1})


async def test_a_message_is_lost_when_its_attempts_are_used_up() -> None:
    async with open_sending(answering("500 Oops")) as sending:
        await sending.send(b"{}")
    assert (len(sending.bodies()), sending.outcomes) == (4, {"lost": 1})


async def test_messages_that_waited_past_their_deadline_are_tried_once_and_not_for_ever() -> None:
    deadline = RetryPolicy(attempts=100, deadline_seconds=7.0, first_pause_seconds=1.0, longest_pause_seconds=20.0)
    async with open_sending(answering("500 Oops"), deadline) as sending:
        await sending.send(b"1", b"2", b"3")
    assert sending.bodies() == [b"1", b"1", b"1", b"1", b"2", b"3"]
    assert sending.outcomes == {"lost": 3}


async def test_an_offer_never_waits_and_what_is_beyond_the_queue_is_lost() -> None:
    async with open_sending(hanging, queue_messages=3) as sending:
        sending.webhooks.offer(Message("first", b"{}"))
        await until(lambda: sending.server.requests)
        for number in range(5):
            sending.webhooks.offer(Message(f"next_{number}", b"{}"))
        assert sending.outcomes == {"lost": 2}


async def test_at_shutdown_everything_is_delivered_or_said_to_be_lost(caplog: pytest.LogCaptureFixture) -> None:
    async with open_sending(hanging) as sending:
        for number in range(3):
            sending.webhooks.offer(Message(f"message_{number}", b"{}"))
        await until(lambda: sending.server.requests)
        await sending.webhooks.close(grace_seconds=0)
        sending.webhooks.offer(Message("message_3", b"{}"))
    assert sending.outcomes == {"lost": 4}
    lost = [record.__dict__["message_id"] for record in caplog.records if record.name == "sluice.alerts"]
    assert lost == [f"message_{number}" for number in range(4)]


async def test_an_unusable_url_loses_the_message_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    outcomes: Counter[str] = Counter()
    timing = Timing(lambda: 0.0, asyncio.sleep, lambda: 0.0)
    webhooks = Webhooks(Endpoint("http://", SECRET), timing, lambda: 0, lambda outcome: outcomes.update([outcome]))
    webhooks.start()
    webhooks.offer(Message("message_0", b"{}"))
    await webhooks.close(grace_seconds=30)
    assert outcomes == {"lost": 1}


def test_the_secret_is_in_no_text_of_the_endpoint() -> None:
    assert "secret" not in repr(Endpoint("http://x", SECRET))
