"""Health: the figures, and the chart that is drawn of them."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from console.pages.charts import HOURS, by_hour, hours_until
from tests.console.stage import Browser, MemoryStage, console_of
from tests.rules.scenario import MINUTE, Shop

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def test_the_figures_are_those_of_status(stage: MemoryStage) -> None:
    """Alarms, what waits, the mapping, and who gets the alerts."""
    stage.park(Shop().put(name="Mug", price=10).records[0], "why")
    with console_of(stage, "dev") as (console, browser):
        text = browser.get("/health").text
        assert "version 0.1.0" in text
        assert "u-1" in text
        assert "Nobody. Name a receiver" in text
        assert console.health.figures(NOW)["failures"]["waiting"] == 1


def test_alerts_are_counted_by_rule_and_hour(browser: Browser, stage: MemoryStage) -> None:
    """A rule without alerts has its row, too."""
    stage.play(Shop().put(name="Mug", price=10).put(after=MINUTE, price=8))
    text = browser.get("/health").text
    assert 'aria-label="Alerts by rule in the last 24 hours"' in text
    for rule in ("price-drop", "sold-out"):
        assert f">{rule}</th>" in text


def test_a_chart_has_a_bar_for_each_hour_from_zero_on_one_scale() -> None:
    """Twice the count is twice the bar, whichever the rule; the sum stands at the end."""
    hours = hours_until(NOW)
    assert (len(hours), hours[0], hours[-1]) == (HOURS, "2026-11-20T10", "2026-11-21T09")
    drawing = ET.fromstring(by_hour({"drop": {hours[3]: 12, hours[4]: 6}, "low": {hours[4]: 3}}, hours))  # noqa: S314 - our own
    bars = [each for each in drawing.iter() if each.tag.endswith("rect")]
    assert [int(each.attrib["height"]) for each in bars] == [24, 12, 6]
    assert bars[1].attrib["x"] == bars[2].attrib["x"]
    texts = [each.text for each in drawing.iter() if each.tag.endswith("text")]
    assert {"18", "3", "12:00", "00:00"} <= set(texts)


def test_a_chart_of_hostile_names_is_a_drawing_still() -> None:
    """A rule may be called anything."""
    name = '<script>"&' * 20
    drawing = ET.fromstring(by_hour({name: {}}, hours_until(NOW)))  # noqa: S314 - our own
    assert not [each for each in drawing.iter() if "script" in each.tag]


def test_deliveries_and_errors_of_a_deployed_stage_are_those_of_status(
    stage: MemoryStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the dashboard has them; the local AWS keeps no metrics."""
    with console_of(stage, "prod") as (console, browser):
        text = browser.get("/health").text
        assert "No invocation crashed or ran out of time in 24 hours" in text
        counted = {"hour": {"alerts": 1}, "day": {"alerts": 7, "delivery": 2}}
        delivered = {"hour": {}, "day": {"buyers <b>failing": 4}}
        figures = {**console.health.figures(NOW), "errors": counted, "deliveries": delivered}
        monkeypatch.setattr(console.health, "figures", lambda _: figures)
        text = browser.get("/health").text
        assert '<a href="/live?show=trouble">alerts</a></th><td class="number">7</td><td class="number">1</td>' in text
        assert '>delivery</a></th><td class="number">2</td><td class="number">0</td>' in text
        assert 'buyers &lt;b&gt;failing</th><td class="number">4</td><td class="number">0</td>' in text
    with console_of(stage) as (_, browser):
        assert "<h2>Errors</h2>" not in browser.get("/health").text
