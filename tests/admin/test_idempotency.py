from __future__ import annotations

import pytest

from admin.idempotency import ClaimedIds, digest_of, require_key, without_secrets
from tenants.errors import InvalidArgument
from tenants.idempotency import HeldClaim

SECRET = "sk-sluice_" + "a" * 50
CLAIM = HeldClaim("digest", "token", "seed", 1_795_132_800_000)


def test_every_attempt_under_a_claim_makes_the_same_ids() -> None:
    def made() -> list[str]:
        ids = ClaimedIds(HeldClaim("digest", "another token", "seed", CLAIM.made_at_ms))
        return [ids.next("key_", 12), ids.next("key_", 12), ids.next("proj_", 16)]

    first = made()
    assert made() == first
    assert len(set(first)) == 3
    assert [len(each) for each in first] == [16, 16, 21]


def test_ids_of_another_claim_are_others() -> None:
    other = HeldClaim("digest", "token", "another seed", CLAIM.made_at_ms)
    assert ClaimedIds(other).next("key_", 12) != ClaimedIds(CLAIM).next("key_", 12)


@pytest.mark.parametrize("key", ["a", "a b", "x" * 255, "~!", "7f9c24e8-3b12-4fef-91e0-37f2cde1d0a1"])
def test_a_key_is_printable(key: str) -> None:
    assert require_key(key) == key


@pytest.mark.parametrize("key", ["", " ", " a", "a ", "x" * 256, "ü", "a\x00b", "a\n"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidArgument):
        require_key(key)


def test_parts_cannot_run_into_each_other() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc") != digest_of("abc")
    assert digest_of("a") == digest_of(b"a")


@pytest.mark.parametrize(
    ("answer", "kept", "dropped"),
    [
        ({"id": "key_1"}, {"id": "key_1"}, False),
        ({"id": "key_1", "value": SECRET}, {"id": "key_1", "value": None}, True),
        ({"api_key": {"value": "anything"}}, {"api_key": {"value": None}}, True),
        ({"data": [{"value": "x"}, 1]}, {"data": [{"value": None}, 1]}, True),
        ({"other": f"see {SECRET}!"}, {"other": None}, True),
        ({"value": None, "n": 1.5, "value_2": "x"}, {"value": None, "n": 1.5, "value_2": "x"}, False),
        (None, None, False),
    ],
)
def test_no_secret_is_kept_wherever_it_is(answer: object, kept: object, dropped: bool) -> None:
    assert without_secrets(answer) == (kept, dropped)
