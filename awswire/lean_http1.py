"""HTTP/1.1 as bytes, without a socket: a request to its head, received bytes to one response after another.

llhttp, through httptools, does the grammar. What it leaves to its user is decided here: where a response ends,
whether its connection can carry another one, and how much of a peer's answer may be neither head nor body.
"""

from __future__ import annotations

from functools import lru_cache

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from awswire.http import HttpRequest

MAX_HEAD_BYTES = 65_536

_BODILESS_STATUS = frozenset({204, 304})
_METHODS_WITHOUT_EMPTY_BODY = frozenset({"GET", "HEAD"})
_NAME_CACHE_ENTRIES = 256


class MalformedResponse(Exception):
    """The peer's bytes are no HTTP/1.1 response, or one whose head passes MAX_HEAD_BYTES."""


def to_request_head(request: HttpRequest, authority: str) -> bytes:
    """The request line and headers, with the blank line that ends them.

    Raises ValueError, naming no content, where the target holds a space, or anything a line break: it would let a
    value write headers, or a second request, of its own (RFC 9112, 11.1).
    """
    line = f"{request.method} {request.target} HTTP/1.1\r\nhost: {authority}"
    if request.body or request.method not in _METHODS_WITHOUT_EMPTY_BODY:
        line = f"{line}\r\ncontent-length: {len(request.body)}"
        line_breaks = len(request.headers) + 4
    else:
        line_breaks = len(request.headers) + 3
    headers = "".join([f"\r\n{name}: {value}" for name, value in request.headers.items()])
    head = f"{line}{headers}\r\n\r\n"
    if head.count("\n") != line_breaks or head.count("\r") != line_breaks or " " in request.target:
        raise ValueError("a request's target or headers hold a line break, or its target a space")
    return head.encode()


class ResponseParser:
    """Reads the responses of one connection, one after another: `expect`, then `feed` until `complete`.

    `status` and `headers` hold from `head_complete` on. Header names are in lower case, the last of a repeated one
    wins, trailers are dropped. Interim responses (1xx) are skipped. `can_continue` says, once the response is
    complete, whether the connection may carry another: the peer keeps it open and has sent nothing beyond.
    """

    __slots__ = (
        "_fruitless_bytes",
        "_head_bytes",
        "_interim",
        "_method",
        "_parser",
        "_pieces",
        "can_continue",
        "complete",
        "head_complete",
        "headers",
        "status",
    )

    def __init__(self) -> None:
        # A reference cycle (httptools holds our bound methods): connections live long, so the collector may have it.
        self._parser = HttpResponseParser(self)
        self.expect("GET")

    def expect(self, method: str) -> None:
        """Prepare for the response to a request of `method`; the one before must be complete."""
        self._method = method
        self._head_bytes = 0
        self._fruitless_bytes = 0
        self._interim = False
        self._pieces: list[bytes] = []
        self.status = 0
        self.headers: dict[str, str] = {}
        self.head_complete = False
        self.complete = False
        self.can_continue = False

    def feed(self, data: bytes) -> bytes:
        """What of the body is in `data`, decoded from its transfer coding. Raises MalformedResponse."""
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.can_continue = False
            if not self.complete:
                raise MalformedResponse(_to_reason(error)) from error
        pieces = self._pieces
        if len(pieces) == 1:
            return pieces.pop()
        if pieces:
            self._pieces = []
            return b"".join(pieces)
        if not self.complete:
            self._refuse_endless(len(data))
        return b""

    def feed_eof(self) -> bool:
        """Whether the peer's end of stream completes the response: only when nothing else marks its end."""
        if self.head_complete and not self.complete:
            coding = self.headers.get("transfer-encoding", "").lower()
            delimited = "content-length" in self.headers or coding.endswith("chunked")
            self.complete = not delimited
        return self.complete

    def _refuse_endless(self, received_bytes: int) -> None:
        """Bound what the parser holds back: a line that never ends, a head, trailers or chunk extensions that do not.

        An ordinary head split over reads is counted too, which is the same bound from the other side.
        """
        self._fruitless_bytes += received_bytes
        if self._fruitless_bytes > MAX_HEAD_BYTES:
            raise MalformedResponse(f"more than {MAX_HEAD_BYTES} bytes that are no body")

    # Called by httptools. What is raised in one of these stops the parser and comes out of feed_data.

    def on_message_begin(self) -> None:
        if self.complete:
            raise MalformedResponse("bytes after the end of the response")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > MAX_HEAD_BYTES:
            raise MalformedResponse(f"a response head of more than {MAX_HEAD_BYTES} bytes")
        if not self.head_complete:
            self.headers[_to_name(name)] = value.decode("utf-8", "surrogateescape").rstrip(" \t")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self._interim = True
            self.headers = {}
            return
        self.status = status
        self.can_continue = self._parser.should_keep_alive()
        self.head_complete = True
        if self._method == "HEAD" and status not in _BODILESS_STATUS:
            # httptools cannot be told that the announced body does not follow, so that its parser is of no more use.
            self.complete = True
            raise MalformedResponse("a response to HEAD ends with its head")

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
        else:
            self.complete = True


@lru_cache(_NAME_CACHE_ENTRIES)
def _to_name(name: bytes) -> str:
    return name.decode("latin-1").lower()


def _to_reason(error: Exception) -> str:
    """What stopped the parser: our own reason, where a callback raised it, or llhttp's."""
    if isinstance(error.__context__, MalformedResponse):
        return str(error.__context__)
    return "an unasked-for upgrade" if isinstance(error, HttpParserUpgrade) else str(error)
