"""`sluice`: the command line."""

from __future__ import annotations

import json
import os
import secrets
import sys
from enum import StrEnum
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from admin.cli.app import remote
from admin.cli.audit import trail
from gateway.audit_cli import audit
from gateway.ledger_cli import ledger

app = typer.Typer(
    name="sluice",
    help="An OpenAI-compatible, key-managed gateway for Amazon Bedrock.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
generate = typer.Typer(help="Make the secrets that a deployment needs.", no_args_is_help=True)
app.add_typer(generate, name="generate")
prices = typer.Typer(help="What models cost.", no_args_is_help=True)
app.add_typer(prices, name="prices")
app.add_typer(ledger, name="ledger")
app.add_typer(remote)
audit.add_typer(trail)
app.add_typer(audit, name="audit")


class BedrockChoice(StrEnum):
    SIMULATOR = "simulator"
    AWS = "aws"


class EngineChoice(StrEnum):
    AUTO = "auto"
    DYNOXIDE = "dynoxide"
    MOTO = "moto"


class HttpClient(StrEnum):
    LEAN = "lean"
    AIOHTTP = "aiohttp"


@app.command()
def dev(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8080,
    data_dir: Annotated[Path, typer.Option(help="Folder that keeps keys, usage and secrets.")] = Path(".sluice"),
    bedrock: Annotated[
        BedrockChoice, typer.Option(help="Who answers: the simulator, or Amazon Bedrock with your AWS credentials.")
    ] = BedrockChoice.SIMULATOR,
    engine: Annotated[
        EngineChoice, typer.Option(help="The local DynamoDB: dynoxide keeps its data, moto forgets it.")
    ] = EngineChoice.AUTO,
    ready_file: Annotated[
        Path | None, typer.Option(help="File that gets one JSON object once requests are served, for scripts.")
    ] = None,
) -> None:
    """Run everything on this machine: DynamoDB engine, Bedrock simulator, gateway and admin API on one port."""
    from gateway.local.dev import DevOptions, run_dev
    from gateway.local.failures import LOCAL_FAILURES

    options = DevOptions(host, port, data_dir, bedrock.value, engine.value, ready_file)
    try:
        run_dev(options, os.environ)
    except LOCAL_FAILURES as error:
        _fail(str(error))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [SLUICE_HOST, 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port. [SLUICE_PORT, 8080]")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; one per core is best.")] = 1,
) -> None:
    """Serve with settings from the environment, against DynamoDB and Bedrock as AWS's own variables name them."""
    from awswire.credentials import CredentialsUnavailable
    from awswire.endpoints import EndpointUnknown
    from gateway.aws import connect
    from gateway.predecessor import understand
    from gateway.serving import AddressTaken, bind, reachable
    from gateway.serving import serve as serve_forever
    from gateway.settings import Settings, SettingsError

    try:
        understood = understand(os.environ)
        settings = Settings.from_env(understood.environ)
        connect(settings, os.environ)  # what is wrong with AWS's variables is said once, not by every worker
        listener = bind(host or settings.host, settings.port if port is None else port)
    except (SettingsError, CredentialsUnavailable, EndpointUnknown, AddressTaken) as error:
        _fail(str(error))
    for saying in understood.sayings:  # once, not by every worker
        typer.echo(saying, err=True)
    base_url = f"http://{reachable(host or settings.host)}:{listener.getsockname()[1]}/v1"
    typer.echo(f"Sluice {installed_version('sluice')} serves {base_url}", err=True)
    serve_forever(settings, listener, workers)


@app.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; say what is missing, and exit 1.")] = False,
    table_prefix: Annotated[
        str, typer.Option(envvar="SLUICE_TABLE_PREFIX", help="The tables are PREFIX-core, PREFIX-usage, PREFIX-audit.")
    ] = "sluice",
    http_client: Annotated[
        HttpClient, typer.Option(envvar="SLUICE_HTTP_CLIENT", help="aiohttp also honours HTTPS_PROXY.")
    ] = HttpClient.LEAN,
    external_tables: Annotated[
        bool,
        typer.Option(
            "--external-tables", help="Others own the tables, Terraform for one: compare, never make or alter."
        ),
    ] = False,
) -> None:
    """Bring the DynamoDB tables up to this version. Safe to repeat, and to run from several places at once."""
    from awswire.credentials import CredentialsUnavailable
    from awswire.dynamodb import DynamoDbError
    from awswire.endpoints import EndpointUnknown
    from gateway.migrating import check_tables, migrate_tables
    from migrations.errors import MigrationError

    try:
        if check:
            missing = check_tables(table_prefix, os.environ, http_client=http_client.value)
            typer.echo("\n".join(missing) or "Nothing is missing.")
            raise typer.Exit(1 if missing else 0)
        outcome = migrate_tables(
            table_prefix, os.environ, typer.echo, http_client=http_client.value, external=external_tables
        )
    except (CredentialsUnavailable, DynamoDbError, EndpointUnknown, MigrationError) as error:
        _fail(str(error))
    typer.echo(f"{len(outcome.applied)} applied, {len(outcome.already_done)} done before.")


@generate.command("pepper")
def generate_pepper() -> None:
    """A value for SLUICE_PEPPER. Keep it as you keep a private key: without it no issued key works."""
    from tenants.secret import new_pepper

    pepper_id, pepper = new_pepper(secrets.token_bytes)
    typer.echo(f"{pepper_id}:{pepper.hex()}")


@generate.command("admin-key")
def generate_admin_key() -> None:
    """A value for SLUICE_ADMIN_KEY, the first credential of the control plane."""
    from tenants.secret import new_admin_key

    typer.echo(new_admin_key(secrets.token_bytes).text)


@prices.command("show")
def show_price(
    model: Annotated[str, typer.Argument(help="A model id, an inference profile's id, or an ARN.")],
    region: Annotated[str, typer.Option(envvar="AWS_REGION", help="The region that is called.")] = "us-east-1",
    models_file: Annotated[
        Path | None,
        typer.Option(envvar="SLUICE_MODELS_FILE", help="Your file about models: its [[price]] rows win."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, in integer pico-USD per token.")] = False,
) -> None:
    """What a model costs on demand, as far as it is known; exit 1 where it is not."""
    from gateway.catalog.model_ids import base_id_of
    from gateway.catalog.model_rows import ModelFileError
    from gateway.catalog.operator_file import load_operator_file
    from gateway.catalog.price_listing import to_json, to_table
    from gateway.catalog.shipped_prices import price_table

    try:
        table = price_table(*load_operator_file(models_file).prices)
    except ModelFileError as error:
        _fail(str(error))
    price = table.find(model, base_id_of(model), region)
    if as_json:
        typer.echo(json.dumps(to_json(model, region, price)))
    else:
        lines = [f"No price of {model} in {region} is known."] if price is None else to_table(price)
        typer.echo("\n".join(lines))
    raise typer.Exit(1 if price is None else 0)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(installed_version("sluice"))


def _fail(message: str) -> NoReturn:
    typer.echo(f"sluice: {message}", err=True)
    sys.exit(2)


def main() -> None:
    app()
