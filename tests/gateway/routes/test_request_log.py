from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from gateway.routes.request_log import FIELDS, RequestLog
from tenants.event import UsageStatus
from tenants.usage import TokenCounts
from tests.tenants.samples import CALL


def written(log: RequestLog, caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> list[dict[str, Any]]:
    with caplog.at_level(level, "sluice.request"):
        log.write(1.26)
    return [record.__dict__[FIELDS] for record in caplog.records]


class SettledHold:
    settled_as = (UsageStatus.OK, TokenCounts(11, 7, 3, 2))
    cost_pico_usd = 1_250_000
    call = replace(CALL, bedrock_model="us.amazon.nova-lite-v1:0")


class OpenHold:
    settled_as = None
    cost_pico_usd = None
    call = CALL


def test_a_line_has_all_that_is_known(caplog: pytest.LogCaptureFixture) -> None:
    log = RequestLog(
        "req_1",
        "POST",
        "/v1/chat/completions",
        status=200,
        key_id="key_1",
        tenant_id="proj_1",
        model="amazon.nova-lite-v1:0",
        stream=False,
        hold=SettledHold(),
    )
    (fields,) = written(log, caplog)
    assert fields == {
        "request_id": "req_1",
        "method": "POST",
        "path": "/v1/chat/completions",
        "status": 200,
        "duration_ms": 1.3,
        "key_id": "key_1",
        "tenant_id": "proj_1",
        "model": "amazon.nova-lite-v1:0",
        "stream": False,
        "bedrock_model": "us.amazon.nova-lite-v1:0",
        "usage_status": "ok",
        "input_tokens": 11,
        "output_tokens": 7,
        "cache_read_tokens": 3,
        "cache_write_tokens": 2,
        "cost_pico_usd": 1_250_000,
    }


def test_a_line_says_nothing_of_what_is_not_known(caplog: pytest.LogCaptureFixture) -> None:
    (fields,) = written(RequestLog("req_1", "GET", "/v1/models", status=401, error="IncorrectSecret"), caplog)
    assert set(fields) == {"request_id", "method", "path", "status", "duration_ms", "error"}


def test_a_hold_that_is_open_yet_says_nothing_of_usage(caplog: pytest.LogCaptureFixture) -> None:
    log = RequestLog("req_1", "POST", "/v1/embeddings", hold=OpenHold())
    (fields,) = written(log, caplog)
    assert not {name for name in fields if "usage" in name or "tokens" in name}


def test_nothing_is_written_where_only_warnings_are(caplog: pytest.LogCaptureFixture) -> None:
    assert written(RequestLog("req_1", "GET", "/v1/models"), caplog, logging.WARNING) == []


def test_a_stream_tells_when_its_first_piece_came_and_later_ones_change_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    moments = iter([10.25, 11.0])
    log = RequestLog("req_1", "POST", "/v1/chat/completions", monotonic=lambda: next(moments), began_at=10.0)
    log.note_first_token()
    log.note_first_token()
    (fields,) = written(log, caplog)
    assert (log.first_token_seconds, fields["first_token_ms"]) == (0.25, 250.0)


def test_the_ids_by_which_bedrock_knows_a_request_are_told(caplog: pytest.LogCaptureFixture) -> None:
    log = RequestLog("req_1", "POST", "/v1/chat/completions")
    log.bedrock_request_ids.append("aws-1")
    (fields,) = written(log, caplog)
    assert fields["bedrock_request_ids"] == ["aws-1"]
