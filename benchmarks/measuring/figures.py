"""What was measured, and the budgets that it is held against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.measuring.timing import Spread


@dataclass(frozen=True)
class Budget:
    """A limit that a figure must keep; DESIGN's words for it."""

    limit: float
    at_most: bool = True

    def met(self, value: float) -> bool:
        """Tell whether a value keeps it; one that is not a number does not."""
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {number_text(self.limit)}"


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    topic: str
    name: str
    value: float
    unit: str = ""
    """Empty for a ratio or a count."""
    low: float | None = None
    high: float | None = None
    """Quartiles over the rounds."""
    budget: Budget | None = None
    note: str = ""

    @classmethod
    def of(
        cls, topic: str, name: str, spread: Spread, unit: str = "", *, budget: Budget | None = None, note: str = ""
    ) -> Figure:
        """Take the median and the quartiles of several rounds."""
        return cls(topic, name, spread.median, unit, spread.low, spread.high, budget, note)

    @property
    def met(self) -> bool | None:
        """Whether the budget is met; None where the figure has no budget."""
        return None if self.budget is None else self.budget.met(self.value)

    def as_json(self) -> dict[str, Any]:
        """Give the figure as a JSON object."""
        budget = None if self.budget is None else {"limit": self.budget.limit, "atMost": self.budget.at_most}
        found = {
            "topic": self.topic, "name": self.name, "value": self.value, "unit": self.unit, "low": self.low,
            "high": self.high, "budget": budget, "met": self.met, "note": self.note,
        }  # fmt: skip
        return {key: value for key, value in found.items() if value not in (None, "")}


def missed(figures: Iterable[Figure]) -> list[Figure]:
    """List the figures that miss their budgets."""
    return [figure for figure in figures if figure.met is False]


def table(figures: Iterable[Figure]) -> str:
    """Write the figures as a Markdown table a topic."""
    lines: list[str] = []
    topic = None
    for figure in figures:
        if figure.topic != topic:
            topic = figure.topic
            lines += [
                "",
                f"### {topic}",
                "",
                "| what | median | quartiles | budget | |",
                "| --- | ---: | ---: | ---: | --- |",
            ]
        spread = ""
        if figure.low is not None and figure.high is not None:
            spread = f"{number_text(figure.low)} to {number_text(figure.high)}"
        verdict = {True: "met", False: "**missed**", None: ""}[figure.met]
        remark = "; ".join(filter(None, (verdict, figure.note)))
        value = f"{number_text(figure.value)} {figure.unit}".strip()
        lines.append(f"| {figure.name} | {value} | {spread} | {figure.budget or ''} | {remark} |")
    return "\n".join(lines).strip() + "\n"


def number_text(value: float) -> str:
    """Write a number with three digits that count, and none after the point from a hundred on."""
    if value == int(value) or abs(value) >= 100:  # noqa: PLR2004
        return f"{value:,.0f}"
    return f"{value:.3g}"
