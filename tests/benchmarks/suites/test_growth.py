"""Steps of the interpreter, which the gate counts."""

from __future__ import annotations

import json
from functools import partial
from itertools import cycle

import pytest

from benchmarks import __main__ as command
from benchmarks.suites import growth
from benchmarks.suites.growth import count_steps


def _add(size: int) -> int:
    return sum(number * number for number in range(size))


def test_steps_are_the_same_on_every_run() -> None:
    """And more work is more of them."""
    few, again, more = (count_steps(partial(_add, size)) for size in (10, 10, 100))
    assert few == again
    assert more > few > 0


@pytest.mark.parametrize(("large", "code"), [(1, 0), (3, 1)])
def test_the_gate_holds_growth_to_its_budgets(
    large: int, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it counts is given here: to count takes seconds, and `npm run check` does it beside the tests."""
    steps = cycle([large, 1])
    monkeypatch.setattr(growth, "count_steps", lambda _: next(steps))
    assert command.main(["--quick", "--only", "growth", "--json"]) == code
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert len(figures) == 4
    assert {figure["value"] for figure in figures} == {large}
