"""The admin API as commands call it: JSON in and out, pages walked, what is safe to repeat repeated."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from admin.cli.connection import Connection
from admin.cli.exact_json import Json, parse_json
from admin.cli.failures import CommandFailed, NotPermitted, Unavailable, failure_of
from admin.cli.retrying import MOST_ATTEMPTS, backoff, wait_after
from admin.cli.transport import Answer, Call, HttpTransport, NotReached, OpenAnswer

LARGEST_PAGE = 100

Query = Mapping[str, str | int | bool | Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class Rim:
    """What is not pure, given so that tests can give another: `jitter` is 0 to 1, `token` a fresh random text."""

    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    token: Callable[[], str]
    note: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Posted:
    """`replayed`: an earlier attempt had done it already, and its secret is not told again."""

    body: Json
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class AdminClient:
    """All methods raise CommandFailed for what did not succeed."""

    connection: Connection
    transport: HttpTransport
    rim: Rim

    def get(self, path: str, query: Query | None = None) -> Json:
        return self._parsed(self._send("GET", path, query))

    def get_versioned(self, path: str) -> tuple[Json, str | None]:
        """The object, and the entity tag that `If-Match` takes."""
        answer = self._send("GET", path)
        return self._parsed(answer), answer.headers.get("etag")

    def post(self, path: str, body: Mapping[str, Any] | None = None, if_match: str | None = None) -> Posted:
        headers = {} if if_match is None else {"if-match": if_match}
        return self._posted(path, to_json_body(body or {}), {"content-type": "application/json", **headers})

    def delete(self, path: str, query: Query | None = None) -> Json:
        """A lost answer is not asked for again: the second one would be that there is no such thing."""
        return self._parsed(self._send("DELETE", path, query))

    def walk(self, path: str, query: Query | None = None, page_size: int = LARGEST_PAGE) -> Iterator[Json]:
        """Every object of a list in the admin API's shape, page by page as they are asked for."""
        after: str | None = None
        given = dict(query or {})
        while True:
            page = self.get(path, {**given, "limit": page_size, **({} if after is None else {"after": after})})
            yield from page["data"]
            if not page.get("has_more") or not page["data"]:
                return
            after = page.get("last_id") or page["data"][-1]["id"]

    def buckets(self, path: str, query: Query) -> Iterator[Json]:
        """Every bucket of a report, page by page."""
        page = self.get(path, query)
        yield from page["data"]
        while page.get("has_more"):
            page = self.get(path, {**query, "page": page["next_page"]})
            yield from page["data"]

    def stream(self, path: str, query: Query) -> AbstractContextManager[OpenAnswer]:
        """A body that is read as it comes. Raises NotReached where none comes or it breaks off."""
        return self._open(Call("GET", self._url(path, query), self._headers({})))

    def stream_csv(self, path: str, body: bytes) -> AbstractContextManager[OpenAnswer]:
        """CSV in, CSV out as it comes, in one attempt: a second one would not be told the secrets. As `stream`."""
        headers = {"content-type": "text/csv; charset=utf-8", "idempotency-key": self.rim.token()}
        return self._open(Call("POST", self._url(path), self._headers(headers), body))

    @contextmanager
    def _open(self, call: Call) -> Iterator[OpenAnswer]:
        with self.transport.open(call) as answer:
            if answer.status != 200:
                raise self._failure_of(Answer(answer.status, answer.headers, answer.read()))
            yield answer

    def _posted(self, path: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        headers = self._headers({**headers, "idempotency-key": self.rim.token()})
        answer = self._attempts(Call("POST", self._url(path), headers, body), repeatable=True)
        return Posted(self._parsed(answer), answer.headers.get("idempotent-replayed") == "true")

    def _send(self, method: str, path: str, query: Query | None = None) -> Answer:
        return self._attempts(Call(method, self._url(path, query), self._headers({})), repeatable=method == "GET")

    def _attempts(self, call: Call, *, repeatable: bool) -> Answer:
        """The first answer that is final. `repeatable`: the call may be made again though it may have arrived."""
        for attempt in range(1, MOST_ATTEMPTS + 1):
            try:
                answer = self.transport.send(call)
            except NotReached as error:
                if attempt == MOST_ATTEMPTS or (error.sent and not repeatable) or not error.sent:
                    raise self.unavailable(error) from error
                self._pause(error.message, backoff(attempt, self.rim.jitter()))
                continue
            if answer.status < 300:
                return answer
            wait = wait_after(answer.status, answer.headers, attempt, self.rim.jitter())
            if wait is None:
                raise self._failure_of(answer)
            self._pause(f"it answered {answer.status}", wait)
        raise AssertionError("the last attempt returns or raises")

    def unavailable(self, error: NotReached) -> Unavailable:
        return Unavailable(
            f"No gateway at {self.connection.root_url}: {error.message}. SLUICE_URL or --url says where it is."
        )

    def _failure_of(self, answer: Answer) -> CommandFailed:
        failure = failure_of(answer.status, answer.headers, answer.body)
        if answer.status != 401:
            return failure
        return NotPermitted(f"{failure.message} It is from {self.connection.source}.")

    def _pause(self, why: str, wait_seconds: float) -> None:
        self.rim.note(f"{self.connection.root_url}: {why}; trying again in {wait_seconds:.1f} s.")
        self.rim.sleep(wait_seconds)

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.connection.credential}",
            "accept": "*/*",
            "user-agent": "sluice-cli",
            **headers,
        }

    def _url(self, path: str, query: Query | None = None) -> str:
        return f"{self.connection.root_url}/v1{path}" + (f"?{pairs}" if (pairs := to_query_string(query or {})) else "")

    def _parsed(self, answer: Answer) -> Json:
        try:
            parsed = parse_json(answer.body)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise Unavailable(f"{self.connection.root_url} answered, and not as a gateway does. Is SLUICE_URL right?")
        return parsed


def to_query_string(query: Query) -> str:
    """Lists as OpenAI's SDKs write them, `name[]=a&name[]=b`; None is left out."""
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if isinstance(value, bool):
            pairs.append((name, str(value).lower()))
        elif isinstance(value, str | int):
            pairs.append((name, str(value)))
        elif value is not None:
            pairs += [(f"{name}[]", each) for each in value]
    return urlencode(pairs)


def to_json_body(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()
