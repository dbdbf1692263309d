"""Figures as a table that reads well as Markdown and on a terminal. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bench.budgets import Figure

_HEADINGS = ("figure", "unit", "floor", "gateway", "spread", "compared", "must", "aim", "verdict")


def to_table(figures: Sequence[Figure]) -> str:
    """A Markdown table, its columns padded to one width."""
    rows = [_HEADINGS, *(_to_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def _to_row(figure: Figure) -> tuple[str, ...]:
    budget = figure.budget
    return (
        figure.name,
        figure.unit,
        _to_cell(figure.floor),
        _to_cell(figure.gateway),
        "-" if figure.spread is None else f"{figure.spread:.0%}",
        _to_cell(figure.compared),
        _to_cell(budget.must if budget else None),
        _to_cell(budget.aim if budget else None),
        figure.verdict.value,
    )


def _to_cell(number: float | None) -> str:
    """Three significant digits, and no exponent."""
    if number is None:
        return "-"
    return f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}"
