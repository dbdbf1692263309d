from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.errors import MalformedSecret
from tenants.imported import LONGEST_CHARS, SHORTEST_CHARS, imported_secrets, parse_foreign
from tenants.secret import ADMIN_PREFIX, KEY_PREFIX, Peppers, new_secret

TEXT = "sk-1234567890abcdefghijklmn"
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()
OLD, NEW = b"pepper of last year", b"pepper of this year"
PEPPERS = Peppers({"old": OLD, "new": NEW}, "new")
PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=16, max_size=512).filter(
    lambda text: not text.startswith("sk-sluice")
)


@given(PRINTABLE)
def test_a_key_and_its_sha256_name_the_same_records(text: str) -> None:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    assert parse_foreign(text, PEPPERS) == imported_secrets(sha256, PEPPERS, text)
    assert all(re.fullmatch("key_[0-9A-Za-z]{12}", each.key_id) for each in parse_foreign(text, PEPPERS))


def test_a_key_is_looked_for_under_the_id_of_every_pepper_and_under_the_current_one_first() -> None:
    ids = [each.key_id for each in parse_foreign(TEXT, PEPPERS)]
    alone = [parse_foreign(TEXT, Peppers({"p": pepper}, "p"))[0].key_id for pepper in (NEW, OLD)]
    assert ids == alone
    assert len(set(ids)) == 2


def test_neither_id_nor_fingerprint_can_be_made_without_a_pepper() -> None:
    """A key that can be guessed must not be confirmed by what the table or a log holds."""
    other = Peppers({"new": b"a pepper of somebody else"}, "new")
    (theirs,), ours = parse_foreign(TEXT, other), parse_foreign(TEXT, PEPPERS)[0]
    assert theirs.key_id != ours.key_id
    assert other.fingerprint(theirs).digest != PEPPERS.fingerprint(ours).digest


def test_the_fingerprint_made_from_the_sha256_is_the_key_s() -> None:
    fingerprint = PEPPERS.fingerprint(imported_secrets(SHA256, PEPPERS)[0])
    assert PEPPERS.matches(parse_foreign(TEXT, PEPPERS)[0], fingerprint)
    assert not PEPPERS.matches(parse_foreign(TEXT + "x", PEPPERS)[0], fingerprint)


def test_a_sha256_itself_opens_nothing() -> None:
    """Whoever has the other gateway's table has the hashes, and not the keys."""
    fingerprint = PEPPERS.fingerprint(imported_secrets(SHA256, PEPPERS)[0])
    for text in (SHA256, f"sha256:{SHA256}"):
        assert not PEPPERS.matches(parse_foreign(text, PEPPERS)[0], fingerprint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bedrock",
        "x" * (SHORTEST_CHARS - 1),
        "x" * (LONGEST_CHARS + 1),
        "sk-1234567890 abcdefgh",
        "sk-1234567890\tabcdefgh",
        "sk-1234567890abcdefgh\n",
        "sk-1234567890abcdefgh\0",
        "sk-1234567890äbcdefghi",
        "sk-sluice-1234567890abcdef",
        new_secret(KEY_PREFIX, "0" * 12, bytes(32)).text,
        new_secret(ADMIN_PREFIX, "0" * 12, bytes(32)).text,
    ],
)
def test_what_nobody_can_have_imported_is_malformed(text: str) -> None:
    with pytest.raises(MalformedSecret):
        parse_foreign(text, PEPPERS)


@pytest.mark.parametrize("length", [SHORTEST_CHARS, LONGEST_CHARS])
def test_the_bounds_belong_to_what_is_accepted(length: int) -> None:
    assert parse_foreign("x" * length, PEPPERS)


def test_repr_shows_neither_key_nor_sha256() -> None:
    shown = repr(parse_foreign(TEXT, PEPPERS))
    assert TEXT not in shown
    assert SHA256 not in shown
