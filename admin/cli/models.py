"""`sluice models list`: the catalogue, or what a key sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer

from admin.cli.columns import of_count, of_text
from admin.cli.commands import command
from admin.cli.exact_json import Json
from admin.cli.listing import Listing, show_list, walk
from admin.cli.paths import path_of
from admin.cli.screen import ShownColumn
from admin.cli.session import Session
from admin.cli.table import Cell, Column

models = typer.Typer(help="Models: the catalogue, and what a key may call.", no_args_is_help=True)

_ABILITIES = ("tools", "images", "documents", "video", "audio", "json_schema", "prompt_caching")


def _abilities(model: Json, zone: tzinfo | None) -> Cell:
    capabilities = model.get("capabilities")
    if capabilities is None:
        return Cell("embeddings")
    words = [each.replace("_", " ") for each in _ABILITIES if capabilities.get(each)]
    return Cell(", ".join([*words, *(["reasoning"] if capabilities.get("reasoning_efforts") else [])]))


_COLUMNS = (
    of_text("ID", "id"),
    of_text("BY", "owned_by", optional=True),
    of_count("MOST OUTPUT", "capabilities.max_output_tokens", optional=True),
    ShownColumn(Column("CAN", shrinks=True, optional=True), _abilities),
)


@command(models, "list", "sluice models list --as-key")
def list_models(
    session: Session,
    listing: Listing,
    as_key: Annotated[bool, typer.Option("--as-key", help="What the key in SLUICE_API_KEY may call.")] = False,
    api_key_file: Annotated[
        Path | None, typer.Option(help="What the key in this file may call.", metavar="FILE")
    ] = None,
) -> None:
    """List the catalogue; or, with a key, what that key may call."""
    found = _of_key(session, listing, api_key_file) if as_key or api_key_file else _catalogue(session, listing)
    show_list(session, listing, found, _COLUMNS, "No models: the key's and its tenant's lists allow none.")


def _catalogue(session: Session, listing: Listing) -> Iterator[Json]:
    return walk(session, listing, path_of("models"), {})


def _of_key(session: Session, listing: Listing, api_key_file: Path | None) -> Iterator[Json]:
    """`/v1/models` is one page. `--after` is looked up in it."""
    found: list[Json] = session.client_as_key(api_key_file).get("/models")["data"]
    ids = [each["id"] for each in found]
    begin = ids.index(listing.after) + 1 if listing.after in ids else 0
    return iter(found[begin:])
