"""The plot of a run."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from benchmarks.measuring.figures import Figure
from benchmarks.report import plot
from benchmarks.suites import cpu


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
