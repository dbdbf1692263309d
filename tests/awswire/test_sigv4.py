"""botocore's signer is the oracle: the same request, the same moment, the same Authorization header."""

from __future__ import annotations

import datetime
import ssl
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreKeys
from hypothesis import given, settings
from hypothesis import strategies as st

from awswire.credentials import Credentials
from awswire.http import HttpRequest, Origin
from awswire.sigv4 import SigV4

NOON = datetime.datetime(2026, 11, 20, 12, 0, 0, tzinfo=datetime.UTC)
KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
LOOPBACK = Origin("127.0.0.1", 8001)
PROFILE_ARN = "arn%3Aaws%3Abedrock%3Aus-east-1%3A000000000000%3Ainference-profile%2Fus.anthropic.claude-v1%3A0"


def sign_by_botocore(request: HttpRequest, keys: Credentials, moment: datetime.datetime) -> dict[str, str]:
    scheme = "http" if request.origin.tls is None else "https"
    foreign = AWSRequest(
        method=request.method,
        url=f"{scheme}://{request.origin.authority}{request.target}",
        headers=dict(request.headers),
        data=request.body,
    )
    signer = SigV4Auth(
        BotocoreKeys(keys.access_key_id, keys.secret_access_key, keys.session_token), "bedrock", "us-east-1"
    )
    with patch("botocore.auth.get_current_datetime", return_value=moment.replace(tzinfo=None)):
        signer.add_auth(foreign)
    return {name.lower(): value for name, value in foreign.headers.items()}


def sign(request: HttpRequest, keys: Credentials, moment: datetime.datetime) -> dict[str, str]:
    return SigV4("us-east-1", "bedrock", moment.timestamp).sign(request, keys)


url_text = st.text("abcXYZ019-_.~:%@+,;!*'()$", max_size=12)
segments = st.one_of(url_text, st.sampled_from(["", ".", "..", "model", "converse-stream", PROFILE_ARN, "a%20b%2Fc"]))
paths = st.lists(segments, max_size=5).map(lambda parts: "/" + "/".join(parts))
queries = st.lists(st.tuples(url_text, url_text), max_size=4).map(lambda pairs: "&".join(f"{n}={v}" for n, v in pairs))
header_names = st.sampled_from(
    ["content-type", "Accept", "x-amz-target", "X-Amzn-Trace-Id", "User-Agent", "traceparent", "x-custom", "Expect"]
)
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
secrets = st.text("abcdefXYZ/+=019", min_size=1, max_size=40)
origins = st.sampled_from(
    [
        LOOPBACK,
        Origin("bedrock-runtime.us-east-1.amazonaws.com", 443, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)),
        Origin("localhost", 80),
        Origin("::1", 8001),
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> HttpRequest:
    query = draw(queries)
    return HttpRequest(
        method=draw(st.sampled_from(["GET", "POST", "PUT", "DELETE"])),
        origin=draw(origins),
        target=draw(paths) + (f"?{query}" if query else ""),
        headers=draw(st.dictionaries(header_names, header_values, max_size=5)),
        body=draw(st.binary(max_size=64)),
    )


@settings(max_examples=400)
@given(requests(), secrets, st.one_of(st.none(), secrets), st.datetimes(datetime.datetime(2020, 1, 1)))
def test_signs_as_botocore_does(
    request: HttpRequest, secret: str, token: str | None, moment: datetime.datetime
) -> None:
    keys = Credentials("AKIDEXAMPLE", secret, token)
    moment = moment.replace(tzinfo=datetime.UTC, microsecond=0)
    ours, theirs = sign(request, keys, moment), sign_by_botocore(request, keys, moment)
    assert ours["authorization"] == theirs["authorization"]
    assert ours == theirs


@pytest.mark.parametrize("token", [None, "t" * 1000])
@pytest.mark.parametrize("path", [f"/model/{PROFILE_ARN}/converse", "/model/a%20b/invoke", "/", ""])
def test_signs_escaped_paths_as_botocore_does(path: str, token: str | None) -> None:
    request = HttpRequest("POST", LOOPBACK, path, {"content-type": "application/json"}, b"{}")
    keys = Credentials(KEYS.access_key_id, KEYS.secret_access_key, token)
    assert sign(request, keys, NOON) == sign_by_botocore(request, keys, NOON)


def test_a_new_day_another_secret_and_another_token_are_not_signed_with_what_is_cached() -> None:
    request = HttpRequest("GET", LOOPBACK, "/foundation-models", {})
    moments = iter([NOON, NOON, NOON + datetime.timedelta(days=1), NOON + datetime.timedelta(days=1, seconds=1)])
    now = [NOON]
    signer = SigV4("us-east-1", "bedrock", lambda: now[0].timestamp())
    for keys in (KEYS, Credentials("AKID2", "other"), KEYS, Credentials("AKID2", "other", "token")):
        now[0] = next(moments)
        assert signer.sign(request, keys) == sign_by_botocore(request, keys, now[0])


def test_a_stale_signature_among_the_headers_is_replaced() -> None:
    once = sign(HttpRequest("GET", LOOPBACK, "/", {}), Credentials("AKID", "secret", "token"), NOON)
    again = sign(HttpRequest("GET", LOOPBACK, "/", once), KEYS, NOON + datetime.timedelta(hours=1))
    assert again == sign(HttpRequest("GET", LOOPBACK, "/", {}), KEYS, NOON + datetime.timedelta(hours=1))
