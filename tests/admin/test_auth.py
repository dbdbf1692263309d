from __future__ import annotations

import pytest

from admin.auth import AdminKeys

BOOTSTRAP = "sk-sluice-admin_" + "0123456789" * 5


@pytest.mark.parametrize("text", ["", BOOTSTRAP[:-1], BOOTSTRAP + "0", BOOTSTRAP.upper(), "ключ"])
def test_no_other_text_is_the_bootstrap_key(text: str) -> None:
    assert AdminKeys(BOOTSTRAP).is_bootstrap(BOOTSTRAP)
    assert not AdminKeys(BOOTSTRAP).is_bootstrap(text)


def test_a_short_bootstrap_key_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="at least 32"):
        AdminKeys("secret")


def test_the_bootstrap_key_does_not_show_in_repr() -> None:
    assert BOOTSTRAP not in repr(AdminKeys(BOOTSTRAP))
