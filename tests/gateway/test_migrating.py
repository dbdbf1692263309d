from __future__ import annotations

import pytest

from gateway.migrating import check_tables, migrate_tables
from migrations.catalog import discover
from migrations.errors import TableMismatch
from migrations.runner import Outcome
from tenants.tables import TableNames
from tests.engines import ACCESS_KEY, REGION, SECRET_KEY

VERSIONS = tuple(step.version for step in discover())
CLIENTS = pytest.mark.parametrize("http_client", ["lean", "aiohttp"])


@pytest.fixture
def environ(dynoxide_endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_DYNAMODB": dynoxide_endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> None:
    """botocore's credential providers read the process's own environment."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)


@CLIENTS
def test_tables_are_made_once_and_nothing_is_missing_then(
    environ: dict[str, str], table_names: TableNames, http_client: str
) -> None:
    lines: list[str] = []
    assert len(check_tables(table_names.prefix, environ, http_client=http_client)) == 3
    made = migrate_tables(table_names.prefix, environ, lines.append, http_client=http_client)
    assert made == Outcome(VERSIONS, ())
    assert f"{table_names.core}: created" in lines
    assert check_tables(table_names.prefix, environ, http_client=http_client) == []
    again = migrate_tables(table_names.prefix, environ, lines.append, http_client=http_client)
    assert again == Outcome((), VERSIONS)


def test_tables_of_others_are_never_made(environ: dict[str, str], table_names: TableNames) -> None:
    with pytest.raises(TableMismatch, match="the owner of the tables has to make it"):
        migrate_tables(table_names.prefix, environ, lambda line: None, http_client="lean", external=True)
    assert f"{table_names.core}: does not exist" in check_tables(table_names.prefix, environ, http_client="lean")
