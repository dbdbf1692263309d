from __future__ import annotations

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.operations.bulk_keys import BulkRow, IssuedRow
from admin.operations.issued_keys import KeyDraft, ServiceAccountOwner, UserOwner
from admin.schemas.bulk_keys import COLUMNS, MOST_ROWS, OUTPUT_COLUMNS, parse_bulk, to_output_line
from tenants.errors import InvalidArgument
from tenants.limits import BudgetMode, Currency, Interval, RateLimit, SpendLimit
from tenants.permissions import ModelPermissions, PermissionMode

FULL = (
    "name,user_id,user_name,email,expires_in_seconds,models,monthly_budget_usd,daily_budget_usd,monthly_budget_tokens,"
    "daily_budget_tokens,max_requests_per_1_minute,max_tokens_per_1_minute,max_parallel_requests,budget_mode\n"
    "Anna's laptop,anna,Anna,anna@example.org,3600,amazon.nova-* us.meta.*,50,2.5,1000000,2000,60,10000,4,clamp\n"
)


def refusal(text: str | bytes) -> InvalidArgument:
    with pytest.raises(InvalidArgument) as raised:
        parse_bulk(text.encode() if isinstance(text, str) else text)
    return raised.value


def test_every_column_of_a_key_is_read() -> None:
    (row,) = parse_bulk(FULL.encode())
    assert row == BulkRow(2, row.draft)
    draft = row.draft
    assert (draft.name, draft.expires_in_seconds) == ("Anna's laptop", 3600)
    assert draft.owner == UserOwner("anna", "Anna", "anna@example.org")
    assert draft.models == ModelPermissions(PermissionMode.ALLOW_LIST, ("amazon.nova-*", "us.meta.*"))
    assert set(draft.limits.spend) == {
        SpendLimit(Interval.MONTH, Currency.USD, 50 * 10**12),
        SpendLimit(Interval.DAY, Currency.USD, 25 * 10**11),
        SpendLimit(Interval.MONTH, Currency.TOKENS, 1_000_000),
        SpendLimit(Interval.DAY, Currency.TOKENS, 2000),
    }
    assert draft.limits.rates == (RateLimit(None, 60, 10_000, 4),)
    assert draft.limits.budget_mode is BudgetMode.CLAMP
    assert set(FULL.splitlines()[0].split(",")) == set(COLUMNS) - {"service_account_id"}


def test_a_key_may_be_a_service_account_s() -> None:
    (row,) = parse_bulk(b"service_account_id,name\nsvc_acct_1,bot\n")
    assert row.draft.owner == ServiceAccountOwner("svc_acct_1")


@pytest.mark.parametrize(
    "body",
    [
        b"name\nx\ny\n",
        b"name\nx\ny",
        b"name\r\nx\r\ny\r\n",
        b"name\rx\ry\r",
        b"\xef\xbb\xbfname\nx\ny\n",
        b'"name"\n"x"\n"y"\n',
        b" name \n x \n y \n",
        b"name\nx\n\ny\n,\n",
    ],
    ids=["unix", "no end", "windows", "old mac", "byte order mark", "quoted", "blanks", "blank rows"],
)
def test_spreadsheets_write_csv_in_many_ways(body: bytes) -> None:
    assert [row.draft.name for row in parse_bulk(body)] == ["x", "y"]


def test_cells_hold_commas_quotes_and_rows_are_numbered_as_in_a_spreadsheet() -> None:
    rows = parse_bulk(b'name,email\n\n"x, ""y""",\nz,\n')
    assert [(row.number, row.draft.name) for row in rows] == [(3, 'x, "y"'), (4, "z")]


def test_an_empty_cell_is_an_absent_field() -> None:
    (row,) = parse_bulk(b"name,user_id,expires_in_seconds,models,monthly_budget_usd\nx,,,,\n")
    assert row.draft == KeyDraft("x", UserOwner())


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ("email,not an address", "email"),
        ("user_id,two words", "user_id"),
        ("user_name,bell\a", "user_name"),
        ("expires_in_seconds,0", "expires_in_seconds"),
        ("expires_in_seconds,-1", "expires_in_seconds"),
        ("expires_in_seconds,1e3", "expires_in_seconds"),
        ("expires_in_seconds,٣", "expires_in_seconds"),
        ("expires_in_seconds,99999999999999999999", "expires_in_seconds"),
        ("monthly_budget_usd,$50", "monthly_budget_usd"),
        ("monthly_budget_usd,0", "monthly_budget_usd"),
        ("monthly_budget_usd,1.234", "monthly_budget_usd"),
        ("monthly_budget_usd,1e9", "monthly_budget_usd"),
        ("daily_budget_usd,99999999999", "daily_budget_usd"),
        ("daily_budget_tokens,1.5", "daily_budget_tokens"),
        ("max_parallel_requests,0", "max_parallel_requests"),
        ("max_requests_per_1_minute,9999999999", "max_requests_per_1_minute"),
        ("budget_mode,maybe", "budget_mode"),
        ("service_account_id,svc_acct_!", "service_account_id"),
    ],
)
def test_a_cell_that_cannot_be_meant_is_named_by_row_and_column(cells: str, column: str) -> None:
    header, _, cell = cells.partition(",")
    fault = refusal(f"name,{header}\nx,\ny,{cell}\n")
    assert fault.message.startswith(f"Row 3, column '{column}': ")
    assert fault.param == f"rows[3].{column}"


def test_a_row_without_a_name_is_named() -> None:
    assert refusal("name,user_id\n,anna\n").param == "rows[2].name"


def test_a_person_s_key_is_not_a_service_account_s() -> None:
    fault = refusal("name,user_id,service_account_id\nx,anna,svc_acct_1\n")
    assert fault.param == "rows[2].user_id"


def test_all_rows_are_looked_at_before_any_is_refused() -> None:
    said = refusal("name,email\nx,bad\ny,a@b\nz,bad\n").message
    assert said.startswith("No key was made.")
    assert "Row 2, column 'email'" in said
    assert "Row 4, column 'email'" in said


def test_of_many_faults_the_first_are_told() -> None:
    said = refusal("name,email\n" + "x,bad\n" * 500).message
    assert said.count("column 'email'") == 10
    assert said.endswith("And 490 more rows.")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "name the columns"),
        (b"\n\n", "name the columns"),
        (b"name\n", "no row"),
        (b"name\n,\n", "no row"),
        (b"user_id\nanna\n", "'name' among them"),
        (b"name,name\nx,y\n", "twice"),
        (b"name,Name\nx,y\n", "Unknown column: 'Name'"),
        (b"name;email\nx;y\n", "Separate columns with commas"),
        (b"name\nx,y\n", "Row 2 has 2 cells, and the header 1"),
        (b"name,email\nx\n", "Row 2 has 1 cells, and the header 2"),
        (b'name\n"x\n', "Row 2 is not CSV"),
        (b'name\n"x"y\n', "Row 2 is not CSV"),
        (b"name\nx\0y\n", "NUL"),
        (b"name\n\xff\n", "UTF-8"),
        ("name\nx\n".encode("utf-16"), "UTF-8"),
        (b"name\n" + b"x\n" * (MOST_ROWS + 1), "more than 1,000 rows"),
        (b"name\n" + b"x" * 200_000 + b"\n", "Row 2 is not CSV"),
        (b"x" * 300 + b"\n", "Unknown column: '" + "x" * 64 + "'."),
    ],
)
def test_what_is_no_list_of_keys_is_refused_with_a_reason(body: bytes, says: str) -> None:
    assert says in refusal(body).message


def test_as_many_rows_as_are_allowed_are_taken() -> None:
    assert len(parse_bulk(b"name\n" + b"x\n" * MOST_ROWS)) == MOST_ROWS


@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"name,email\n{text}".encode("utf-8", "replace"))
)
def test_whatever_comes_is_keys_or_a_clear_refusal(body: bytes) -> None:
    with suppress(InvalidArgument):
        assert parse_bulk(body)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "＝1"])
def test_a_spreadsheet_takes_no_name_for_a_formula(name: str) -> None:
    row = BulkRow(2, KeyDraft(name, UserOwner()))
    (cells,) = csv.reader(io.StringIO(to_output_line(IssuedRow(row, error="x")).decode()))
    assert dict(zip(OUTPUT_COLUMNS, cells, strict=True))["name"] == f"'{name}"
