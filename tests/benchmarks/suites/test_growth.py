"""Steps of the interpreter, which the gate counts."""

from __future__ import annotations

from functools import partial

from benchmarks.suites.growth import by_steps, count_steps
from benchmarks.suites.publishing import count_calls


def _add(size: int) -> int:
    return sum(number * number for number in range(size))


def test_steps_are_the_same_on_every_run() -> None:
    """And more work is more of them."""
    few, again, more = (count_steps(partial(_add, size)) for size in (10, 10, 100))
    assert few == again
    assert more > few > 0


def test_the_budgets_that_a_busy_machine_cannot_change_are_met() -> None:
    """Calls and growth; sizes and instructions are for the gate, which has a package and perhaps a counter."""
    assert all(figure.met is not False for figure in (*count_calls(), *by_steps()))
