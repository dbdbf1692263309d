"""A key as people read it. Pure."""

from __future__ import annotations

from datetime import tzinfo

from admin.cli.columns import NOTHING, find, moment_cell, status_cell
from admin.cli.exact_json import Json
from admin.cli.limits import to_fields
from admin.cli.table import Cell
from admin.cli.tenant_models import permissions_cell


def status_of(key: Json, now_seconds: int) -> str:
    """The key's own, or `expired`, which the API leaves to its reader to see."""
    expires_at = key.get("expires_at")
    return "expired" if expires_at is not None and int(expires_at) <= now_seconds else str(key["status"])


def owner_cell(key: Json) -> Cell:
    """A user's e-mail address or name; a service account's name."""
    owner = find(key, f"owner.{find(key, 'owner.type')}")
    if not owner:
        return NOTHING
    return Cell(str(owner.get("email") or owner.get("name") or owner["id"]))


def key_fields(key: Json, now_seconds: int, zone: tzinfo | None) -> list[tuple[str, Cell]]:
    """What is set. A secret, where the answer holds one, comes last."""
    fields = [
        ("Key", Cell(key["id"])),
        ("Name", Cell(key["name"])),
        ("Owner", owner_cell(key)),
        ("Owner's id", Cell(str(find(key, f"owner.{find(key, 'owner.type')}.id") or "-"))),
        ("Status", status_cell(status_of(key, now_seconds))),
        ("Ends in", Cell(str(key["redacted_value"])[-4:])),
        ("Created", moment_cell(key["created_at"], zone)),
        ("Expires", moment_cell(key.get("expires_at"), zone, none="never")),
        ("Last used", moment_cell(key.get("last_used_at"), zone)),
        ("Models", permissions_cell(key.get("models"))),
        *to_fields(key),
    ]
    if key.get("imported"):
        fields.append(("Imported", Cell("yes: another gateway made it")))
    if key.get("previous_expires_at") is not None:
        fields.append(("Former secret ends", moment_cell(key["previous_expires_at"], zone)))
    if key.get("value"):
        fields.append(("Secret", Cell(str(key["value"]))))
    return fields
