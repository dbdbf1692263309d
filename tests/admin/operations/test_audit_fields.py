from __future__ import annotations

from dataclasses import fields, replace

from admin.operations.audit_fields import differing, key_fields, tenant_fields
from tenants.key import ApiKey, KeyStatus, Owner, OwnerKind
from tenants.secret import Fingerprint
from tenants.tenant import Tenant, TenantStatus

KEY = ApiKey(
    "key_1", "proj_1", "k", Owner(OwnerKind.USER, "u", "U", 0, "u@x"), (Fingerprint("p", "ab" * 32),), "wxyz", 0
)
TENANT = Tenant("proj_1", "team", 0)


def test_only_what_differs_is_shown() -> None:
    assert differing({"a": 1, "b": 2}, {"a": 1, "b": 3}) == ({"b": 2}, {"b": 3})


def test_every_field_that_can_change_is_shown() -> None:
    immutable = {"id", "tenant_id", "created_at"}
    of_secrets = {"fingerprints", "hint"}
    assert {each.name for each in fields(ApiKey)} - immutable - of_secrets <= key_fields(KEY).keys()
    assert {each.name for each in fields(Tenant)} - immutable <= tenant_fields(TENANT).keys()


def test_neither_fingerprint_hint_nor_email_is_shown() -> None:
    shown = repr(key_fields(replace(KEY, status=KeyStatus.DISABLED)))
    for hidden in ("ab" * 32, "wxyz", "u@x"):
        assert hidden not in shown


def test_the_end_of_a_replaced_secret_is_shown() -> None:
    rotated = replace(KEY, fingerprints=(Fingerprint("p", "cd"), Fingerprint("p", "ab", 99)))
    assert differing(key_fields(KEY), key_fields(rotated)) == (
        {"previous_expires_at": None},
        {"previous_expires_at": 99},
    )


def test_statuses_are_shown_as_on_the_wire() -> None:
    assert tenant_fields(replace(TENANT, status=TenantStatus.ARCHIVED))["status"] == "archived"
