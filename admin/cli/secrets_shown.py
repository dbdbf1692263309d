"""A new secret, told once: on standard output, alone where it is asked for quietly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from admin.cli.exact_json import Json
from admin.cli.failures import Refused
from admin.cli.session import Session
from admin.cli.table import Cell

if TYPE_CHECKING:
    from admin.cli.client import Posted

SHOWN_ONCE = "The secret is shown this once, and stored nowhere."


def show_secret(session: Session, posted: Posted, fields: Sequence[tuple[str, Cell]], secret: str | None) -> None:
    """`fields` hold the secret as well. Raises Refused where it was lost with the answer to an earlier attempt."""
    made, screen = posted.body, session.screen
    if not secret:
        name = made.get("id", "It")
        raise Refused(
            f"{name} was made, and its secret was lost on the way: the gateway does not keep it. "
            "Get a new one (`sluice keys rotate`), or delete it and issue another."
        )
    if screen.as_json:
        screen.json_document(made)
    elif screen.quiet:
        screen.line(secret)
        screen.note(f"{_name(made)}. {SHOWN_ONCE}")
    else:
        screen.one(made, fields)
        screen.note(SHOWN_ONCE)
    screen.output.flush()


def _name(made: Json) -> str:
    return f"{made['id']} ({made['name']})" if made.get("name") else str(made.get("id"))
