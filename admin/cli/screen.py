"""What a command writes: results on standard output, everything said beside them on standard error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, TextIO

from admin.cli.exact_json import Json, to_document, to_json_line
from admin.cli.failures import BadUsage, Refused
from admin.cli.table import Cell, Column, Paint, Table, coloured, fields_to_lines, plain, to_lines
from admin.cli.text import printable


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column, and how its cell is made of an object and the zone of times."""

    column: Column
    cell: Callable[[Json, tzinfo | None], Cell]


@dataclass(frozen=True, slots=True)
class Screen:
    """`width` is None where nobody looks: nothing is cut for a file or a pipe. `zone` None is the machine's own."""

    output: TextIO
    notes: TextIO
    paint: Paint
    width: int | None
    zone: tzinfo | None
    as_json: bool
    quiet: bool
    block: str

    def line(self, text: str) -> None:
        """Of a result. For text that may be written on a terminal as it is."""
        self.output.write(f"{text}\n")

    def note(self, text: str) -> None:
        """Beside the result."""
        self.notes.write(f"{printable(text)}\n")
        self.notes.flush()

    def one(self, shown: Json, fields: Sequence[tuple[str, Cell]], name: str | None = None) -> None:
        """An object: as JSON, as fields, or quietly as its id (`name`)."""
        if self.as_json:
            self.line(to_document(shown))
        elif self.quiet:
            self.line(printable(name or str(shown.get("id", ""))))
        else:
            for line in fields_to_lines(fields, self.paint):
                self.line(line)

    def table(self, columns: Sequence[ShownColumn], rows: Iterable[Json]) -> None:
        cells = [[each.cell(row, self.zone) for each in columns] for row in rows]
        for line in to_lines(Table([each.column for each in columns], cells), self.width, self.paint):
            self.line(line)

    def json_line(self, value: Mapping[str, Any]) -> None:
        self.line(to_json_line(value))
        self.output.flush()

    def json_document(self, value: object) -> None:
        self.line(to_document(value))

    def done(self, shown: Json, sentence: str) -> None:
        """After a change that has nothing to show but that it was made."""
        if self.as_json:
            self.line(to_document(shown))
        elif not self.quiet:
            self.note(sentence)

    def confirm(self, question: str, *, said_yes: bool) -> None:
        """Returns where the person agrees. Raises Refused where not, BadUsage where nobody can be asked."""
        if said_yes:
            return
        if not (sys.stdin.isatty() and self.notes.isatty()):
            raise BadUsage(f"{question} Nobody is here to ask: add --yes.")
        self.notes.write(f"{printable(question)} [y/N] ")
        self.notes.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Refused("Nothing was changed.")


def open_screen(environ: Mapping[str, str], *, zone: tzinfo | None, as_json: bool, quiet: bool) -> Screen:
    """On this process's own standard streams."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # where a locale cannot write a name, it is escaped
            stream.reconfigure(errors="backslashreplace")
    looked_at = sys.stdout.isatty()
    bare = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"  # no-color.org: set, and not empty
    return Screen(
        output=sys.stdout,
        notes=sys.stderr,
        paint=coloured if looked_at and not bare else plain,
        width=_width_of(sys.stdout) if looked_at else None,
        zone=zone,
        as_json=as_json,
        quiet=quiet,
        block="█" if _can_write("█", sys.stdout) else "#",
    )


def _width_of(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or shutil.get_terminal_size().columns
    except (OSError, ValueError):
        return shutil.get_terminal_size().columns


def _can_write(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
