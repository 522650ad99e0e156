"""Exceptions that a product carries are data of a table: none of them may hang, kill or silence the function."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest

from tests.builders import modified, rules
from tests.rules.scenario import rule
from tests.service import DONE, Service

RULES = '[product]\noverrides = "alerts"\n' + rule("price_drop", 'at_least = "10%"', "drop") + rule("added", "", "new")
A_MOMENT = 2.0  # seconds; each of these once took minutes or gigabytes


def _logged_for(exception: Any, caplog: pytest.LogCaptureFixture) -> str:
    """Let a product with an exception become cheaper: it alerts by the rule as it is, at once. Return the log."""
    service = Service(rules(RULES))
    carried = {"alerts": {"M": {"drop": exception}}}
    record = modified({"price": 10}, {"price": 5})
    for image in ("OldImage", "NewImage"):
        record["dynamodb"][image].update(carried)
    started = time.process_time()
    assert service.handle(record) == DONE
    assert time.process_time() - started < A_MOMENT
    assert [alert.rule for alert in service.alerts] == ["drop"]
    assert service.alerts[0].data["threshold"] == "10%"
    assert service.failures.parked == []
    return caplog.text


def _map(**values: dict[str, Any]) -> dict[str, Any]:
    return {"M": values}


@pytest.mark.parametrize("blanks", [2_000, 200_000])
@pytest.mark.parametrize("form", ["1d{}x", "{}", "1{}x", "1d{}1h{}x"])
def test_a_cooldown_of_two_thousand_blanks_is_refused_at_once(
    blanks: int, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    """No duration makes the reader try every way to split its blanks."""
    text = form.format(" " * blanks, " " * blanks)
    assert "cooldown: expected" in _logged_for(_map(cooldown={"S": text}), caplog)


@pytest.mark.parametrize("blanks", [10, 55])
def test_blanks_in_a_short_duration_do_not_slow_it_down(blanks: int, caplog: pytest.LogCaptureFixture) -> None:
    """The pattern itself is linear, not only its input short."""
    assert "cooldown: expected" in _logged_for(_map(cooldown={"S": "1" + " " * blanks + "x"}), caplog)


@pytest.mark.parametrize(
    "number",
    [
        "1e1000000000",
        "1e-300000",
        "1e-1000000000",
        "9" * 5_000,
        "0." + "1" * 5_000,
        "1e" + "9" * 5_000,
        "NaN",
        "Infinity",
    ],
    ids=lambda number: number[:12],
)
@pytest.mark.parametrize("kind", ["S", "N"])
@pytest.mark.parametrize("key", ["at_least", "at_most"])
def test_a_number_beyond_what_dynamodb_holds_is_refused_at_once(
    key: str, kind: str, number: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither gigabytes nor a message of 300 KB come of an exponent, and no record is parked for digits."""
    said = _logged_for(_map(**{key: {kind: number}}), caplog)
    assert f"{key}: expected" in said


@pytest.mark.parametrize(
    "exception",
    [
        {"S": "secret-" * 50_000},
        {"L": [{"S": "secret"}]},
        _map(secret={"S": "secret"}),
        _map(**{f"secret{number}": {"S": "secret"} for number in range(5_000)}),
        _map(at_least={"S": "secret\nERROR forged"}),
        _map(at_least={"M": {"secret": {"S": "secret"}}}),
        _map(severity={"S": "secret"}),
        _map(**{"secret\n" * 10_000: {"S": "x"}}),
    ],
    ids=range(8),
)
def test_the_log_names_the_mistake_and_nothing_that_the_item_holds(
    exception: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """One short line a mistake: no value, no key of the item's own, no line break."""
    _logged_for(exception, caplog)
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert 'malformed exception from rule "drop"' in line
    assert "secret" not in line
    assert line.isprintable()
    assert len(line) < 500


def test_an_exception_nested_sixty_levels_deep_leaves_the_rule_as_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is looked at one level deep."""
    deep: dict[str, Any] = {"S": "x"}
    for _ in range(60):
        deep = {"M": {"at_least": deep}}
    assert "malformed exception" in _logged_for(deep, caplog)
