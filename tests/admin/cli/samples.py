"""Objects as a gateway shows them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

KEY_ID = "key_AbC123dEf456"
SECRET = "sk-sluice_AbC123dEf456xxxx"


def a_project(id: str = "proj_1", name: str = "Search team", status: str = "active") -> Json:
    return {
        "id": id,
        "object": "organization.project",
        "name": name,
        "status": status,
        "created_at": 0,
        "archived_at": None,
    }


def a_key(id: str = KEY_ID, **fields: Any) -> Json:
    user = {"id": "ada", "name": "Ada", "email": "ada@example.com", "created_at": 0, "role": "member"}
    return {
        "id": id,
        "object": "organization.project.api_key",
        "name": "laptop",
        "redacted_value": "sk-sluice_...0v7p",
        "created_at": 0,
        "last_used_at": None,
        "expires_at": None,
        "owner": {"type": "user", "user": user, "service_account": None},
        "owner_project_access": "active",
        "status": "active",
        "models": None,
        "policy": None,
        "version": 1,
        "rate_limits": None,
        "model_rate_limits": [],
        "spend_limits": [],
        "budget_mode": None,
        "spend_alerts": [],
        "enforcement": None,
        **fields,
    }


def a_bucket(start_time: int, *results: Json) -> Json:
    return {"object": "bucket", "start_time": start_time, "end_time": start_time + 86_400, "results": list(results)}
