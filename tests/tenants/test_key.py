from __future__ import annotations

from dataclasses import replace

import pytest

from tenants.key import KeyStatus
from tenants.secret import KEY_PREFIX, Peppers, new_secret
from tests.tenants.samples import KEY, NOW

PEPPERS = Peppers({"p1": b"pepper"}, "p1")
CURRENT, FORMER, OTHER = (new_secret(KEY_PREFIX, "0123456789ab", bytes([number]) * 32) for number in range(3))
GRACE_END = NOW + 600
ISSUED = replace(KEY, fingerprints=(PEPPERS.fingerprint(CURRENT),))
ROTATED = replace(
    KEY, fingerprints=(PEPPERS.fingerprint(CURRENT), replace(PEPPERS.fingerprint(FORMER), expires_at=GRACE_END))
)


def test_a_key_accepts_its_own_secret_alone() -> None:
    assert ISSUED.accepts(CURRENT, PEPPERS, NOW)
    assert not ISSUED.accepts(OTHER, PEPPERS, NOW)


def test_a_key_without_fingerprints_accepts_nothing() -> None:
    assert not replace(KEY, fingerprints=()).accepts(CURRENT, PEPPERS, NOW)


@pytest.mark.parametrize(("now", "accepted"), [(GRACE_END - 0.001, True), (GRACE_END, False), (GRACE_END + 1, False)])
def test_a_former_secret_is_accepted_until_its_grace_ends(now: float, accepted: bool) -> None:
    assert ROTATED.accepts(FORMER, PEPPERS, now) is accepted
    assert ROTATED.accepts(CURRENT, PEPPERS, now)


def test_a_secret_is_not_accepted_without_the_pepper_of_its_fingerprint() -> None:
    assert not ISSUED.accepts(CURRENT, Peppers({"p2": b"pepper"}, "p2"), NOW)


@pytest.mark.parametrize(("now", "refusal"), [(NOW - 0.001, None), (NOW, "expired"), (NOW + 1, "expired")])
def test_a_key_is_refused_from_the_moment_it_expires(now: float, refusal: str | None) -> None:
    assert replace(KEY, expires_at=NOW).find_refusal(now) == refusal


def test_a_key_without_expiry_is_never_refused_for_its_age() -> None:
    assert KEY.find_refusal(1e12) is None


@pytest.mark.parametrize("expires_at", [None, NOW - 1])
def test_a_disabled_key_is_refused_as_disabled_whether_it_expired_or_not(expires_at: int | None) -> None:
    disabled = replace(KEY, status=KeyStatus.DISABLED, expires_at=expires_at)
    assert disabled.find_refusal(NOW) == "disabled"
