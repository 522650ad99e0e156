"""The CloudWatch dashboard, drawn from its own definition with the metrics of a played run.

The definition is that of the reviewed template in tests/snapshots/. Only what it uses of CloudWatch is understood.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from operations.settings.project import PROJECT
from scripts.pictures.emitted import PERIODS, EmittedMetrics
from scripts.pictures.shop import HOURS

TEMPLATE = PROJECT / "tests" / "snapshots" / "prod.json"
_FIRST_HOUR = 6
_SEARCH = re.compile(
    r"""FILL\(SEARCH\('\{(\w+),FunctionName,([\w,]+)\} MetricName="(\w+)" FunctionName="(.+?)"', 'Sum'\), 0\)"""
)
_LEFT_OUT = {"Type"}  # each rule has one
_QUOTIENT = re.compile(r"(\w+)/([0-9]+)")
_WIDTH, _HEIGHT, _LABELS = 214, 96, 118  # CSS pixels: the lines, and the room for their labels
_BETWEEN_LABELS = 13
_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "p50": lambda values: _percentile(values, 0.5),
    "p99": lambda values: _percentile(values, 0.99),
}
# Text contrast of 4.5:1 and more on each ground.
_LINES = {
    "light": ("#1d4ed8", "#92400e", "#047857", "#b91c1c", "#6d28d9", "#0e7490", "#9d174d", "#4d7c0f"),
    "dark": ("#8ab4f8", "#f5b74f", "#6ee7b7", "#ff8a80", "#c4b5fd", "#67e8f9", "#f9a8d4", "#bef264"),
}
_PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 16px; background: {ground}; color: {text}; font: 14px/20px -apple-system, "Segoe UI",
Roboto, Helvetica, Arial, sans-serif }}
main {{ display: grid; grid-template-columns: repeat(3, 1fr); gap: 12px }}
section {{ background: {card}; border: 1px solid {line}; border-radius: 4px; padding: 8px 12px }}
h1 {{ font-size: 20px; line-height: 28px; font-weight: 600; margin: 0 0 12px }}
h2 {{ font-size: 14px; font-weight: 600; margin: 0 0 4px }} svg {{ display: block }}
text {{ font-size: 12px; fill: {dim}; font-variant-numeric: tabular-nums }}
.grid {{ stroke: {line}; stroke-width: 1 }} polyline {{ fill: none; stroke-width: 1.5; stroke-linejoin: round }}
</style><h1>{title}</h1><main>{widgets}</main>
"""


class ChartLine(NamedTuple):
    """A line of a chart; None where there is no data."""

    label: str
    values: list[float | None]


def page(metrics: EmittedMetrics, scheme: str, palette: Mapping[str, str]) -> str:
    """Return the dashboard as HTML."""
    dashboard = json.loads(TEMPLATE.read_text("utf-8"))["Resources"]["Dashboard"]["Properties"]
    widgets = "".join(
        f"<section><h2>{html.escape(widget['properties']['title'])}</h2>"
        f"{_chart(list(lines(widget['properties']['metrics'], metrics)), scheme)}</section>"
        for widget in dashboard["DashboardBody"]["Fn::Sub"]["widgets"]
    )
    return _PAGE.format(title=html.escape(dashboard["DashboardName"]), widgets=widgets, **palette)


def lines(shown: Sequence[Sequence[Any]], metrics: EmittedMetrics) -> Iterator[ChartLine]:
    """Resolve the metrics of a widget: those that are named, found by a search, or computed."""
    named = {each[-1].get("id"): _named(each, metrics) for each in shown if isinstance(each[0], str)}
    for each in shown:
        if isinstance(each[0], str):
            if each[-1].get("visible", True):
                yield ChartLine(each[-1]["label"], _named(each, metrics))
            continue
        expression = each[0]["expression"]
        found = _SEARCH.fullmatch(expression)
        if found:
            yield from _searched(metrics, *found.groups())
            continue
        quotient = _QUOTIENT.fullmatch(expression)
        if not quotient:
            raise ValueError(f"the dashboard has an expression that this does not draw: {expression}")
        divisor = int(quotient[2])
        yield ChartLine(each[0]["label"], [None if value is None else value / divisor for value in named[quotient[1]]])


def _named(metric: Sequence[Any], metrics: EmittedMetrics) -> list[float | None]:
    namespace, name, dimension, value, options = metric
    found = metrics.values.get((namespace, name, frozenset({(dimension, value)})), {})
    return _points(found, options["stat"])


def _searched(metrics: EmittedMetrics, namespace: str, by: str, name: str, function: str) -> Iterator[ChartLine]:
    wanted = by.split(",")
    found = []
    for (each_namespace, each_name, dimensions), values in metrics.values.items():
        given = dict(dimensions)
        is_of_it = (each_namespace, each_name, given.pop("FunctionName", "")) == (namespace, name, function)
        if is_of_it and sorted(given) == sorted(wanted):
            label = " ".join(given[dimension] for dimension in wanted if dimension not in _LEFT_OUT)
            found.append(ChartLine(label, [value or 0 for value in _points(values, "Sum")]))
    yield from sorted(found)


def _points(values: Mapping[int, Sequence[float]], statistic: str) -> list[float | None]:
    return [_STATISTICS[statistic](values[period]) if values.get(period) else None for period in range(PERIODS)]


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def _chart(found: Sequence[ChartLine], scheme: str) -> str:
    """Draw lines from zero up over full hours, each labelled at its end."""
    highest = max((value for line in found for value in line.values if value is not None), default=0)
    top = _round_up(highest)
    drawn = [
        *(f'<line class="grid" x1="{x}" x2="{x}" y1="4" y2="{_HEIGHT}"/>' for x in map(_x_of_hour, range(HOURS + 1))),
        f'<line class="grid" x1="0" x2="{_WIDTH}" y1="{_HEIGHT}" y2="{_HEIGHT}"/>',
        *(
            f'<text x="{_x_of_hour(hour)}" y="{_HEIGHT + 14}">{_FIRST_HOUR + hour:02d}:00</text>'
            for hour in range(0, HOURS, 2)
        ),
        f'<text x="3" y="14">{top:,g}</text>',
    ]
    colours = _LINES[scheme]
    ends = []
    for number, line in enumerate(found):
        points = [(period, value) for period, value in enumerate(line.values) if value is not None]
        if points:
            path = " ".join(f"{_x(period):.1f},{_y(value, top):.1f}" for period, value in points)
            drawn.append(f'<polyline stroke="{colours[number % len(colours)]}" points="{path}"/>')
        ends.append((_y(points[-1][1], top) if points else float(_HEIGHT), number))
    for y, number in _spread(ends):
        label = html.escape(found[number].label)
        colour = colours[number % len(colours)]
        drawn.append(f'<text x="{_WIDTH + 6}" y="{y + 4:.1f}" style="fill: {colour}">{label}</text>')
    if not found:
        drawn.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT / 2}" text-anchor="middle">nothing in these hours</text>')
    width, height = _WIDTH + _LABELS, _HEIGHT + 20
    return f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}">{"".join(drawn)}</svg>'


def _spread(ends: list[tuple[float, int]]) -> Iterator[tuple[float, int]]:
    """Move labels apart, upwards from the lowest."""
    lowest = float(_HEIGHT)
    for y, number in sorted(ends, reverse=True):
        place = min(y, lowest)
        lowest = place - _BETWEEN_LABELS
        yield place, number


def _x(period: int) -> float:
    return period * _WIDTH / PERIODS


def _x_of_hour(hour: int) -> float:
    return round(hour * _WIDTH / HOURS, 1)


def _y(value: float, top: float) -> float:
    return _HEIGHT - value / top * (_HEIGHT - 8)


def _round_up(value: float) -> float:
    """Return the next 1, 2 or 5 with noughts."""
    if value <= 1:
        return 1
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)
