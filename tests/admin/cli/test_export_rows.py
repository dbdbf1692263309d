from __future__ import annotations

import csv
import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.cli.export_rows import ExportFormat, RowReader, request_id_of


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[begin:end] for begin, end in pairwise(ends)]


@given(
    st.lists(st.lists(st.text(), min_size=2, max_size=3), max_size=6),
    st.lists(st.integers(min_value=0, max_value=400)),
    st.booleans(),
)
def test_a_csv_is_cut_into_the_rows_that_were_written_wherever_its_bytes_are_cut(
    table: list[list[str]], cuts: list[int], broken_off: bool
) -> None:
    rows = []
    for cells in table:
        text = io.StringIO()
        csv.writer(text).writerow(["req_1", *cells])
        rows.append(text.getvalue().encode())
    data = b"".join(rows)
    if broken_off and rows:
        data, rows = data[:-1], rows[:-1]
    reader = RowReader(ExportFormat.CSV)
    assert [row for piece in pieces_of(data, cuts) for row in reader.feed(piece)] == rows


@given(st.lists(st.integers(min_value=0, max_value=60)))
def test_json_lines_are_cut_at_every_line_break(cuts: list[int]) -> None:
    data = b'{"request_id": "req_1", "model": "\\""}\n{"request_id": "req_2"}\n{"requ'
    reader = RowReader(ExportFormat.NDJSON)
    rows = [row for piece in pieces_of(data, cuts) for row in reader.feed(piece)]
    assert [request_id_of(row, ExportFormat.NDJSON) for row in rows] == ["req_1", "req_2"]


@pytest.mark.parametrize(
    ("row", "format"),
    [
        (b"request_id,api_key_id\r\n", ExportFormat.CSV),
        (b"\r\n", ExportFormat.CSV),
        (b"\xff\n", ExportFormat.CSV),
        (b"[1]\n", ExportFormat.NDJSON),
        (b"{}\n", ExportFormat.NDJSON),
        (b"no json\n", ExportFormat.NDJSON),
    ],
)
def test_a_header_and_what_is_no_row_have_no_cursor(row: bytes, format: ExportFormat) -> None:
    assert request_id_of(row, format) is None
