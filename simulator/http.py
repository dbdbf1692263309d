"""The HTTP edge: one ASGI request read whole, one answer sent whole. Streams have their own module."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Every answer says what it is, so that nobody takes an echo for a model.
SIMULATED = (b"x-simulated-by", b"sluice-simulator")


class ClientGone(Exception):
    """The client left before its request was read."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `raw_path` as it stood on the wire (percent signs kept), header names in lower case."""

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def find_query(self, name: str) -> str | None:
        """The first value of a query parameter, or None."""
        found = parse_qs(self.query, keep_blank_values=True).get(name) if self.query else None
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer: status, headers beyond the standing ones, body."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def to_json_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer; keys are sorted, as Bedrock's recorded bodies have them."""
    return Answer(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), status, headers or {})


async def read_request(scope: Scope, receive: Receive) -> Request:
    """Reads the body to its end. Raises ClientGone."""
    headers: dict[str, str] = {}
    for raw_name, raw_text in scope["headers"]:
        name, text = raw_name.decode("latin-1"), raw_text.decode("latin-1")
        headers[name] = f"{headers[name]},{text}" if name in headers else text
    parts: list[bytes] = []
    more_body = True
    while more_body:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
        more_body = message.get("more_body", False)
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"],
        raw_path=raw_path.partition(b"?")[0].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=parts[0] if len(parts) == 1 else b"".join(parts),
    )


async def send_answer(send: Send, answer: Answer, request_id: str, cut: bool = False) -> None:
    """Sends an answer with its length and its request id; half of it where `cut`, and the server drops the rest."""
    headers = to_raw_headers(answer.headers, answer.content_type, request_id)
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = answer.body[: len(answer.body) // 2] if cut else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": cut})


def to_raw_headers(headers: Mapping[str, str], content_type: str, request_id: str) -> list[tuple[bytes, bytes]]:
    """ASGI headers: those of the answer, and the three that every answer carries."""
    raw = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()]
    raw.append((b"content-type", content_type.encode()))
    raw.append((b"x-amzn-requestid", request_id.encode()))
    raw.append(SIMULATED)
    return raw
