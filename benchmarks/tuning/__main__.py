"""`python -m benchmarks.tuning`: play what `operations cost --tuning` compares, and write it into docs/deploying.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from benchmarks.tuning.simulated import Simulated, simulate
from operations.evaluation.cost import load_of, read_prices
from operations.evaluation.tuning import Tuned, compare, variants
from operations.settings.project import DEFAULT_STAGE, PROJECT
from operations.settings.service_file import read_service

DOCUMENT = PROJECT / "docs" / "deploying.md"
MARKS = ("<!-- tuning -->\n", "<!-- end of tuning -->\n")
SECONDS = {1: 600, 100: 60, 10_000: 10}
"""How long each number of changes a second is played, in virtual time."""
ALERTING = 0.01
_HEAD = (
    "a second", "setting", "USD a month", "delay (s)", "half", "99 of 100", "in a batch", "played", "at once", "played",
    "most", "comes again", "played", "held up",
)  # fmt: skip


class TuningRow(NamedTuple):
    """One setting under one load."""

    changes: int
    computed: Tuned
    played: Simulated


def rows(seed: int = 1) -> Iterator[TuningRow]:
    """Compute and play every setting under every load."""
    tables = read_prices()
    params = read_service(PROJECT, DEFAULT_STAGE, {}).params
    for changes, seconds in SECONDS.items():
        load = load_of(params, changes, ALERTING)
        for computed, (_, variant) in zip(compare(load, tables), variants(load), strict=True):
            yield TuningRow(changes, computed, simulate(variant, tables, seconds, seed))


def table(found: Iterable[TuningRow]) -> str:
    """Write the table in Markdown."""
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD)), *(_line(_cells(row)) for row in found)]
    return "\n".join(lines) + "\n"


def _cells(row: TuningRow) -> list[str]:
    computed, played = row.computed, row.played
    return [
        f"{row.changes:,}",
        computed.setting,
        f"{computed.usd:,.2f}",
        f"{computed.delay:.2f}",
        f"{played.half:.2f}",
        f"{played.p99:.2f}",
        f"{computed.records:,.1f}",
        f"{played.records:,.1f}",
        f"{computed.concurrency:.2f}",
        f"{played.concurrency:.2f}",
        str(played.most),
        f"{computed.repeated:,}",
        f"{played.repeated:,}",
        f"{played.held_up:,}",
    ]


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def placed(document: str, written: str) -> str:
    """Put the table between its marks."""
    before, _, rest = document.partition(MARKS[0])
    return f"{before}{MARKS[0]}\n{written}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


if __name__ == "__main__":
    DOCUMENT.write_text(placed(DOCUMENT.read_text(encoding="utf-8"), table(rows())), encoding="utf-8")
