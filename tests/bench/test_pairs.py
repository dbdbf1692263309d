"""A figure stands only where the ledger has what was answered."""

from __future__ import annotations

import pytest

from bench import pairs
from bench.__main__ import main
from bench.answers import Answered
from bench.control import Books, Control, Key
from bench.load import Plan, Report
from bench.pairs import BooksWrong, Cost, Costs, run_booked
from bench.stack import Cores, Stack, Target

ANSWERED = Answered("alpha", "stop", input_tokens=9, output_tokens=2)
REPORT = Report(3, 1.0, 1.0, 2.0, 1.0, 2.0, ANSWERED)
PLAN = Plan(80, (b"",), 1, 3, "completion")


class FakeControl(Control):
    """Gives the books it was made with, one after the other."""

    def __init__(self, *books: Books) -> None:
        self._books = list(books)

    def read_books(self, keys: tuple[Key, ...]) -> Books:
        return self._books.pop(0)


def stack(*books: Books) -> Stack:
    target = Target("none", 0, 0)
    return Stack(Cores({0}, {0}), FakeControl(*books), (), target, target, 0)


@pytest.fixture(autouse=True)
def three_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run without processes: three answers, whatever the plan."""
    monkeypatch.setattr(pairs, "run", lambda stack, plan, pid: Cost(100.0, REPORT))


def test_books_that_grew_by_what_was_answered_are_right() -> None:
    assert run_booked(stack(Books(1, 9, 2), Books(4, 36, 8)), PLAN, ()) == Cost(100.0, REPORT)


@pytest.mark.parametrize("after", [Books(3, 36, 8), Books(4, 35, 8), Books(4, 36, 9), Books(4, 36, 8, in_flight=1)])
def test_books_that_grew_otherwise_fail_the_run(after: Books) -> None:
    with pytest.raises(BooksWrong):
        run_booked(stack(Books(1, 9, 2), after), PLAN, ())


def test_wrong_books_are_an_exit_status_and_a_missed_budget_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(what: str, cores: Cores) -> None:
        raise BooksWrong("the ledger has less")

    monkeypatch.setattr("bench.__main__._measure", fail)
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    assert main(["chat"]) == 1
    monkeypatch.setattr("bench.__main__._measure", lambda what, cores: [])
    assert main(["chat"]) == 0


def test_a_figure_is_the_median_and_its_spread_is_told() -> None:
    costs = Costs(tuple(Cost(cpu_us, REPORT) for cpu_us in (90.0, 130.0, 100.0)))
    assert (costs.cpu_us, costs.cpu_spread) == (100.0, 0.4)
