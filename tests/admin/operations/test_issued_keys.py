from __future__ import annotations

from dataclasses import replace
from unittest.mock import create_autospec

import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.api_keys import KeyTarget
from admin.operations.issued_keys import KeyDraft, UserOwner, issue_key, rotate_key
from tenants.secret import Peppers, parse_secret
from tenants.store import Directory
from tenants.tenant import Tenant

TENANT = Tenant("proj_1", "team", 0)


@pytest.fixture
def remembering(control: ControlPlane) -> ControlPlane:
    """A control plane whose store only takes notes."""
    directory = create_autospec(Directory, instance=True)
    directory.get_tenant.return_value = TENANT
    return replace(control, directory=directory)


async def test_the_secret_names_its_key_and_is_stored_as_a_fingerprint_alone(
    remembering: ControlPlane, requester: Requester
) -> None:
    issued = await issue_key(remembering, requester, TENANT.id, KeyDraft("k", UserOwner()))
    key = issued.record.key
    assert parse_secret(issued.secret.text).key_id == key.id
    assert key.accepts(issued.secret, remembering.peppers, 0)
    assert issued.secret.text not in repr(key)
    assert issued.secret.text not in repr(issued)


async def test_two_keys_of_the_same_millisecond_differ(remembering: ControlPlane, requester: Requester) -> None:
    frozen = replace(remembering, clock_ms=lambda: 1_795_132_800_000)
    first = await issue_key(frozen, requester, TENANT.id, KeyDraft("k", UserOwner()))
    second = await issue_key(frozen, requester, TENANT.id, KeyDraft("k", UserOwner()))
    assert first.record.key.id != second.record.key.id
    assert first.secret.text != second.secret.text


async def test_rotation_takes_the_current_pepper_and_leaves_the_former_secret_under_its_own(
    remembering: ControlPlane, requester: Requester
) -> None:
    issued = await issue_key(remembering, requester, TENANT.id, KeyDraft("k", UserOwner()))
    peppers = Peppers({**remembering.peppers.by_id, "p2": b"a newer pepper"}, "p2")
    remembering.directory.get_key.return_value = issued.record.key  # type: ignore[attr-defined]  # an autospec
    newer = replace(remembering, peppers=peppers)

    rotated = await rotate_key(newer, requester, KeyTarget(TENANT.id, issued.record.key.id), 60)

    key = rotated.issued.record.key
    assert [each.pepper_id for each in key.fingerprints] == ["p2", "p1"]
    now = rotated.previous_expires_at - 1
    assert key.accepts(rotated.issued.secret, peppers, now)
    assert key.accepts(issued.secret, peppers, now)
    assert not key.accepts(issued.secret, peppers, now + 1)
