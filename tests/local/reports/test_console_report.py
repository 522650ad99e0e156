"""What a run prints for people."""

from __future__ import annotations

import io

import pytest

from event_source_mapping import EventType, LogEvent
from local.reports.console_report import ConsoleReport
from local.reports.report import RunSummary
from local.samples.expected import Expected, reasons
from local.samples.sample_receivers import Delivered
from local.samples.subscriber import Notification
from operations.terminal.terminal import Terminal
from tests.builders import one_rule, priced
from tests.local.reports.examples import ALERT, AWS, DEPLOYMENT, PRODUCT, SAMPLE
from tests.operations.terminal.screen import Screen


def _print(stream: io.StringIO, *alerts: Notification) -> str:
    report = ConsoleReport(Terminal(stream))
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
    """A newcomer sees one message as it is, and a message that comes again is marked."""
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
    summary = RunSummary(played=8, expected=7, received=6, missing=[(3, SAMPLE, ["low-stock"])])

    ConsoleReport(Terminal(stream)).summary(summary, "the function's own words")

    printed = stream.getvalue()
    assert "change 3" in printed
    assert "due by rule low-stock" in printed
    assert "the function's own words" in printed


def test_the_commands_to_copy_name_the_endpoint_and_the_table() -> None:
    """The user's next commands work as they are printed."""
    stream = io.StringIO()

    ConsoleReport(Terminal(stream)).watching(AWS, DEPLOYMENT, PRODUCT)

    printed = stream.getvalue()
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:4711" in printed
    assert "--table-name a-table" in printed
    assert "npm run change -- prod-456" in printed


@pytest.mark.parametrize(
    ("message", "printed"),
    [
        (
            {
                "requestContext": {"condition": "RetryAttemptsExhausted"},
                "DDBStreamBatchInfo": {
                    "shardId": "shardId-1",
                    "startSequenceNumber": "7",
                    "endSequenceNumber": "8",
                    "batchSize": 2,
                },
            },
            "the failures queue received: batch of 2 in shardId-1, from 7: RetryAttemptsExhausted",
        ),
        (
            {"record": {"dynamodb": {"SequenceNumber": "7"}}, "reason": "the price has no type"},
            "the failures queue received: record 7: the price has no type",
        ),
        ({"hello": "there"}, "neither a parked record nor a batch given up"),
    ],
)
def test_a_message_of_the_failures_queue_is_described(message: dict[str, object], printed: str) -> None:
    """A batch, a parked record and a message of somebody else; each with the command that redrives it."""
    stream = io.StringIO()

    ConsoleReport(Terminal(stream)).given_up(message)

    assert printed in stream.getvalue()
    assert "operations redrive --stage local" in stream.getvalue()


def test_why_a_sample_raises_no_alert_is_shown() -> None:
    """The rule that kept quiet stands there with its reason; a kind without a rule is called that."""
    stream = io.StringIO()
    report = ConsoleReport(Terminal(stream))

    report.no_alert(SAMPLE, [("low-stock", 'category is "Home", needs "Electronics"')], named=True)
    report.no_alert(SAMPLE, [], named=False)

    printed = stream.getvalue()
    assert 'low-stock  category is "Home", needs "Electronics"' in printed
    assert 'alerts.toml has no rule with when = "low_stock"' in printed


def test_an_alert_that_is_none_is_shown_as_it_is() -> None:
    """Whatever a queue holds is printed, and nothing of it is taken for granted."""
    assert '"unreadable": "hello"' in _print(io.StringIO(), Notification({"unreadable": "hello"}, None, {}))


def test_what_happens_while_watching_is_printed() -> None:
    """A quiet change with its reasons, rules deployed or refused, the function's own error, and why it ends."""
    stream = io.StringIO()
    report = ConsoleReport(Terminal(stream))
    verdicts = Expected(one_rule("price_drop", 'at_least = "10%"')).verdicts(priced(100, 99, "prod-7"))

    report.quiet_change(verdicts[0], reasons(verdicts))
    report.rules_refused("The old rules still run.", "alerts.toml: 1 mistake\n  line 3")
    report.function_log(["[ERROR] Topic does not exist"])
    report.table_changed(DEPLOYMENT, PRODUCT)
    report.ending("The service was removed.")

    printed = stream.getvalue().splitlines()
    for line in (
        "   · MODIFY prod-7: no alert",
        "■ The old rules still run.",
        "     line 3",
        "     | [ERROR] Topic does not exist",
        "✓ The table a-table is watched now.",
        "   Its stream is read from the beginning, so what it holds of changes made before may alert again.",
        "   npm run change -- prod-456 price=39.90",
    ):
        assert line in printed
    assert any(line.startswith("     r  ") and "1" in line for line in printed)
    assert printed[-1] == "The service was removed. There is nothing left to watch, so `npm start` ends."


def test_a_product_cannot_forge_the_lines_of_an_alert() -> None:
    """Its own line breaks and sequences, in title, subject and attributes, stay within the line that they are in."""
    hostile = "Mug\n   ● Forged\x1b[2J"
    message = {**ALERT.message, "subject": hostile, "data": {**ALERT.data, "title": hostile, "text": "t"}}
    printed = _print(io.StringIO(), Notification(message, hostile, {"productId": hostile}))

    assert "\x1b" not in printed
    assert not [line for line in printed.splitlines() if line.startswith("   ● Forged")]


def test_batches_that_go_well_are_printed_only_if_asked() -> None:
    """Where something fails, the whole way of the batch is there; else --verbose shows it."""

    def event(outcome: EventType) -> LogEvent:
        return LogEvent(0, "mapping", outcome, "", first="1", last="1", records=1, attempt=1)

    def printed(*outcomes: EventType, verbose: bool = False) -> str:
        stream = io.StringIO()
        ConsoleReport(Terminal(stream), verbose=verbose).mapping_log([event(outcome) for outcome in outcomes])
        return stream.getvalue()

    well = (EventType.SERVING, EventType.READ, EventType.INVOKING, EventType.SUCCEEDED)
    assert printed(*well) == ""
    assert len(printed(*well, verbose=True).splitlines()) == 3
    assert len(printed(EventType.READ, EventType.FAILED, EventType.SUCCEEDED).splitlines()) == 3


def test_a_webhook_that_is_sent_again_is_not_marked_as_a_failure() -> None:
    """The first answer of a sample is an error on purpose; one that is not keeps its mark."""
    stream = io.StringIO()
    texts = Delivered("hook", "webhook", "answered 500", True, True), Delivered("hook", "webhook", "answered 401", True)
    ConsoleReport(Terminal(stream)).delivered(texts, AWS)
    marks = [line.split()[0] for line in stream.getvalue().splitlines() if "answered" in line]
    assert marks == ["↻", "✗"]
