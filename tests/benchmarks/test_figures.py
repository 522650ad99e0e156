"""Figures, their budgets, and the table, results and plot that are made of them."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import __main__ as command
from benchmarks import cpu, machine, plot, publishing
from benchmarks.figures import Budget, Figure, missed, number_text, table
from benchmarks.measuring import Spread, interleaved, percentile

MET = Figure("Topic", "calls", 120, budget=Budget(160))
MISSED = Figure("Topic", "speed", 1.6, "times", 1.5, 1.7, Budget(5, at_most=False), "it rained")


def test_a_budget_is_met_up_to_its_limit() -> None:
    """At most and at least, the limit included."""
    assert Budget(0.2).met(0.2)
    assert not Budget(0.2).met(0.201)
    assert Budget(8, at_most=False).met(8)
    assert not Budget(8, at_most=False).met(7.9)
    assert not Budget(8).met(float("nan"))


def test_what_misses_its_budget_is_found() -> None:
    """A figure without a budget misses none."""
    assert missed([MET, MISSED, Figure("Topic", "size", 3)]) == [MISSED]


@pytest.mark.parametrize(("figures", "code"), [([MET], 0), ([MET, MISSED], 1)])
def test_the_exit_code_tells_of_a_missed_budget(
    figures: list[Figure], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And so do the last lines."""
    monkeypatch.setattr(publishing, "count_calls", lambda: figures)
    assert command.main(["--quick", "--only", "calls", "--json"]) == code
    said = capsys.readouterr()
    assert json.loads(said.out)["figures"][0]["value"] == 120
    assert ("missed: Topic, speed: 1.6, the budget is ≥ 5" in said.err) == bool(code)


def test_what_cannot_be_measured_fails_and_keeps_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are measured all the same."""

    def broken() -> list[Figure]:
        raise OSError("no such tool")

    monkeypatch.setattr(publishing, "count_calls", broken)
    monkeypatch.setattr("benchmarks.growth.by_steps", lambda: [MET])
    assert command.main(["--quick", "--only", "calls", "--only", "growth"]) == 1
    said = capsys.readouterr()
    assert "calls could not be measured: no such tool" in said.err
    assert "| calls | 120 |  | ≤ 160 | met |" in said.out


def test_results_hold_the_figures_the_table_and_the_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three files, and each can be read; in the README the table of the budgets is replaced."""
    readme = tmp_path / "README.md"
    readme.write_text(f"Before\n{command.MARKS[0]}old\n{command.MARKS[1]}After\n")
    monkeypatch.setattr(command, "README", readme)
    monkeypatch.setattr(command, "RESULTS", tmp_path)
    figures = [MET, MISSED, Figure(cpu.TOPIC, "no match: a < b & c", 3.5, "µs")]
    command._write({"machine": machine.describe(), "figures": [each.as_json() for each in figures]}, figures)
    written = json.loads((tmp_path / "latest.json").read_text())
    assert [figure.get("met") for figure in written["figures"]] == [True, False, None]
    assert "**missed**; it rained" in (tmp_path / "latest.md").read_text()
    shown = readme.read_text()
    assert shown.startswith("Before\n")
    assert shown.endswith("After\n")
    assert "| calls | 120 |" in shown
    assert "old" not in shown
    assert "a < b" not in shown
    drawn = ET.parse(tmp_path / "latest.svg").getroot()  # noqa: S314 - we wrote it
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"


def test_the_plot_has_a_bar_for_each_contender_and_none_for_a_ratio() -> None:
    """Ratios are in the table."""
    figures = [
        Figure(cpu.TOPIC, "no match: product alerts", 0.5, "µs"),
        Figure(cpu.TOPIC, "no match: Powertools", 25, "µs"),
        Figure(cpu.TOPIC, "no match: Powertools, of product alerts", 50, "times"),
    ]
    root = ET.fromstring(plot.svg(figures))  # noqa: S314 - we wrote it
    bars = root.findall("{http://www.w3.org/2000/svg}rect[@class]")
    assert [bar.get("class") for bar in bars] == ["ours", "peer"]
    assert float(bars[1].get("width", 0)) > 20 * float(bars[0].get("width", 0))


def test_a_table_a_topic() -> None:
    """Median, quartiles, budget and verdict stand side by side."""
    text = table([MET, MISSED])
    assert text.count("### Topic") == 1
    assert "| speed | 1.6 times | 1.5 to 1.7 | ≥ 5 | **missed**; it rained |" in text


@pytest.mark.parametrize(("value", "text"), [(120, "120"), (1234.5, "1,234"), (0.04456, "0.0446"), (7.0, "7")])
def test_numbers_have_three_digits(value: float, text: str) -> None:
    """Enough to compare, and no more than was measured."""
    assert number_text(value) == text


def test_contenders_take_turns_and_are_compared_round_by_round() -> None:
    """A round that is slow for all changes no ratio."""
    order: list[str] = []
    now = 0.0

    def clock() -> float:
        return now

    def run(name: str, seconds: float) -> None:
        nonlocal now
        order.append(name)
        now += seconds * (10 if len(order) > 4 else 1)

    seconds = interleaved({"a": lambda: run("a", 1), "b": lambda: run("b", 2)}, 3, clock, repeat=False)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert seconds["b"].over(seconds["a"]).values == (2, 2, 2)


def test_spread_and_percentiles() -> None:
    """Quartiles, and the value that so many percent do not exceed."""
    spread = Spread((4, 1, 3, 2, 5))
    assert (spread.median, spread.low, spread.high) == (3, 1.5, 4.5)
    assert percentile(range(1, 101), 99) == 100
    assert percentile([7], 50) == 7


def test_the_machine_is_described_without_saying_whose_it_is() -> None:
    """No host name, no user, no path."""
    described = machine.describe()
    assert {"CPU", "cores", "Python"} <= set(described)
    assert not any("/" in value for value in described.values())
