"""Bars in SVG, by hand: one chart a comparison, product alerts beside its peers."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.measuring.figures import Figure, number_text
from benchmarks.suites import cpu, publishing, start_up
from benchmarks.workload.contenders import OURS

CHARTS = (
    (cpu.TOPIC, "no match: ", "CPU a record that matches nothing"),
    (cpu.TOPIC, "1% match: ", "CPU a record, 1% of them alert"),
    (cpu.TOPIC, "all match: ", "CPU a record, all of them alert; AWS answers at once and for nothing"),
    (publishing.CALLS, "", "AWS calls for 1,000 alerts"),
    (publishing.TIME, "1,000 alerts, null endpoint, elapsed: ", "Time for 1,000 alerts, AWS answers at once"),
    (publishing.TIME, "500 alerts, 10 ms a call, elapsed: ", "Time for 500 alerts, AWS answers in 10 ms"),
    (start_up.TOPIC, "as deployed, CPU: ", "CPU of the start-up"),
)
"""Topic, what the names of its figures begin with, and the title."""
_WIDTH, _LABELS, _VALUES, _ROW, _TITLE = 900, 320, 110, 22, 40


def svg(figures: Sequence[Figure]) -> str:
    """Draw every chart that there are figures for."""
    drawn: list[str] = []
    top = 10
    for topic, prefix, title in CHARTS:
        bars = [
            figure for figure in figures
            if figure.topic == topic and figure.name.startswith(prefix) and ", of " not in figure.name
        ]  # fmt: skip
        if not bars:
            continue
        drawn.append(f'<text x="10" y="{top + 20}" class="title">{escape(title)}</text>')
        most = max(bar.value for bar in bars) or 1
        for number, bar in enumerate(bars):
            drawn += _bar(bar, bar.name.removeprefix(prefix), top + _TITLE + number * _ROW, bar.value / most)
        top += _TITLE + len(bars) * _ROW + 10
    style = (
        "text{font:13px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:15px}"
        ".ours{fill:#0a7d54}.peer{fill:#9aa5b1}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}">'
        f'<title>Product alerts beside its peers</title><style>{style}</style><rect width="100%" height="100%" '
        f'fill="#fff"/>{"".join(drawn)}</svg>\n'
    )


def _bar(figure: Figure, label: str, top: int, share: float) -> list[str]:
    kind = "ours" if label.startswith((OURS, "import handler")) else "peer"
    length = max(share * (_WIDTH - _LABELS - _VALUES), 1)
    value = f"{number_text(figure.value)} {figure.unit}".strip()
    return [
        f'<text x="{_LABELS - 10}" y="{top + 13}" text-anchor="end">{escape(label)}</text>',
        f'<rect x="{_LABELS}" y="{top}" width="{length:.1f}" height="{_ROW - 6}" class="{kind}"/>',
        f'<text x="{_LABELS + length + 6:.1f}" y="{top + 13}">{escape(value)}</text>',
    ]
