"""Audit entries as they are stored, in chains, as tests need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenants.audit_chain import Head, head_of, linked
from tests.tenants.samples import MONTH, NOW_MS, TENANT

Row = dict[str, Any]


def an_entry(number: int, **fields: Any) -> Row:
    """The attributes of an entry that stands in no chain yet; `number` makes it another one, and later."""
    return {
        "id": f"audit_{NOW_MS + number}",
        "at_ms": NOW_MS + number,
        "action": "api_key.updated",
        "actor_id": "admin_1",
        "tenant_id": TENANT.id,
        "target_id": "key_1",
        "after": '{"name":"ü\\n"}',
        **fields,
    }


def stored(entry: Row) -> Row:
    return {"pk": MONTH, "sk": entry["id"], **entry}


def a_chain(writer: str, size: int, seen: Sequence[Head] = (), first: int = 0) -> list[Row]:
    """The rows of a whole chain; its first entry saw `seen`."""
    rows: list[Row] = []
    head: Head | None = None
    for number in range(size):
        entry = linked(an_entry(first + number), writer, head, seen if number == 0 else ())
        rows.append(stored(entry))
        head = head_of(entry)
    return rows


def head_at(rows: Sequence[Row], index: int = -1) -> Head:
    head = head_of(rows[index])
    assert head is not None
    return head
