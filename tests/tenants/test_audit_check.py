"""Whatever somebody does to the rows of the trail: what is found of it, and what cannot be."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.audit_chain import Head, entry_hash, head_of, linked
from tenants.audit_check import ProblemKind, TrailCheck, Verdict, check_rows, in_both
from tests.tenants.audit_rows import Row, a_chain, an_entry, head_at, stored
from tests.tenants.samples import MONTH, NOW_MS

Tampering = Callable[[list[Row]], None]


def a_trail() -> list[Row]:
    """Two chains; the second one's first entry saw four entries of the first."""
    first = a_chain("wr_1", 6)
    return [*first, *a_chain("wr_2", 3, [head_at(first, 3)], first=10)]


def kinds(verdict: Verdict) -> set[ProblemKind]:
    return {each.kind for each in verdict.problems}


def rehash(row: Row) -> None:
    row["hash"] = entry_hash(row)


def relink(rows: list[Row]) -> list[Row]:
    """The same entries as a chain that is right in itself: what an attacker with the whole table can make."""
    made: list[Row] = []
    head: Head | None = None
    for row in rows:
        entry = {name: value for name, value in row.items() if name not in ("writer", "number", "previous", "hash")}
        made.append(linked(entry, "wr_1", head))
        head = head_of(made[-1])
    return made


def test_a_trail_as_it_was_written_is_intact_in_whatever_order_it_is_read() -> None:
    rows = a_trail()
    expected = check_rows(rows)
    assert (expected.entries, expected.problems) == (9, ())
    assert expected.heads == (head_at(rows, 5), head_at(rows, 8))
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        assert check_rows(rows) == expected


def change_a_field(rows: list[Row]) -> None:
    rows[2]["after"] = "{}"


def change_and_rehash(rows: list[Row]) -> None:
    rows[2]["after"] = "{}"
    rehash(rows[2])


def add_an_attribute(rows: list[Row]) -> None:
    rows[2]["note"] = "x"


def delete_one(rows: list[Row]) -> None:
    del rows[2]


def delete_the_first(rows: list[Row]) -> None:
    del rows[0]


def delete_and_renumber(rows: list[Row]) -> None:
    del rows[2]
    for row in rows[2:5]:
        row["number"] -= 1
        rehash(row)


def cut_off_a_seen_end(rows: list[Row]) -> None:
    del rows[3:6]


def delete_a_seen_chain(rows: list[Row]) -> None:
    del rows[:6]


def insert_a_double(rows: list[Row]) -> None:
    rows.append(stored(linked(an_entry(99), "wr_1", head_at(rows, 1))))


def insert_without_a_chain(rows: list[Row]) -> None:
    rows.append(stored(an_entry(99)))


def insert_an_unreadable_one(rows: list[Row]) -> None:
    rows.append({"pk": MONTH, "sk": "audit_x"})


def exchange_two(rows: list[Row]) -> None:
    for name in ("id", "sk", "at_ms"):
        rows[1][name], rows[2][name] = rows[2][name], rows[1][name]
    rehash(rows[1])
    rehash(rows[2])


def exchange_numbers(rows: list[Row]) -> None:
    rows[1]["number"], rows[2]["number"] = rows[2]["number"], rows[1]["number"]
    rehash(rows[1])
    rehash(rows[2])


def move_to_another_month(rows: list[Row]) -> None:
    rows[2]["pk"] = "2026-10"


def store_under_another_id(rows: list[Row]) -> None:
    rows[2]["sk"] = "audit_0"


def rewrite_a_seen_chain(rows: list[Row]) -> None:
    rows[2]["after"] = "{}"
    rows[:6] = relink(rows[:6])


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (change_a_field, ProblemKind.CHANGED),
        (change_and_rehash, ProblemKind.BROKEN_LINK),
        (add_an_attribute, ProblemKind.CHANGED),
        (delete_one, ProblemKind.MISSING),
        (delete_the_first, ProblemKind.MISSING),
        (delete_and_renumber, ProblemKind.BROKEN_LINK),
        (cut_off_a_seen_end, ProblemKind.CUT_OFF),
        (delete_a_seen_chain, ProblemKind.CUT_OFF),
        (insert_a_double, ProblemKind.INSERTED),
        (insert_without_a_chain, ProblemKind.UNCHAINED),
        (insert_an_unreadable_one, ProblemKind.UNCHAINED),
        (exchange_two, ProblemKind.BROKEN_LINK),
        (exchange_numbers, ProblemKind.BROKEN_LINK),
        (move_to_another_month, ProblemKind.MISPLACED),
        (store_under_another_id, ProblemKind.MISPLACED),
        (rewrite_a_seen_chain, ProblemKind.CHANGED),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_tampering_is_found(tamper: Tampering, found: ProblemKind) -> None:
    rows = a_trail()
    tamper(rows)
    assert found in kinds(check_rows(rows))


@given(st.integers(0, 8), st.sampled_from(["id", "at_ms", "action", "after", "number", "writer", "hash", "previous"]))
def test_no_attribute_of_any_entry_can_be_changed_or_taken_away_unseen(index: int, name: str) -> None:
    for value in ("x", 5, None):
        rows = a_trail()
        if rows[index].get(name) == value:
            continue
        rows[index][name] = value
        if value is None:
            del rows[index][name]
        if rows[index] != a_trail()[index]:
            assert check_rows(rows).problems


def test_several_entries_that_are_missing_are_one_problem_that_says_where() -> None:
    rows = a_trail()
    del rows[1:3]
    (problem,) = check_rows(rows).problems
    assert (problem.kind, problem.writer, problem.number) == (ProblemKind.MISSING, "wr_1", 2)
    assert problem.text == "Entries 2 to 3 of wr_1 are not there."


@pytest.mark.parametrize("tamper", [lambda rows: rows[6:], lambda rows: rows[:5] + rows[6:], lambda rows: rows[:8]])
def test_heads_kept_elsewhere_tell_what_is_cut_off_where_no_witness_does(
    tamper: Callable[[list[Row]], list[Row]],
) -> None:
    rows = [*a_chain("wr_1", 6), *a_chain("wr_2", 3, first=10)]
    left = tamper(rows)
    kept = [head_at(rows, 5), head_at(rows, 8)]
    assert check_rows(left).problems == ()  # nothing in the table can tell
    assert kinds(check_rows(left, kept)) == {ProblemKind.CUT_OFF}
    assert check_rows(rows, kept).problems == ()


def test_heads_kept_elsewhere_tell_that_the_whole_table_was_rewritten() -> None:
    rows = a_chain("wr_1", 6)
    kept = [head_at(rows)]
    rows[2]["after"] = "{}"
    rewritten = relink(rows)
    assert check_rows(rewritten).problems == ()
    assert kinds(check_rows(rewritten, kept)) == {ProblemKind.CHANGED}


def test_what_was_before_a_moment_is_not_judged_and_what_was_later_is() -> None:
    rows = a_chain("wr_1", 6)
    since_ms = NOW_MS + 3

    def problems(left: list[Row], kept: tuple[Head, ...] = ()) -> set[ProblemKind]:
        check = TrailCheck(since_ms)
        for row in left:
            check.take(row)
        for head in kept:
            check.witness(head)
        return kinds(check.verdict())

    assert problems(rows[3:]) == set()
    assert problems(rows[2:]) == set()
    assert problems([rows[0], *rows[2:]]) == set()
    assert problems(rows[3:], (head_at(rows, 1), head_at(a_chain("wr_3", 1)))) == set()
    assert problems([rows[3], rows[5]]) == {ProblemKind.MISSING}
    assert problems(rows[3:5], (head_at(rows, 5),)) == {ProblemKind.CUT_OFF}


def test_lists_of_tenants_and_entries_have_to_agree() -> None:
    check = TrailCheck()
    check.unlisted("audit_1", "proj_1")
    check.listed_alone("audit_2", "proj_1")
    assert kinds(check.verdict()) == {ProblemKind.UNLISTED, ProblemKind.MISSING}


def test_what_only_one_of_two_readings_found_was_written_meanwhile() -> None:
    rows = a_trail()
    racing, broken = check_rows(rows[:1] + rows[2:]), check_rows(rows)
    assert in_both(racing, broken).problems == ()
    assert in_both(racing, replace(broken, problems=racing.problems)).problems == racing.problems
