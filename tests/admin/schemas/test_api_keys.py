from __future__ import annotations

from dataclasses import replace

import pytest
from openai.types.admin.organization.projects import ProjectAPIKey

from admin.operations.issued_keys import IssuedKey, RotatedKey
from admin.schemas.api_keys import ApiKeyListQuery, ApiKeyObject, IssuedApiKeyObject, RotatedApiKeyObject
from tenants.key import ApiKey, Owner, OwnerKind
from tenants.principal import KeyRecord
from tenants.secret import KEY_PREFIX, Fingerprint, new_secret
from tenants.tenant import Tenant, TenantStatus

SECRET = new_secret(KEY_PREFIX, "0" * 12, bytes(range(32)))
TENANT = Tenant("proj_1", "team", 0)
ARCHIVED = replace(TENANT, status=TenantStatus.ARCHIVED)
USER = Owner(OwnerKind.USER, "anna", "Anna", 1)
BOT = Owner(OwnerKind.SERVICE_ACCOUNT, "svc_acct_1", "bot", 1)
KEY = ApiKey(SECRET.key_id, TENANT.id, "k", USER, (Fingerprint("p1", "ab" * 32),), SECRET.hint, 2)


@pytest.mark.parametrize("owner", [USER, BOT])
def test_a_key_has_openais_shape_whoever_owns_it(owner: Owner) -> None:
    shown = ApiKeyObject.from_record(KeyRecord(replace(KEY, owner=owner), TENANT)).model_dump(mode="json")
    parsed = ProjectAPIKey.model_validate(shown)
    owners = {"user": parsed.owner.user, "service_account": parsed.owner.service_account}
    assert {kind: each.id for kind, each in owners.items() if each is not None} == {parsed.owner.type: owner.id}


def test_a_secret_is_shown_by_the_answers_to_issue_and_rotate_alone() -> None:
    issued = IssuedKey(KeyRecord(KEY, TENANT), SECRET)
    assert SECRET.text not in ApiKeyObject.from_record(issued.record).model_dump_json()
    assert IssuedApiKeyObject.from_issued(issued).value == SECRET.text
    rotated = RotatedApiKeyObject.from_rotated(RotatedKey(issued, 99))
    assert (rotated.value, rotated.previous_expires_at) == (SECRET.text, 99)


def test_no_answer_shows_a_fingerprint() -> None:
    issued = IssuedKey(KeyRecord(KEY, TENANT), SECRET)
    assert "ab" * 32 not in RotatedApiKeyObject.from_rotated(RotatedKey(issued, 99)).model_dump_json()


def test_owners_have_access_until_the_project_is_archived() -> None:
    assert ApiKeyObject.from_record(KeyRecord(KEY, TENANT)).owner_project_access == "active"
    assert ApiKeyObject.from_record(KeyRecord(KEY, ARCHIVED)).owner_project_access == "inactive"


def test_a_filter_by_access_selects_projects() -> None:
    assert ApiKeyListQuery().selects(ARCHIVED)
    assert ApiKeyListQuery(owner_project_access="inactive").selects(ARCHIVED)
    assert not ApiKeyListQuery(owner_project_access="active").selects(ARCHIVED)
