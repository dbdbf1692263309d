"""What goes to standard error."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from gateway import logs
from gateway.routes.request_log import RequestLog
from tenants.event import UsageStatus
from tenants.usage import TokenCounts
from tests.tenants.samples import CALL


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    root.setLevel(level)


class SettledHold:
    settled_as = (UsageStatus.OK, TokenCounts(8, 5))
    cost_pico_usd = None
    call = CALL


def a_request() -> RequestLog:
    log = RequestLog("req_1", "POST", "/v1/chat/completions", 200, key_id="key_1", model="m")
    log.hold = SettledHold()
    return log


def test_a_json_line_has_the_fields_beside_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    a_request().write(12.34)
    line = json.loads(capsys.readouterr().err)
    assert line["message"] == "request"
    assert (line["request_id"], line["status"], line["duration_ms"]) == ("req_1", 200, 12.3)
    assert (line["input_tokens"], line["output_tokens"]) == (8, 5)


def test_a_text_line_is_one_line_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "text")
    a_request().write(12.34)
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert "status=200" in text
    assert "output_tokens=5" in text


def test_a_failure_comes_with_its_traceback_in_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("error", "json")
    try:
        raise ValueError("why")
    except ValueError:
        logging.getLogger("sluice.request").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: why" in json.loads(line)["traceback"]


@pytest.mark.parametrize("name", ["pynamodb.connection.base", "botocore.endpoint", "aiohttp.access"])
def test_libraries_that_print_keys_and_bodies_at_debug_stay_silent(name: str) -> None:
    logs.configure("debug", "json")
    assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
