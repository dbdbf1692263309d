"""The fields of records as audit events show them: all that may change, no secret, hint or fingerprint. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from tenants.admin_key import AdminKey
from tenants.key import ApiKey
from tenants.limits import Limits
from tenants.limits_fields import limits_to_fields
from tenants.permissions import ModelPermissions
from tenants.policy import Policy
from tenants.tenant import ServiceAccount, Tenant
from tenants.user import Member, User

Fields = dict[str, object]


def tenant_fields(tenant: Tenant) -> Fields:
    return {
        "name": tenant.name,
        "status": tenant.status.value,
        "archived_at": tenant.archived_at,
        "models": _permissions_fields(tenant.models),
        "policy": _policy_fields(tenant.policy),
        "limits": _limits_fields(tenant.limits),
        "version": tenant.version,
    }


def key_fields(key: ApiKey) -> Fields:
    """`previous_expires_at`: the end of the secret that the last rotation replaced, None where none was kept."""
    ends = [each.expires_at for each in key.fingerprints if each.expires_at is not None]
    return {
        "name": key.name,
        "owner": {"type": key.owner.kind.value, "id": key.owner.id},
        "status": key.status.value,
        "expires_at": key.expires_at,
        "previous_expires_at": max(ends, default=None),
        "models": _permissions_fields(key.models),
        "policy": _policy_fields(key.policy),
        "limits": _limits_fields(key.limits),
        "imported": key.imported,
        "user_may_enable": key.user_may_enable,
        "version": key.version,
    }


def service_account_fields(account: ServiceAccount) -> Fields:
    return {"name": account.name}


def admin_key_fields(key: AdminKey) -> Fields:
    return {
        "name": key.name,
        "role": key.binding.role.value,
        "project_id": key.binding.project_id,
        "user_id": key.binding.user_id,
        "expires_at": key.expires_at,
    }


def user_fields(user: User) -> Fields:
    return {"role": user.role.value, "email": user.email, "name": user.name}


def member_fields(member: Member) -> Fields:
    return {"role": member.role.value, "email": member.email, "name": member.name}


def differing(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Fields, Fields]:
    """The fields whose values differ, as they were and as they are. Both sides have the same fields."""
    names = [name for name in before if before[name] != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def _permissions_fields(permissions: ModelPermissions | None) -> Fields | None:
    if permissions is None:
        return None
    return {"mode": permissions.mode.value, "model_ids": list(permissions.model_ids)}


def _policy_fields(policy: Policy) -> Fields | None:
    return policy.to_fields() or None


def _limits_fields(limits: Limits) -> Fields | None:
    return limits_to_fields(limits) or None
