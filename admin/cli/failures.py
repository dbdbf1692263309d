"""How a command can end, and the exit code of each way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from admin.cli.text import printable


class ExitCode(IntEnum):
    """What scripts decide by; docs/cli.md has the table."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    UNAVAILABLE = 3
    NOT_FOUND = 4
    FORBIDDEN = 5
    INTERRUPTED = 130
    BROKEN_PIPE = 141  # 128 + SIGPIPE, as shells report programs that a closed pipe ended


class CommandFailed(Exception):
    """Ends a command with one line on standard error."""

    exit_code = ExitCode.REFUSED

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refused(CommandFailed):
    """The gateway understood, and did not do it; or the person said no."""


class BadUsage(CommandFailed):
    """What was typed cannot be meant."""

    exit_code = ExitCode.USAGE


class Unavailable(CommandFailed):
    """Nobody answered, or not as a gateway does. Trying again later can help."""

    exit_code = ExitCode.UNAVAILABLE


class Missing(CommandFailed):
    """No such thing, or not for this admin key."""

    exit_code = ExitCode.NOT_FOUND


class NotPermitted(CommandFailed):
    """The admin key is wrong, expired, or its role does not suffice."""

    exit_code = ExitCode.FORBIDDEN


def failure_of(status: int, headers: Mapping[str, str], body: bytes) -> CommandFailed:
    """What an answer that is no success means. `headers` have lower-case names."""
    error = _error_of(body)
    if error is None:
        return Unavailable(f"The address answered {status}, and not as a gateway does. Is SLUICE_URL right?")
    message = printable(str(error.get("message") or f"The gateway answered {status}."))
    if status in (401, 403):
        return NotPermitted(message)
    if status in (404, 405) and error.get("code") in ("unknown_url", "method_not_allowed", "not_supported"):
        return Missing(f"{message} This gateway does not have what the command asks for: it may be older.")
    if status == 404:
        return Missing(message)
    if status >= 500 or status == 429:
        request_id = headers.get("x-request-id")
        return Unavailable(f"{message} (request {printable(request_id)})" if request_id else message)
    return Refused(message)


def _error_of(body: bytes) -> Mapping[str, Any] | None:
    """OpenAI's error object; None where there is none."""
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return None
    return error if isinstance(error, dict) else None
