"""Entries of the audit trail <-> rows, as `rows.py` has the other records: the data plane writes none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from tenants.audit import Actor, Attempt, AuditAction, AuditEvent
from tenants.rows import Row, present, to_json


def audit_to_row(event: AuditEvent) -> Row:
    """Without its place in a chain, which `audit_chain.linked` gives it."""
    attempt = event.attempt
    return present(
        {
            "id": event.id,
            "at_ms": event.at_ms,
            "action": str(event.action),
            "actor_id": event.actor.id,
            "actor_address": event.actor.address,
            "actor_name": event.actor.name,
            "actor_email": event.actor.email,
            "actor_role": event.actor.role,
            "tenant_id": event.tenant_id,
            "target_id": event.target_id,
            "request_id": event.request_id,
            "before": None if event.before is None else to_json(event.before),
            "after": None if event.after is None else to_json(event.after),
            "attempt": None if attempt is None else to_json(asdict(attempt)),
        }
    )


def audit_from_row(row: Mapping[str, Any]) -> AuditEvent:
    """An entry of the trail. Its place in the chain is left to `audit_chain`."""
    actor = Actor(row["actor_id"], *(row.get(f"actor_{name}") for name in ("address", "name", "email", "role")))
    return AuditEvent(
        id=row["id"],
        at_ms=int(row["at_ms"]),
        action=_action_from_text(row["action"]),
        actor=actor,
        tenant_id=row["tenant_id"],
        target_id=row["target_id"],
        request_id=row.get("request_id"),
        before=json.loads(row["before"]) if row.get("before") else None,
        after=json.loads(row["after"]) if row.get("after") else None,
        attempt=_attempt_from_text(row.get("attempt")),
    )


def _action_from_text(text: str) -> AuditAction | str:
    try:
        return AuditAction(text)
    except ValueError:
        return text


def _attempt_from_text(text: str | None) -> Attempt | None:
    if text is None:
        return None
    told = json.loads(text)
    return Attempt(**{field.name: told[field.name] for field in fields(Attempt) if field.name in told})
