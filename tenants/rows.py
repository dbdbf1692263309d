"""Records <-> flat rows of strings and integers, in one place, so that both planes read what either wrote.

Nested values are JSON text: no query looks inside them, and a row reads the same through pynamodb and through the
hot path's own client. A reader ignores attributes that it does not know: an older process may meet a newer row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tenants.key import ApiKey, KeyStatus, Owner, OwnerKind
from tenants.limits import NO_LIMITS, Limits
from tenants.limits_fields import limits_from_fields, limits_to_fields
from tenants.permissions import ModelPermissions, PermissionMode
from tenants.policy import NO_POLICY, Policy, policy_from_fields
from tenants.secret import Fingerprint
from tenants.tenant import ServiceAccount, Tenant, TenantStatus

# Values are str and int; Any, because pynamodb takes them as keyword arguments of its models.
Row = dict[str, Any]


def to_json(value: object) -> str:
    """A nested value as it is stored."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def present(row: Mapping[str, str | int | None]) -> Row:
    """Without what is None: such a value is stored as no attribute."""
    return {name: value for name, value in row.items() if value is not None}


def _permissions_to_text(permissions: ModelPermissions | None) -> str | None:
    return None if permissions is None else to_json({"mode": permissions.mode, "model_ids": permissions.model_ids})


def _permissions_from_text(text: str | None) -> ModelPermissions | None:
    if text is None:
        return None
    fields = json.loads(text)
    return ModelPermissions(PermissionMode(fields["mode"]), tuple(fields["model_ids"]))


def policy_to_text(policy: Policy) -> str | None:
    """The policy as it is stored, as JSON; None for an empty one, which is stored as no attribute."""
    return None if policy.is_empty else to_json(policy.to_fields())


def _policy_from_text(text: str | None) -> Policy:
    return NO_POLICY if text is None else policy_from_fields(json.loads(text))


def _limits_to_text(limits: Limits) -> str | None:
    return None if limits == NO_LIMITS else to_json(limits_to_fields(limits))


def _limits_from_text(text: str | None) -> Limits:
    return NO_LIMITS if text is None else limits_from_fields(json.loads(text))


def tenant_to_row(tenant: Tenant) -> Row:
    return present(
        {
            "id": tenant.id,
            "name": tenant.name,
            "created_at": tenant.created_at,
            "status": tenant.status.value,
            "archived_at": tenant.archived_at,
            "models": _permissions_to_text(tenant.models),
            "policy": policy_to_text(tenant.policy),
            "limits": _limits_to_text(tenant.limits),
            "version": tenant.version,
        }
    )


def tenant_from_row(row: Mapping[str, Any]) -> Tenant:
    return Tenant(
        id=row["id"],
        name=row["name"],
        created_at=int(row["created_at"]),
        status=TenantStatus(row["status"]),
        archived_at=find_int(row, "archived_at"),
        models=_permissions_from_text(row.get("models")),
        version=int(row["version"]),
        policy=_policy_from_text(row.get("policy")),
        limits=_limits_from_text(row.get("limits")),
    )


def key_to_row(key: ApiKey) -> Row:
    owner = {"kind": key.owner.kind, "id": key.owner.id, "name": key.owner.name, "created_at": key.owner.created_at}
    if key.owner.email is not None:
        owner["email"] = key.owner.email
    fingerprints = [[each.pepper_id, each.digest, each.expires_at] for each in key.fingerprints]
    return present(
        {
            "id": key.id,
            "tenant_id": key.tenant_id,
            "name": key.name,
            "owner": to_json(owner),
            "fingerprints": to_json(fingerprints),
            "hint": key.hint,
            "created_at": key.created_at,
            "status": key.status.value,
            "expires_at": key.expires_at,
            "models": _permissions_to_text(key.models),
            "policy": policy_to_text(key.policy),
            "limits": _limits_to_text(key.limits),
            "imported": 1 if key.imported else None,
            "user_may_enable": 1 if key.user_may_enable else None,
            "version": key.version,
        }
    )


def key_from_row(row: Mapping[str, Any]) -> ApiKey:
    owner = json.loads(row["owner"])
    return ApiKey(
        id=row["id"],
        tenant_id=row["tenant_id"],
        name=row["name"],
        owner=Owner(OwnerKind(owner["kind"]), owner["id"], owner["name"], owner["created_at"], owner.get("email")),
        fingerprints=tuple(Fingerprint(*each) for each in json.loads(row["fingerprints"])),
        hint=row["hint"],
        created_at=int(row["created_at"]),
        status=KeyStatus(row["status"]),
        expires_at=find_int(row, "expires_at"),
        models=_permissions_from_text(row.get("models")),
        version=int(row["version"]),
        policy=_policy_from_text(row.get("policy")),
        limits=_limits_from_text(row.get("limits")),
        imported=bool(row.get("imported")),
        user_may_enable=bool(row.get("user_may_enable")),
    )


def service_account_to_row(account: ServiceAccount) -> Row:
    return {
        "id": account.id,
        "tenant_id": account.tenant_id,
        "name": account.name,
        "created_at": account.created_at,
    }


def service_account_from_row(row: Mapping[str, Any]) -> ServiceAccount:
    return ServiceAccount(row["id"], row["tenant_id"], row["name"], int(row["created_at"]))


def find_int(row: Mapping[str, Any], name: str) -> int | None:
    """pynamodb and `awswire` read numbers as different types. None where the attribute is not there."""
    value = row.get(name)
    return None if value is None else int(value)
