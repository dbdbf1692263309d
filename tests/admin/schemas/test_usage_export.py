from __future__ import annotations

import csv
import io
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from admin.schemas.csv_lines import to_csv_line
from admin.schemas.usage_export import COLUMNS, ExportQuery, to_csv_row, to_ndjson_line, to_row
from tenants.corrections import correction_id
from tenants.event_order import Period
from tests.tenants.samples import NOW, NOW_MS
from tests.tenants.usage_samples import a_request

EVENT = a_request(NOW_MS + 250)


def read_csv(*lines: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(lines).decode(), newline="")))


def test_a_row_says_what_the_request_used_and_cost() -> None:
    assert to_row(EVENT) == {
        "request_id": EVENT.call.request_id,
        "api_key_id": "key_1",
        "project_id": "proj_1",
        "user_id": "user_1",
        "operation": "chat",
        "model": "claude",
        "bedrock_model": "us.anthropic.claude",
        "started_at": NOW,
        "status": "ok",
        "input_tokens": 13,
        "input_cached_tokens": 2,
        "input_cache_write_tokens": 1,
        "input_cache_write_1h_tokens": 0,
        "output_tokens": 5,
        "cost_pico_usd": 7,
    }


def test_an_unknown_cost_is_null_or_an_empty_cell_and_not_zero() -> None:
    row = to_row(a_request(NOW_MS, cost=None))
    assert orjson.loads(to_ndjson_line(row))["cost_pico_usd"] is None
    assert read_csv(to_csv_row(row))[0][-1] == ""


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_comes_back_from_a_csv_and_begins_no_formula(text: str) -> None:
    row = to_row(replace(EVENT, call=replace(EVENT.call, user_id=text)))
    header, cells = read_csv(to_csv_line(COLUMNS), to_csv_row(row))
    cell = dict(zip(header, cells, strict=True))["user_id"]
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == text
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+1", "-1", " =1", "\t=1", "＝1"])
def test_a_formula_is_a_text(text: str) -> None:
    row = to_row(replace(EVENT, call=replace(EVENT.call, model=text)))
    assert read_csv(to_csv_row(row))[0][COLUMNS.index("model")] == f"'{text}"


def test_a_negative_number_of_a_correction_stays_one() -> None:
    row = to_row(replace(EVENT, settlement=replace(EVENT.settlement, cost_pico_usd=-5)))
    assert read_csv(to_csv_row(row))[0][-1] == "-5"


def test_nothing_after_now_is_exported() -> None:
    asked = ExportQuery(start_time=NOW, end_time=NOW + 10)
    assert asked.to_question(NOW_MS + 60_000).period == Period(NOW_MS, NOW_MS + 10_000)
    assert asked.to_question(NOW_MS + 5).period == Period(NOW_MS, NOW_MS + 5)
    assert ExportQuery(start_time=NOW).to_question(NOW_MS + 5).period == Period(NOW_MS, NOW_MS + 5)


@pytest.mark.parametrize("after", [EVENT.call.request_id, correction_id(EVENT.call.request_id, 1)])
def test_any_rows_id_is_a_cursor(after: str) -> None:
    assert ExportQuery(start_time=NOW, after=after).to_question(NOW_MS).after == after


@pytest.mark.parametrize("after", ["", "key_1", "req_short", "req_" + "é" * 16, "req_" + "a" * 200])
def test_what_is_no_rows_id_is_no_cursor(after: str) -> None:
    with pytest.raises(ValidationError, match="after"):
        ExportQuery(start_time=NOW, after=after)
