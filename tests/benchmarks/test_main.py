"""`python -m benchmarks`: its exit code, and the results that it writes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import __main__ as command
from benchmarks.measuring.figures import Figure
from benchmarks.report import machine
from benchmarks.suites import cpu, publishing
from tests.benchmarks.examples import MET, MISSED


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
    monkeypatch.setattr("benchmarks.suites.growth.by_steps", lambda: [MET])
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
