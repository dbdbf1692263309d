"""Heads and responses as bytes: the same answer however its bytes are cut, and no bytes that nobody asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awswire.http import HttpRequest, Origin
from awswire.lean_http1 import MAX_HEAD_BYTES, MalformedResponse, ResponseParser, to_request_head

ORIGIN = Origin("db.test", 8000)

ANSWERS = {
    "length": (b"HTTP/1.1 200 OK\r\nX-Id:  a b \t\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello", True),
    "empty": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b"", True),
    "chunked": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: z\r\n\r\n",
        200,
        b"abcde",
        True,
    ),
    "interim": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno",
        400,
        b"no",
        True,
    ),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b"", True),
    "close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
    "http/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
    "http/1.0 kept": (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        200,
        b"ok",
        True,
    ),
}

MALFORMED = {
    "no http": b"SSH-2.0-OpenSSH\r\n\r\n",
    "http/2": b"HTTP/2 200 OK\r\n\r\n",
    "field without colon": b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "length and chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "folded field": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "unasked-for upgrade": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "large field": b"HTTP/1.1 200 OK\r\nX: " + b"x" * MAX_HEAD_BYTES + b"\r\n\r\n",
    "many fields": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * (MAX_HEAD_BYTES // 6) + b"\r\n",
}


def feed_all(parser: ResponseParser, pieces: list[bytes]) -> bytes:
    return b"".join([parser.feed(piece) for piece in pieces])


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_reads_the_same_cut_at_any_byte(name: str) -> None:
    answer, status, body, can_continue = ANSWERS[name]
    for cut in range(1, len(answer)):
        parser = ResponseParser()
        assert feed_all(parser, [answer[:cut], answer[cut:]]) == body
        assert (parser.status, parser.complete, parser.can_continue) == (status, True, can_continue)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_reads_the_same_byte_by_byte(name: str) -> None:
    answer, status, body, can_continue = ANSWERS[name]
    parser = ResponseParser()
    for at in range(len(answer) - 1):
        body = body.removeprefix(parser.feed(answer[at : at + 1]))
        assert not parser.complete
    assert parser.feed(answer[-1:]) == body
    assert (parser.status, parser.complete, parser.can_continue) == (status, True, can_continue)


def test_header_names_are_lower_case_values_trimmed_and_the_last_wins() -> None:
    parser = ResponseParser()
    parser.feed(b"HTTP/1.1 200 OK\r\nX-A:  1 \t\r\nx-a: 2\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n")
    assert parser.headers == {"x-a": "2", "x-empty": "", "content-length": "0"}


def test_headers_of_interim_responses_and_trailers_are_dropped() -> None:
    parser = ResponseParser()
    parser.feed(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    parser.feed(b"0\r\nT: z\r\n\r\n")
    assert parser.headers == {"transfer-encoding": "chunked"}


@given(st.lists(st.sampled_from(["length", "empty", "chunked", "interim", "no content"]), min_size=1, max_size=5))
def test_one_parser_reads_one_answer_after_another(names: list[str]) -> None:
    parser = ResponseParser()
    for name in names:
        answer, status, body, _ = ANSWERS[name]
        parser.expect("POST")
        assert parser.feed(answer) == body
        assert (parser.status, parser.complete, parser.can_continue) == (status, True, True)


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_answer_is_malformed_however_it_is_cut(name: str) -> None:
    data = MALFORMED[name]
    step = max(1, len(data) // 64)
    for cut in range(1, len(data), step):
        with pytest.raises(MalformedResponse):
            feed_all(ResponseParser(), [data[:cut], data[cut:]])


@pytest.mark.parametrize(
    "endless",
    [
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: ",
    ],
    ids=["field", "interim responses", "chunk extension", "trailer"],
)
def test_a_peer_that_never_ends_its_head_is_refused(endless: bytes) -> None:
    parser = ResponseParser()
    parser.feed(endless)
    filler = b"HTTP/1.1 100 Continue\r\n\r\n" * 40 if b" 100 " in endless else b"x" * 1000
    with pytest.raises(MalformedResponse):
        feed_all(parser, [filler] * 100)


@pytest.mark.parametrize("beyond", [b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nevil", b"junk", b"\0"])
def test_bytes_beyond_the_answer_end_the_connection_and_change_nothing(beyond: bytes) -> None:
    parser = ResponseParser()
    assert parser.feed(b"HTTP/1.1 200 OK\r\nX-Id: 1\r\nContent-Length: 2\r\n\r\nok" + beyond) == b"ok"
    assert (parser.status, parser.headers["x-id"], parser.complete) == (200, "1", True)
    assert not parser.can_continue


def test_the_answer_to_head_ends_with_its_head() -> None:
    parser = ResponseParser()
    parser.expect("HEAD")
    assert parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") == b""
    assert parser.complete
    assert not parser.can_continue


def test_end_of_stream_completes_only_an_answer_that_nothing_else_delimits() -> None:
    cases = {
        b"HTTP/1.1 200 OK\r\n\r\nabc": True,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc": True,
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc": False,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n3\r\nabc\r\n": False,
        b"HTTP/1.1 200 OK\r\nX: y\r\n": False,
        b"": False,
    }
    for received, complete in cases.items():
        parser = ResponseParser()
        parser.feed(received)
        assert parser.feed_eof() is complete


def test_the_head_of_a_request_is_written_in_one_piece() -> None:
    request = HttpRequest("POST", ORIGIN, "/a%20b?c=d", {"x-a": "1", "x-b": "é"}, b"{}")
    expected = "POST /a%20b?c=d HTTP/1.1\r\nhost: db.test:8000\r\ncontent-length: 2\r\nx-a: 1\r\nx-b: é\r\n\r\n"
    assert to_request_head(request, ORIGIN.authority) == expected.encode()


def test_an_empty_body_has_a_length_unless_the_method_has_none() -> None:
    assert b"content-length: 0\r\n" in to_request_head(HttpRequest("POST", ORIGIN, "/", {}), "a")
    assert to_request_head(HttpRequest("GET", ORIGIN, "/", {}), "a") == b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.mark.parametrize("evil", ["a\r\nx: y", "a\nb", "a\rb", "\r\n\r\nGET / HTTP/1.1"])
def test_a_value_cannot_write_a_line_of_its_own(evil: str) -> None:
    for request in (
        HttpRequest("POST", ORIGIN, f"/{evil}", {}),
        HttpRequest("POST", ORIGIN, "/", {"x": evil}),
        HttpRequest("POST", ORIGIN, "/", {evil: "x"}),
    ):
        with pytest.raises(ValueError, match="line break"):
            to_request_head(request, "a")


def test_a_target_cannot_end_the_request_line() -> None:
    with pytest.raises(ValueError, match="space"):
        to_request_head(HttpRequest("GET", ORIGIN, "/ HTTP/1.1", {}), "a")
