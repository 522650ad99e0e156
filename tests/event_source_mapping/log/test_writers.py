"""The decision log: lines to read, or one object a line."""

from __future__ import annotations

import io
import json

from event_source_mapping.log.events import EventType, LogEvent
from event_source_mapping.log.writers import describe, json_log, text_log
from event_source_mapping.testing.builders import make_record
from event_source_mapping.testing.simulation import Simulation
from tests.event_source_mapping.scenario import QUEUE_ARN, fails_on, simulate

FIELDS = [
    "time",
    "mapping",
    "shard",
    "firstSequenceNumber",
    "lastSequenceNumber",
    "records",
    "attempt",
    "outcome",
    "reason",
]


def shown(simulation: Simulation) -> list[str]:
    """Return the text log's lines, without time and place."""
    omitted = {EventType.INVOKING, EventType.CHECKPOINT, EventType.SERVING, EventType.SHARD_STARTED}
    return [describe(each) for each in simulation.events if each.outcome not in omitted]


def test_the_log_shows_each_step_of_a_batch() -> None:
    """Read, invoked, split, retried, given up, delivered [The decision log]."""
    settings = {"bisect_on_error": True, "maximum_retry_attempts": 1}
    assert shown(simulate(fails_on(3), settings=settings).run()) == [
        "read 4 (1–4)",  # noqa: RUF001 - ranges are written with an en dash
        "invoke 1–4 failed: Unhandled: ValueError boom",  # noqa: RUF001
        "split 1–2 / 3–4",  # noqa: RUF001
        "retry 1–2: the first half in 1 s",  # noqa: RUF001
        "invoke 1–2 succeeded",  # noqa: RUF001
        "invoke 3–4 failed: Unhandled: ValueError boom",  # noqa: RUF001
        "split 3 / 4",
        "retry 3: the first half in 1 s",
        "invoke 3 failed: Unhandled: ValueError boom",
        "retry 3: the same records in 1 s",
        "invoke 3 failed (attempt 2): Unhandled: ValueError boom",
        "give up 3 after 2 invocations: RetryAttemptsExhausted",
        f"failure document for 3 sent to {QUEUE_ARN}: RetryAttemptsExhausted",
        "invoke 4 succeeded",
    ]


def test_a_lanes_records_are_counted_where_they_are_not_neighbours() -> None:
    """A range that holds other lanes' records says how many are meant [The decision log]."""
    records = [make_record(n, item=f"item-{n % 2}") for n in range(1, 5)]
    lines = shown(simulate(records=records, settings={"parallelization_factor": 4}).run())
    assert "invoke 2 of 1–3 succeeded" in lines  # noqa: RUF001
    assert "invoke 2 of 2–4 succeeded" in lines  # noqa: RUF001


def test_every_object_has_the_same_fields_first() -> None:
    """Null where they do not apply [The decision log]."""
    output = io.StringIO()
    log = json_log(output)
    for event in simulate(fails_on(3), settings={"maximum_retry_attempts": 0}).run().events:
        log(event)
    objects = [json.loads(line) for line in output.getvalue().splitlines()]
    assert {tuple(each)[: len(FIELDS)] for each in objects} == {tuple(FIELDS)}
    (failed,) = [each for each in objects if each["outcome"] == "failed"]
    assert failed["firstSequenceNumber"] == str(10**20 + 1)
    assert failed["lastSequenceNumber"] == str(10**20 + 4)
    assert (failed["records"], failed["attempt"]) == (4, 1)


def test_colour_is_for_terminals() -> None:
    """Without it the text has no escape sequence [The decision log]."""
    event = LogEvent(0.0, "11111111-2222", EventType.GIVEN_UP, "RetryAttemptsExhausted")
    lines = []
    for colour in (True, False):
        output = io.StringIO()
        text_log(output, colour=colour)(event)
        lines.append(output.getvalue())
    assert "\x1b[31m" in lines[0]
    assert lines[0].endswith("\x1b[0m\n")
    assert "\x1b" not in lines[1]
