"""Lists: so many of them, or all, as a table, as JSON, or as ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated

import typer

from admin.cli.exact_json import Json
from admin.cli.screen import ShownColumn
from admin.cli.session import Session

_LARGEST_PAGE = 100


@dataclass(frozen=True)
class Listing:
    """What commands that list take."""

    all: Annotated[bool, typer.Option("--all", help="All, however many; with --json, one object a line.")] = False
    limit: Annotated[int, typer.Option(min=1, help="At most so many.", metavar="N")] = 50
    after: Annotated[str | None, typer.Option(help="Begin after the one with this id.", metavar="ID")] = None

    @property
    def page_size(self) -> int:
        """One more than is shown tells whether there are more."""
        return _LARGEST_PAGE if self.all else min(self.limit + 1, _LARGEST_PAGE)


def show_list(
    session: Session, listing: Listing, objects: Iterator[Json], columns: Sequence[ShownColumn], nothing: str
) -> None:
    """`objects` are taken as they are needed, from `listing.after` on. `nothing` is said where there are none."""
    screen = session.screen
    if listing.all and screen.as_json:
        for each in objects:
            screen.json_line(each)
        return
    shown = list(objects) if listing.all else list(islice(objects, listing.limit))
    has_more = not listing.all and next(objects, None) is not None
    if screen.as_json:
        ends = (shown[0].get("id"), shown[-1].get("id")) if shown else (None, None)
        page = {"object": "list", "data": shown, "first_id": ends[0], "last_id": ends[1], "has_more": has_more}
        screen.json_document(page)
    elif screen.quiet:
        for each in shown:
            screen.line(str(each["id"]))
    elif shown:
        screen.table(columns, shown)
    else:
        screen.note(nothing)
    if has_more and not screen.as_json:
        screen.note(f"There are more: --all shows them, --after {shown[-1].get('id')} the next ones.")


def walk(session: Session, listing: Listing, path: str, query: dict[str, str | bool | None]) -> Iterator[Json]:
    """The objects below `path` that the listing begins with, lazily."""
    return session.client.walk(path, {**query, "after": listing.after}, listing.page_size)
