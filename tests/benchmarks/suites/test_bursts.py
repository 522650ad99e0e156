"""What a burst costs and waits for, counted."""

from __future__ import annotations

import pytest

from benchmarks.measuring.figures import Figure, missed
from benchmarks.suites import alert_parts, bursts, publishing
from benchmarks.workload.null_endpoint import null_endpoint


def by_name(figures: list[Figure]) -> dict[str, float]:
    """Give the values by the figures' names."""
    return {figure.name: figure.value for figure in figures}


def test_an_alert_without_memory_is_one_unit_and_one_with_it_four() -> None:
    """A plain write; and a transaction of the alert and the memory, at two units each. A batch reads the mutes once."""
    found = by_name(bursts.count_units(50))
    mutes = 1 / 50
    assert found["write units: product alerts"] == 1
    assert found["read units: product alerts"] == 1 + mutes
    assert found["write units: product alerts, with a cool-down"] == 4
    assert found["read units: product alerts, with a cool-down"] == 2 + mutes
    assert missed(bursts.count_units(50)) == []


def test_a_thousand_alerts_wait_for_a_quarter_of_their_calls_at_the_most() -> None:
    """The budget of the gate; 151 calls, of which 160 are allowed: 150, and one for the mutes where a page is full."""
    assert missed(bursts.count_waits()) == []
    (ours, *others) = publishing.count_calls()
    assert ours.value == 151
    assert ours.met
    assert missed(others) == []


def test_one_lane_would_miss_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure tells calls one by one from calls side by side."""
    monkeypatch.setattr(bursts._OnPaper, "most", 1)
    assert len(missed(bursts.count_waits(100))) == 3


def test_more_alerts_cost_more() -> None:
    """At 0.1%, 1% and 10% alerting."""
    prices = [figure.value for figure in bursts.price()]
    assert prices == sorted(prices)
    assert 0 < prices[0] < prices[-1] < 1


def test_the_parts_of_an_alert_add_up() -> None:
    """No part is more than the whole."""
    found = by_name(alert_parts.measure(1))
    together = found.pop("together")
    assert all(0 <= value < together for value in found.values())


def test_a_burst_is_timed_in_batches_as_the_mapping_delivers_them() -> None:
    """A hundred records each, and all of them handled."""
    with null_endpoint() as endpoint:
        bursts._deliver(bursts._ours(endpoint.url), bursts._batches(250))
        assert endpoint.calls()["PublishBatch"] == 25
        assert endpoint.calls()["BatchWriteItem"] == 10
