from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from admin.cli.table import Cell, Column, Style, Table, bar, coloured, fields_to_lines, to_lines
from admin.cli.text import width_of

COLUMNS = [Column("ID"), Column("NAME", shrinks=True), Column("TOKENS", right=True), Column("CREATED", optional=True)]
ROWS = [
    [Cell("key_1"), Cell("a name of some length, for one"), Cell("12"), Cell("2026-11-20 16:00")],
    [Cell("key_22"), Cell("田中"), Cell("1,234"), Cell("2026-11-20 16:00")],
]
TABLE = Table(COLUMNS, ROWS)
SGR = re.compile(r"\x1b\[[0-9]+m")


def test_columns_stand_below_each_other_and_numbers_at_their_right() -> None:
    assert to_lines(TABLE, None) == [
        "ID      NAME                            TOKENS  CREATED",
        "key_1   a name of some length, for one      12  2026-11-20 16:00",
        "key_22  田中                             1,234  2026-11-20 16:00",
    ]


def test_a_narrow_terminal_cuts_what_may_be_cut_before_it_leaves_a_column_out() -> None:
    assert to_lines(TABLE, 50)[1] == "key_1   a name of some …      12  2026-11-20 16:00"
    assert to_lines(TABLE, 40)[:2] == [
        "ID      NAME                      TOKENS",
        "key_1   a name of some length, …      12",
    ]


def test_the_narrowest_terminal_has_a_line_for_each_cell() -> None:
    assert to_lines(TABLE, 20)[:3] == ["ID      key_1", "NAME    a name of s…", "TOKENS  12"]


@given(
    st.lists(st.lists(st.text(max_size=60), min_size=4, max_size=4), max_size=8),
    st.integers(min_value=90, max_value=200),
)
def test_no_line_is_longer_than_the_terminal_and_fixed_columns_are_whole(texts: list[list[str]], width: int) -> None:
    rows = [[Cell(f"key_{len(text[0])}"), Cell(text[1]), Cell("7"), Cell(text[3])] for text in texts]
    lines = to_lines(Table(COLUMNS, rows), width)
    assert all(width_of(line) <= width for line in lines)
    assert all(any(row[0].text in line for line in lines) for row in rows)


def test_colours_change_no_column() -> None:
    rows = [[Cell("a", Style.GOOD), Cell("b"), Cell("1", Style.BAD), Cell("c")]]
    table = Table(COLUMNS, rows)
    painted = to_lines(table, None, coloured)
    assert "\x1b[32ma\x1b[0m" in painted[1]
    assert [SGR.sub("", line).rstrip() for line in painted] == to_lines(table, None)


def test_a_cell_cannot_drive_the_terminal() -> None:
    lines = to_lines(Table([Column("NAME")], [[Cell("\x1b[31mred\nnext")]]), None, coloured)
    assert lines[1] == "\\x1b[31mred\\x0anext"
    assert fields_to_lines([("Name", Cell("a\x07"))]) == ["Name  a\\x07"]


def test_a_bar_is_empty_for_nothing_only_and_never_longer_than_the_whole() -> None:
    assert [bar(0, 10), bar(0.001, 10), bar(10, 10), bar(20, 10), bar(1, 0)] == ["", "█", "█" * 20, "█" * 20, ""]
