"""What Bedrock sends, and what it never sends, becomes frames and one settle."""

from __future__ import annotations

import pytest

from gateway.errors import BedrockError, StreamBroken
from tenants.errors import LedgerUnavailable
from tenants.event import UsageStatus
from tenants.usage import NO_TOKENS, TokenCounts
from tests.gateway.fakes import START, STOP, USAGE, WHOLE, Step
from tests.gateway.routes.streamed import COUNTED, HELLO, answer, estimate, patience

REFUSED = BedrockError("ValidationException", 0, "the image is no image")
THROTTLED = BedrockError("ThrottlingException", 0, "Too many requests")


async def test_a_whole_answer_is_settled_before_its_last_piece() -> None:
    given = await answer(*WHOLE)
    settled_at_piece: list[tuple[bool, bytes]] = []

    async def look(piece: bytes) -> None:
        settled_at_piece.append((given.settled, piece))

    given.client.on_body = look
    await given.give(patience(), include_usage=True)
    assert [settled for settled, piece in settled_at_piece if b"[DONE]" in piece] == [True]
    assert [frame if frame == "[DONE]" else frame["choices"] and "text" for frame in given.client.frames][-2:] == [
        [],
        "[DONE]",
    ]
    assert given.client.frames[-2]["usage"]["completion_tokens"] == 7
    assert given.client.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    await given.assert_settled_once(UsageStatus.OK, COUNTED)


async def test_a_stream_without_a_count_is_estimated() -> None:
    given = await answer(HELLO, [STOP])
    await given.give(patience(), include_usage=True)
    assert given.client.frames[-1] == "[DONE]"
    await given.assert_settled_once(UsageStatus.ESTIMATED, estimate(5))


@pytest.mark.parametrize(
    ("script", "status", "tokens"),
    [
        ([HELLO, THROTTLED], UsageStatus.ESTIMATED, estimate(5)),
        ([[START], THROTTLED], UsageStatus.ESTIMATED, estimate(0)),
        ([[START], REFUSED], UsageStatus.ERROR, NO_TOKENS),
        ([HELLO, [USAGE], THROTTLED], UsageStatus.ERROR, COUNTED),
        ([HELLO, StreamBroken("cut")], UsageStatus.ESTIMATED, estimate(5)),
        ([StreamBroken("cut")], UsageStatus.ESTIMATED, estimate(0)),
        ([HELLO], UsageStatus.ESTIMATED, estimate(5)),
        ([HELLO, RuntimeError("a bug")], UsageStatus.ESTIMATED, estimate(5)),
    ],
    ids=[
        "error",
        "error at once",
        "refused inside the stream",
        "error after the count",
        "cut",
        "cut at once",
        "no stop reason",
        "a bug",
    ],
)
async def test_a_stream_that_fails_ends_with_its_error_and_is_settled(
    script: list[Step], status: UsageStatus, tokens: TokenCounts
) -> None:
    given = await answer(*script)
    await given.give(patience(), include_usage=True)
    assert given.client.frames[-1] == "[DONE]"
    assert set(given.client.frames[-2]["error"]) == {"message", "type", "param", "code"}
    assert all(frame["choices"][0]["finish_reason"] is None for frame in given.client.frames[:-2])
    await given.assert_settled_once(status, tokens)


async def test_what_the_gateway_did_not_foresee_stays_inside() -> None:
    given = await answer(HELLO, RuntimeError("secret detail"))
    await given.give(patience())
    assert b"secret detail" not in given.client.body
    assert given.client.frames[-2]["error"]["code"] == "internal_error"


async def test_a_ledger_that_is_away_does_not_break_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.unsettled._FIRST_PAUSE_SECONDS", 0)
    given = await answer(*WHOLE)
    given.door.ledger.failures["settle"] = [LedgerUnavailable()]
    await given.give(patience())
    assert given.client.frames[-1] == "[DONE]"
    await given.door.admission.close(grace_seconds=5)
    assert [each.settlement.tokens for each in given.door.ledger.settled] == [COUNTED]
