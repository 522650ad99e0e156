"""What a run tells people and programs."""

import io
import json
from pathlib import Path
from typing import cast

import pytest

from local.aws import LocalAws
from local.deployment import Deployment
from local.machines import JsonReport
from local.people import PrintedReport
from local.report import Outcome
from local.samples import Sample
from local.subscriber import ReceivedAlert
from local.terminal import Terminal

ALERT = ReceivedAlert(
    message={
        "id": "an-id",
        "type": "product.low_stock",
        "subject": "prod-123",
        "data": {
            "rule": "low-stock",
            "severity": "warning",
            "title": "Mouse: only 3 left",
            "text": "Two\nlines",
        },
    },
    subject="Mouse: only 3 left",
    attributes={"type": "product.low_stock", "category": "Electronics"},
)
SAMPLE = Sample("Stock runs low", "stock 12 → 3", lambda: None, "low_stock")
AWS = LocalAws("http://127.0.0.1:4711", Path("log"), process=None)  # type: ignore[arg-type]
DEPLOYMENT = Deployment("a-table", "stream", "function", "topic", "queue", "ledger")


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Say that a person watches."""
        return True


def _print(stream: io.StringIO, *alerts: ReceivedAlert) -> str:
    report = PrintedReport(Terminal(stream))
    report.sample(3, SAMPLE)
    for alert in alerts:
        report.alert(alert, sample=3)
    return stream.getvalue()


def test_an_alert_shows_all_that_a_subscriber_gets() -> None:
    """Title, text, type, severity, rule, product and message attributes are on the screen."""
    printed = _print(io.StringIO(), ALERT)

    for part in (
        "stock 12 → 3",
        "Mouse: only 3 left",
        "Two\n",
        "lines\n",
        "product.low_stock · warning · rule low-stock · product prod-123",
        "category=Electronics",
    ):
        assert part in printed


def test_the_first_alert_is_shown_whole_and_a_repeat_is_marked() -> None:
    """A newcomer sees one message as it is, and a message that comes again is told apart."""
    printed = _print(io.StringIO(), ALERT, ALERT)

    assert printed.count('"subject": "prod-123"') == 1
    assert printed.count("received before") == 1


def test_colour_is_for_terminals_and_not_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file holds no escape sequence, and neither does a terminal whose user wants none."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in _print(Screen(), ALERT)
    assert "\x1b[" not in _print(io.StringIO(), ALERT)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in _print(Screen(), ALERT)


def test_what_is_missing_is_said_with_the_functions_log() -> None:
    """A missing alert is named by its change and its rules, and the function's log stands beside it."""
    stream = io.StringIO()
    outcome = Outcome(played=8, expected=7, received=6, missing=[(3, SAMPLE, ["low-stock"])])

    PrintedReport(Terminal(stream)).summary(outcome, "the function's own words")

    printed = stream.getvalue()
    assert "change 3" in printed
    assert 'when = "low_stock": low-stock' in printed
    assert "the function's own words" in printed


def test_the_commands_to_copy_name_the_endpoint_and_the_table() -> None:
    """The user's next commands work as they are printed."""
    stream = io.StringIO()

    PrintedReport(Terminal(stream)).watching(AWS, DEPLOYMENT)

    printed = stream.getvalue()
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:4711" in printed
    assert "--table-name a-table" in printed
    assert "npm run change -- prod-456" in printed


def test_programs_read_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Every line is a JSON object with its event, and an alert is there whole."""
    report = JsonReport()
    report.started(AWS, DEPLOYMENT)
    report.sample(3, SAMPLE)
    report.alert(ALERT, sample=3)
    report.summary(Outcome(played=1, missing=[(3, SAMPLE, ["low-stock"])], unexpected=[ALERT]), "")
    report.watching(AWS, DEPLOYMENT)
    report.failed("what went wrong", "more")

    lines = [cast(dict[str, object], json.loads(line)) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == [
        "started",
        "sample",
        "alert",
        "summary",
        "watching",
        "error",
    ]
    assert lines[2]["message"] == ALERT.message
    assert lines[2]["messageAttributes"] == ALERT.attributes
    assert lines[3]["ok"] is False
    assert lines[3]["missing"] == [{"sample": 3, "kind": "low_stock", "rules": ["low-stock"]}]
