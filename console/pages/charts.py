"""Charts drawn on the server as SVG: small, labelled at the line, from zero, on the same grid of hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from notifications.text.formatting import shorten

HOURS = 24
_LEFT, _RIGHT, _TOP, _ROW, _BOTTOM, _STEP = 160, 48, 4, 34, 18, 18  # units of the drawing
_LONGEST_NAME = 22
_LABELLED = 6  # hours between labels


def hours_until(now: datetime) -> list[str]:
    """List the hours that the charts show, "2026-11-21T09" in UTC, the current one last."""
    last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [(last - timedelta(hours=back)).strftime("%Y-%m-%dT%H") for back in reversed(range(HOURS))]


def by_hour(rows: Mapping[str, Mapping[str, int]], hours: Sequence[str]) -> Markup:
    """Draw a row of bars for each name, an hour a bar; all rows have the same scale, and each its sum at the end."""
    most = max((count for counts in rows.values() for count in counts.values()), default=0) or 1
    width = _LEFT + _STEP * len(hours) + _RIGHT
    height = _TOP + _ROW * len(rows) + _BOTTOM
    parts = [
        Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            width, height, f"Alerts by rule in the last {len(hours)} hours"
        )
    ]
    for row, (name, counts) in enumerate(rows.items()):
        base = _TOP + _ROW * (row + 1) - 6
        total = sum(counts.get(hour, 0) for hour in hours)
        shown = shorten(name, _LONGEST_NAME)
        parts.append(
            Markup('<text class="label" x="0" y="{}">{}<title>{}</title></text>').format(base - 4, shown, name)
        )
        parts.append(Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
            _LEFT, _LEFT + _STEP * len(hours), base, base
        ))  # fmt: skip
        for column, hour in enumerate(hours):
            count = counts.get(hour, 0)
            if count:
                tall = max(round((_ROW - 10) * count / most), 2)
                parts.append(
                    Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
                        _LEFT + _STEP * column + 2,
                        base - tall,
                        _STEP - 4,
                        tall,
                        f"{hour[11:]}:00 UTC: {count}",
                    )
                )
        parts.append(Markup('<text x="{}" y="{}">{}</text>').format(_LEFT + _STEP * len(hours) + 8, base - 4, total))
    for column, hour in enumerate(hours):
        if int(hour[11:]) % _LABELLED == 0:
            parts.append(
                Markup('<text x="{}" y="{}">{}</text>').format(_LEFT + _STEP * column, height - 4, f"{hour[11:]}:00")
            )
    return Markup("").join([*parts, Markup("</svg>")])
