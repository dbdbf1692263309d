from __future__ import annotations

import pytest

from admin.auth import BOOTSTRAP_ACTOR_ID, AdminKeys, authenticate_admin
from tenants.audit import Actor
from tenants.errors import IncorrectSecret, MissingCredential
from tenants.secret import ADMIN_PREFIX, KEY_PREFIX, new_secret

ADMIN = new_secret(ADMIN_PREFIX, "0" * 12, bytes(range(32))).text
INFERENCE = new_secret(KEY_PREFIX, "0" * 12, bytes(range(32))).text
KEYS = AdminKeys(ADMIN)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {ADMIN}"},
        {"authorization": f"bearer   {ADMIN} "},
        {"x-api-key": ADMIN},
        {"authorization": "Basic eDp5", "x-api-key": ADMIN},
    ],
)
def test_the_bootstrap_key_opens_the_control_plane_in_either_header(headers: dict[str, str]) -> None:
    assert authenticate_admin(headers, KEYS, "192.0.2.1") == Actor(BOOTSTRAP_ACTOR_ID, "192.0.2.1")


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": ""}, {"authorization": "Bearer "}, {"authorization": ADMIN}, {"x-api-key": " "}]
)
def test_a_request_without_a_credential_is_told_so(headers: dict[str, str]) -> None:
    with pytest.raises(MissingCredential):
        authenticate_admin(headers, KEYS)


@pytest.mark.parametrize(
    "text", [INFERENCE, ADMIN + "x", ADMIN[:-1], "sk-proj-0123456789abcdef", "ключ-ключ-ключ-ключ"]
)
def test_any_other_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(IncorrectSecret) as refused:
        authenticate_admin({"authorization": f"Bearer {text}"}, KEYS)
    assert text not in refused.value.message


def test_an_inference_key_is_named_as_such_for_the_log_only() -> None:
    with pytest.raises(IncorrectSecret) as refused:
        authenticate_admin({"x-api-key": INFERENCE}, KEYS)
    assert "inference" in refused.value.reason
    assert "inference" not in refused.value.message


def test_a_wrong_bearer_is_not_made_good_by_the_other_header() -> None:
    with pytest.raises(IncorrectSecret):
        authenticate_admin({"authorization": "Bearer wrong-wrong-wrong-wrong", "x-api-key": ADMIN}, KEYS)


def test_a_short_bootstrap_key_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="at least 32"):
        AdminKeys("secret")


def test_the_bootstrap_key_does_not_show_in_repr() -> None:
    assert ADMIN not in repr(KEYS)
