from __future__ import annotations

import json

import pytest

from admin.cli.failures import ExitCode, failure_of


def body(message: str, code: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": "t", "param": None, "code": code}}).encode()


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [
        (400, ExitCode.REFUSED),
        (409, ExitCode.REFUSED),
        (412, ExitCode.REFUSED),
        (422, ExitCode.REFUSED),
        (401, ExitCode.FORBIDDEN),
        (403, ExitCode.FORBIDDEN),
        (404, ExitCode.NOT_FOUND),
        (429, ExitCode.UNAVAILABLE),
        (503, ExitCode.UNAVAILABLE),
    ],
)
def test_every_kind_of_refusal_has_its_exit_code_and_says_what_the_gateway_said(
    status: int, exit_code: ExitCode
) -> None:
    failure = failure_of(status, {}, body("No."))
    assert (failure.exit_code, failure.message) == (exit_code, "No.")


def test_a_failure_of_the_gateway_names_the_request_for_its_operator() -> None:
    assert "req_1" in failure_of(500, {"x-request-id": "req_1"}, body("Failed.")).message


def test_a_gateway_without_the_route_is_said_to_be_older() -> None:
    failure = failure_of(404, {}, body("Unknown request URL.", "unknown_url"))
    assert (failure.exit_code, "older" in failure.message) == (ExitCode.NOT_FOUND, True)


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'"x"', b'{"error": "x"}', b"\xff"])
def test_what_no_gateway_says_is_said_to_come_from_elsewhere(answer: bytes) -> None:
    failure = failure_of(404, {}, answer)
    assert (failure.exit_code, "SLUICE_URL" in failure.message) == (ExitCode.UNAVAILABLE, True)


def test_a_message_cannot_drive_the_terminal() -> None:
    assert "\x1b" not in failure_of(400, {}, body("\x1b[2J")).message
