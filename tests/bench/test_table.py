"""The table is Markdown, and shows three digits."""

from __future__ import annotations

from bench.budgets import Budget, Figure
from bench.table import to_table


def test_a_table_has_a_line_for_each_figure_and_columns_of_one_width() -> None:
    lines = to_table(
        [Figure("chat", "us", 812.34, 26.51, 30.64, Budget(30, 13), 0.123), Figure("memory", "MiB RSS", 65.04)]
    ).splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1
    assert [cell.strip() for cell in lines[2].strip("|").split("|")] == [
        "chat", "us", "26.5", "812", "12%", "30.6", "30", "13", "MISSED",
    ]  # fmt: skip
    assert [cell.strip() for cell in lines[3].strip("|").split("|")] == [
        "memory", "MiB RSS", "-", "65", "-", "-", "-", "-", "-",
    ]  # fmt: skip
