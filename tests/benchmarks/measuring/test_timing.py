"""Contenders take turns; spreads and percentiles."""

from __future__ import annotations

from benchmarks.measuring.timing import Spread, interleaved, percentile


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
