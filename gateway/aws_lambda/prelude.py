"""What goes before the body of a streamed answer: its status and headers, as Lambda's doors expect them. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html, "response streaming": JSON, then eight NUL bytes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import orjson

logger = logging.getLogger("sluice.lambda")

CONTENT_TYPE = "application/vnd.awslambda.http-integration-response"
DELIMITER = b"\0" * 8

# API Gateway looks for the delimiter in the first 16 KB.
MOST_BYTES = 15 * 1024

# The door frames the answer itself, and a length that a failure makes untrue would be worse than none.
_FRAMING = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})

Headers = Iterable[tuple[bytes, bytes]]


def to_prelude(status: int, headers: Headers, *, multi_value: bool = False) -> bytes:
    """The prelude with its delimiter. `multi_value`: for API Gateway's REST APIs, which know no `cookies`.

    Headers that make it longer than a door reads are left out, the longest first.
    """
    fields: dict[str, str] = {}
    cookies: list[str] = []
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "set-cookie":
            cookies.append(value)
        elif name not in _FRAMING:
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
    prelude = _encode(status, fields, cookies, multi_value)
    while len(prelude) > MOST_BYTES and fields:
        longest = max(fields, key=lambda name: len(fields[name]))
        logger.warning("a header is too long for Lambda and was left out", extra={"header": longest})
        del fields[longest]
        prelude = _encode(status, fields, cookies, multi_value)
    return prelude


def _encode(status: int, fields: dict[str, str], cookies: list[str], multi_value: bool) -> bytes:
    told: dict[str, Any] = {"statusCode": status, "headers": fields}
    if multi_value:
        told["multiValueHeaders"] = {"set-cookie": cookies} if cookies else {}
    else:
        told["cookies"] = cookies
    return orjson.dumps(told) + DELIMITER
