"""`sluice models list`: the catalogue, or what a key sees of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from admin.cli.amounts import usd
from admin.cli.columns import NOTHING, find, of_count, of_text
from admin.cli.commands import command
from admin.cli.exact_json import Json
from admin.cli.listing import Listing, show_list
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


def _price(field: str) -> Callable[[Json, tzinfo | None], Cell]:
    """US dollars per million tokens; one token's is in pico-USD."""

    def cell(model: Json, zone: tzinfo | None) -> Cell:
        pico_usd = find(model, f"price.{field}")
        return NOTHING if pico_usd is None else Cell(usd(Decimal(pico_usd).scaleb(-6)))

    return cell


_COLUMNS = (
    of_text("ID", "id"),
    of_text("BY", "owned_by", optional=True),
    of_count("MOST OUTPUT", "capabilities.max_output_tokens", optional=True),
    ShownColumn(Column("CAN", shrinks=True, optional=True), _abilities),
)

_PRICED_COLUMNS = (
    _COLUMNS[0],
    ShownColumn(Column("$ A MILLION IN", right=True), _price("input")),
    ShownColumn(Column("OUT", right=True), _price("output")),
    *_COLUMNS[1:],
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
    """List the catalogue with its prices; or, with a key, what that key may call."""
    if as_key or api_key_file is not None:
        page = session.client_as_key(api_key_file).get("/models")
        nothing = "No models: the key's and its tenant's lists allow none."
        show_list(session, listing, _after(page, listing), _COLUMNS, nothing)
    else:
        page = session.client.get(path_of("models"))
        show_list(session, listing, _after(page, listing), _PRICED_COLUMNS, "No models: Bedrock lists none.")


def _after(page: Json, listing: Listing) -> Iterator[Json]:
    """Both lists come as one page: `--after` is looked up in it."""
    found: list[Json] = page["data"]
    ids = [each["id"] for each in found]
    return iter(found[ids.index(listing.after) + 1 if listing.after in ids else 0 :])
