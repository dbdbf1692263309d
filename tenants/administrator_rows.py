"""Admin keys and users <-> flat rows of strings and integers, as `rows` has them for tenants and their keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tenants.admin_key import AdminKey
from tenants.roles import Role, RoleBinding
from tenants.rows import Row, find_int, present
from tenants.secret import Fingerprint
from tenants.user import Member, MemberRole, User, UserRole


def admin_key_to_row(key: AdminKey) -> Row:
    return present(
        {
            "id": key.id,
            "name": key.name,
            "role": key.binding.role.value,
            "project_id": key.binding.project_id,
            "user_id": key.binding.user_id,
            "fingerprint": json.dumps([key.fingerprint.pepper_id, key.fingerprint.digest], separators=(",", ":")),
            "hint": key.hint,
            "created_at": key.created_at,
            "created_by": key.created_by,
            "expires_at": key.expires_at,
            "last_used_at": key.last_used_at,
        }
    )


def admin_key_from_row(row: Mapping[str, Any]) -> AdminKey | None:
    """None for a role that only newer processes know: here it gives nothing, and the key opens nothing."""
    if row["role"] not in {role.value for role in Role}:
        return None
    return AdminKey(
        id=row["id"],
        name=row["name"],
        binding=RoleBinding(Role(row["role"]), row.get("project_id"), row.get("user_id")),
        fingerprint=Fingerprint(*json.loads(row["fingerprint"])),
        hint=row["hint"],
        created_at=int(row["created_at"]),
        created_by=row["created_by"],
        expires_at=find_int(row, "expires_at"),
        last_used_at=find_int(row, "last_used_at"),
    )


def user_to_row(user: User) -> Row:
    return present(
        {
            "id": user.id,
            "added_at": user.added_at,
            "role": user.role.value,
            "email": user.email,
            "name": user.name,
        }
    )


def user_from_row(row: Mapping[str, Any]) -> User:
    return User(row["id"], int(row["added_at"]), UserRole(row["role"]), row.get("email"), row.get("name"))


def member_to_row(member: Member) -> Row:
    return present(
        {
            "id": member.user_id,
            "tenant_id": member.tenant_id,
            "added_at": member.added_at,
            "role": member.role.value,
            "email": member.email,
            "name": member.name,
        }
    )


def member_from_row(row: Mapping[str, Any]) -> Member:
    role, added_at = MemberRole(row["role"]), int(row["added_at"])
    return Member(row["tenant_id"], row["id"], role, added_at, row.get("email"), row.get("name"))
