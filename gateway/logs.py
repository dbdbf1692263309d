"""Logging, on standard error: one JSON object a line, or text for a person. Only entry points set it up."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import orjson

from gateway.routes.request_log import FIELDS

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}
_FIELD_CHARS = 256

# At DEBUG most of these print keys, hashes and bodies whole; at INFO uvicorn says what our own lines say.
_TALKATIVE = ("pynamodb", "botocore", "boto3", "urllib3", "aiohttp", "asyncio", "uvicorn")


def _extra(record: logging.LogRecord) -> dict[str, object]:
    fields: dict[str, object] | None = record.__dict__.get(FIELDS)
    if fields is not None:
        return fields
    return {name: value for name, value in record.__dict__.items() if name not in _STANDARD}


class TextFormatter(logging.Formatter):
    """A line that a person reads: time, message, and the `extra` fields as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        fields = " ".join(f"{name}={_plain(value)}" for name, value in _extra(record).items())
        text = f"{at} {level}{record.getMessage()} {fields}".rstrip()
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def _plain(value: object) -> str:
    """A value as it may stand in a line: clients choose paths and names, and must not write lines of their own."""
    text = str(value)
    return text[:_FIELD_CHARS] if text.isprintable() else ascii(text[:_FIELD_CHARS])


class JsonFormatter(logging.Formatter):
    """`extra` fields stand beside `level`, `logger` and `message`."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields |= _extra(record)
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def configure(level: str, log_format: str) -> None:
    """Send everything to standard error; `log_format` is `json` or `text`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextFormatter() if log_format == "text" else JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
