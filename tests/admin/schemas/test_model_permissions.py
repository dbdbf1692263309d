from __future__ import annotations

import pytest
from pydantic import ValidationError

from admin.schemas.model_permissions import ModelPermissionsBody, ModelPermissionsObject
from tenants.permissions import PermissionMode


def test_permissions_come_back_as_they_were_given() -> None:
    ids = ["us.anthropic.claude-*", "arn:aws:bedrock:eu-west-1:1:inference-profile/x", "amazon.nova-[lm]ite-v1:0"]
    permissions = ModelPermissionsBody(mode="allow_list", model_ids=ids).to_permissions()
    assert permissions.mode is PermissionMode.ALLOW_LIST
    assert ModelPermissionsObject.from_permissions(permissions).model_ids == ids


def test_no_permissions_deny_nothing() -> None:
    shown = ModelPermissionsObject.from_permissions(None)
    assert (shown.mode, shown.model_ids) == ("deny_list", [])


@pytest.mark.parametrize("model_id", ["", "a b", "ä", "a\n", "x" * 513, "'", "a\x00"])
def test_an_id_that_no_model_can_have_is_refused(model_id: str) -> None:
    with pytest.raises(ValidationError):
        ModelPermissionsBody(mode="allow_list", model_ids=[model_id])
