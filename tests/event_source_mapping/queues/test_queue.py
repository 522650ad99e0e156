"""A queue's mapping under virtual time: what becomes of each message, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from event_source_mapping.log.events import EventType
from event_source_mapping.model.errors import InvokeError, QueueNotFoundError, QueueUnavailableError
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.testing.simulation import QUIET
from tests.event_source_mapping.queues.scenario import (
    WATCHING,
    bodies,
    dead,
    fails_on,
    left,
    names,
    receive_counts,
    sent,
    simulate,
)
from tests.event_source_mapping.scenario import FAILURE, START, SUCCESS, answering


def test_success_deletes_the_whole_batch() -> None:
    """The function returned: every message is done [What becomes of a message]."""
    simulation = simulate().run()
    assert sent(simulation) == [["a", "b", "c"]]
    assert (left(simulation), dead(simulation)) == ([], [])
    assert simulation.poller.counters()["DeletedEventCount"] == 3


def test_failure_touches_nothing_and_the_clock_runs_from_the_receive() -> None:
    """The batch comes again after the visibility timeout, and ends in the DLQ [What becomes of a message]."""
    simulation = simulate(fails_on("b"), receives=2).run()
    assert sent(simulation) == [["a", "b", "c"]] * 2
    times = [event.time - START for event in simulation.logged(EventType.INVOKING)]
    assert times == pytest.approx([0.0, 30.0], abs=0.5)
    assert receive_counts(simulation) == ["1", "2"]
    assert (left(simulation), dead(simulation)) == ([], ["a", "b", "c"])


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (None, ""),
        ("", ""),
        ([], ""),
        ({}, ""),
        ({"batchItemFailures": []}, ""),
        ({"batchItemFailures": None}, ""),
        ({"batchItemFailures": "text"}, "abc"),
        ({"batchItemFailures": [{}]}, "abc"),
        ({"batchItemFailures": [{"foo": "notvalid"}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": 7}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, "abc"),
        ({"batchItemFailures": [{"itemIdentifier": "B"}]}, "b"),
        ({"batchItemFailures": [{"itemIdentifier": "B"}, {"itemIdentifier": "B"}]}, "b"),
        ({"batchItemFailures": [{"itemIdentifier": "C"}, {"itemIdentifier": "A"}]}, "ac"),
        ({"batchItemFailures": [{"itemIdentifier": "B"}, {"itemIdentifier": "unknown"}]}, "abc"),
        ("a text", "abc"),
        (3, "abc"),
    ],
)
def test_every_form_of_a_partial_response(answer: Any, kept: str) -> None:
    """What is named stays; a broken answer keeps all; order means nothing [What becomes of a message]."""

    def handler(invocation: Invocation) -> InvokeResult:
        text = answering(answer).payload.decode()
        for record in invocation.records:
            text = text.replace(f'"{record.event["body"].upper()}"', f'"{record.identifier}"')
        return InvokeResult(text.encode())

    simulation = simulate(handler, report_batch_item_failures=True).run(seconds=1)
    assert "".join(left(simulation)) == kept


def test_an_answer_that_is_not_json_keeps_the_whole_batch() -> None:
    """Nor is one that is nested too deeply to be read [What becomes of a message]."""
    for payload in (b"{", b"[" * 100_000):
        simulation = simulate(lambda _, payload=payload: InvokeResult(payload), report_batch_item_failures=True)  # type: ignore[misc] # a default binds the loop's value
        assert left(simulation.run(seconds=1)) == ["a", "b", "c"]


def test_partial_responses_mean_nothing_without_the_setting() -> None:
    """Everything is deleted [What becomes of a message]."""
    assert left(simulate(names("b")).run()) == []


def test_a_throttled_batch_keeps_its_receipt_while_it_lasts() -> None:
    """Attempts after 1, 2 and 4 seconds, at receive count 1 [Throttling]."""
    until = START + 6.0

    def handler(_: Invocation) -> InvokeResult:
        if simulation.scheduler.now() < until:
            raise InvokeError("TooManyRequestsException: Rate Exceeded")
        return SUCCESS

    simulation = simulate(handler)
    simulation.run()
    times = [event.time - START for event in simulation.logged(EventType.INVOKING)]
    assert times == pytest.approx([0.0, 1.0, 3.0, 7.0])
    assert receive_counts(simulation) == ["1"]
    counters = simulation.poller.counters()
    assert [counters[name] for name in ("PolledEventCount", "InvokedEventCount", "FailedInvokeEventCount")] == [
        3,
        12,
        9,
    ]
    assert (counters["Throttles"], counters["DeletedEventCount"]) == (3, 3)


def test_throttling_alone_sends_messages_to_the_dead_letter_queue() -> None:
    """Each visibility timeout costs a receive, though nothing was ever invoked [Throttling]."""

    def handler(_: Invocation) -> InvokeResult:
        raise InvokeError("TooManyRequestsException: Rate Exceeded")

    simulation = simulate(handler, visibility=10).run()
    assert sent(simulation) == []
    assert dead(simulation) == ["a", "b", "c"]
    assert [event.time - START for event in simulation.logged(EventType.LET_GO)] == pytest.approx([7.0, 17.0], abs=1.5)


def test_a_fixed_delay_stands_in_for_the_growing_one() -> None:
    """--retry-delay, for tests [Throttling]."""

    def handler(_: Invocation) -> InvokeResult:
        raise InvokeError("TooManyRequestsException: Rate Exceeded")

    options = replace(QUIET, throttled=RetrySchedule.fixed(2.5))
    simulation = simulate(handler, visibility=10, receives=1, options=options).run()
    assert [event.time - START for event in simulation.logged(EventType.INVOKING)] == [0.0, 2.5, 5.0, 7.5]


def test_a_window_begins_with_its_first_message_and_holds_a_batch_of_several_receives() -> None:
    """Twenty-five messages in batches of twenty [Batches of messages]."""
    messages = [str(number) for number in range(25)]
    simulation = simulate(messages=messages, batch_size=20, batching_window=5).run()
    assert [len(batch) for batch in sent(simulation)] == [20, 5]
    times = [event.time - START for event in simulation.logged(EventType.INVOKING)]
    assert times == pytest.approx([0.0, 5.0])


def test_without_a_window_one_receive_is_one_batch() -> None:
    """BatchSize 2: batches of 2 and 2 [Batches of messages]."""
    assert sent(simulate(messages=("a", "b", "c", "d"), batch_size=2).run()) == [["a", "b"], ["c", "d"]]


def test_a_batch_is_cut_at_six_megabytes_and_the_rest_is_invoked_too() -> None:
    """Eight messages of 1 MB: none is lost, none goes back to the queue [Batches of messages]."""
    simulation = simulate(messages=[str(number) * 1_000_000 for number in range(8)]).run()
    assert [len(batch) for batch in sent(simulation)] == [6, 2]
    assert receive_counts(simulation) == ["1", "1"]
    assert left(simulation) == []


def test_the_rest_of_a_large_batch_waits_for_its_group() -> None:
    """A FIFO batch cut at 6 MB: what is behind a failure is not invoked [Message groups]."""
    messages = [str(number) * 1_000_000 for number in range(8)]
    simulation = simulate(lambda _: FAILURE, messages=messages, group=lambda _: "g", receives=1).run()
    assert [len(batch) for batch in sent(simulation)] == [6]
    assert len(dead(simulation)) == 8


@pytest.mark.parametrize(("limit", "waves"), [(None, [0.0] * 5 + [2.0] * 2), (2, [0.0, 0.0, 2.0, 2.0, 4.0, 4.0, 6.0])])
def test_invocations_run_side_by_side_up_to_the_limit(limit: int | None, waves: list[float]) -> None:
    """Five, or MaximumConcurrency [Batches of messages]."""

    def handler(_: Invocation) -> InvokeResult:
        simulation.scheduler.spend(2.0)
        return SUCCESS

    simulation = simulate(handler, messages="abcdefg", batch_size=1, maximum_concurrency=limit)
    simulation.run()
    assert [event.time - START for event in simulation.logged(EventType.INVOKING)] == waves


def test_messages_that_waited_past_their_visibility_timeout_are_let_go() -> None:
    """While all invocations were busy, the queue gave them out again [Throttling]."""

    def handler(invocation: Invocation) -> InvokeResult:
        if bodies(invocation) != ["late"]:
            simulation.scheduler.spend(40.0)
        return SUCCESS

    simulation = simulate(
        handler, messages="ab", batch_size=1, batching_window=1, maximum_concurrency=2, receives=9, options=WATCHING
    )
    simulation.run(seconds=2)
    # A receive that was under way when the last invocation began.
    consumer = simulation.poller._source._consumer  # type: ignore[attr-defined]
    simulation.queue.send("late")
    consumer._take(
        simulation.queue.receive(simulation.queue.arn, limit=1, wait=0, visibility_timeout=None),
    )
    simulation.run()
    assert sent(simulation).count(["late"]) == 1
    late = [event for event in simulation.logged(EventType.LET_GO) if "visibility timeout has ended" in event.reason]
    assert len(late) == 1
    assert left(simulation) == []


def test_the_visibility_timeout_is_stretched_over_a_long_window() -> None:
    """Window and timeout above it: window + timeout + 30 s [Receiving from a queue]."""
    simulation = simulate(fails_on("a"), batching_window=40, visibility=30).run(seconds=41, idle=1000)
    (retry,) = simulation.logged(EventType.RETRY)
    assert retry.details["retryIn"] == pytest.approx(40 + 3 + 30 - 40)


def test_a_group_is_never_invoked_twice_at_once() -> None:
    """Also when its invocation outlasts the visibility timeout [Message groups]."""

    def handler(_: Invocation) -> InvokeResult:
        simulation.scheduler.spend(70.0)
        return SUCCESS

    simulation = simulate(handler, messages=("a1", "a2"), group=lambda _: "a", batch_size=1, receives=9)
    simulation.run(seconds=69, idle=1000)
    assert len(simulation.logged(EventType.INVOKING)) == 1
    assert simulation.logged(EventType.LET_GO)


def test_groups_stop_at_a_failure_and_the_others_go_on() -> None:
    """Nothing of the group overtakes the message that failed [Message groups]."""
    simulation = simulate(
        fails_on("a1"), messages=("a1", "b1", "a2", "b2", "a3"), group=lambda body: body[0], batch_size=1, receives=2
    ).run()
    assert sent(simulation) == [["a1"], ["b1"], ["b2"], ["a1"], ["a2"], ["a3"]]
    assert dead(simulation) == ["a1"]


def test_filtered_messages_are_deleted_whatever_becomes_of_the_others() -> None:
    """They reach neither the function nor the dead-letter queue [Filtering messages]."""
    from event_source_mapping.filters.patterns import parse_pattern  # noqa: PLC0415

    simulation = simulate(
        lambda _: FAILURE,
        messages=('{"kind": "keep"}', '{"kind": "drop"}', "text"),
        filters=(parse_pattern('{"body": {"kind": ["keep"]}}'),),
    ).run()
    assert sent(simulation) == [['{"kind": "keep"}']] * 2
    assert dead(simulation) == ['{"kind": "keep"}']
    counters = simulation.poller.counters()
    assert (counters["FilteredOutEventCount"], counters["DeletedEventCount"]) == (2, 2)


def test_a_message_that_waits_for_its_timeout_is_not_idle() -> None:
    """Failing is not idle, and neither is a delayed message [Use]."""
    simulation = simulate(fails_on("a"), receives=3).run(idle=5.0)
    assert dead(simulation) == ["a", "b", "c"]
    delayed = simulate(messages=())
    delayed.queue.send("late", delay=100.0)
    assert sent(delayed.run(idle=5.0)) == [["late"]]


def test_a_queue_that_is_deleted_leaves_the_mapping_idle() -> None:
    """The trouble is said once [Receiving from a queue]."""

    def gone(_: str) -> None:
        raise QueueNotFoundError("no queue")

    simulation = simulate().run()
    simulation.queue._before = gone
    simulation.run(seconds=60, idle=30)
    assert len(simulation.logged(EventType.QUEUE_TROUBLE)) == 1


def test_a_single_outage_does_not_end_the_command_while_messages_wait() -> None:
    """What does not answer may hold messages [Use]."""
    simulation = simulate(fails_on("a"), receives=2).run(seconds=10, idle=1000)
    calls = iter(range(1000))

    def before(_: str) -> None:
        if next(calls) == 0:
            raise QueueUnavailableError("once")

    simulation.queue._before = before
    simulation.run(idle=1.0)
    assert dead(simulation) == ["a", "b", "c"]


def test_a_queue_that_fails_for_long_is_not_idle() -> None:
    """However often: what does not answer may hold messages [Use]."""
    simulation = simulate()
    calls = iter(range(1000))

    def before(_: str) -> None:
        if next(calls) < 30:
            raise QueueUnavailableError("500")

    simulation.queue._before = before
    assert sent(simulation.run(idle=1.0)) == [["a", "b", "c"]]


def test_what_an_outage_kept_is_deleted_at_the_next_try() -> None:
    """A processed message does not come again for it [Deleting]."""
    failures = iter(["first", "second"])

    def before(call: str) -> None:
        if call == "delete" and next(failures, None):
            raise QueueUnavailableError("away")

    simulation = simulate()
    simulation.queue._before = before
    assert sent(simulation.run()) == [["a", "b", "c"]]
    assert left(simulation) == []


def test_a_deletion_that_is_refused_is_said_and_the_message_comes_again() -> None:
    """A FIFO queue refuses the receipt of a visibility timeout that has ended [Deleting]."""

    def handler(_: Invocation) -> InvokeResult:
        simulation.scheduler.spend(31.0 if not sent(simulation) else 0.0)
        return SUCCESS

    simulation = simulate(handler, messages=("a",), group=lambda _: "g", receives=9)
    simulation.run()
    assert sent(simulation) == [["a"], ["a"]]
    (refused,) = simulation.logged(EventType.DELETE_REFUSED)
    assert "The receipt handle has expired" in refused.reason


def test_disabling_leaves_messages_in_the_queue_until_it_is_enabled() -> None:
    """What is in flight ends and is deleted [While it runs]."""

    def handler(_: Invocation) -> InvokeResult:
        simulation.scheduler.spend(10.0)
        return SUCCESS

    simulation = simulate(handler, enabled=True, options=WATCHING)
    simulation.run(seconds=5)
    simulation.change(enabled=False)
    simulation.run(seconds=10, idle=1000)
    simulation.queue.send("later")
    simulation.run(seconds=100, idle=1000)
    assert (sent(simulation), left(simulation)) == ([["a", "b", "c"]], ["later"])
    simulation.change(enabled=True)
    simulation.run(seconds=3, idle=1000)
    assert sent(simulation.run(idle=5))[-1] == ["later"]
    assert [event.outcome for event in simulation.logged(EventType.PAUSED, EventType.RESUMED)] == ["paused", "resumed"]


def test_an_enabled_mapping_is_warned_about_because_messages_go_to_either() -> None:
    """Two pollers share a queue's messages [While it runs]."""
    (warning,) = simulate(enabled=True).run().logged(EventType.WARNING)
    assert "one of the two" in warning.reason


def test_stopping_ends_what_is_in_flight_and_lets_the_rest_go() -> None:
    """Gathered messages are left to their visibility timeout, and the log says so [While it runs]."""
    simulation = simulate(batching_window=20).run(seconds=5, idle=1000).stop()
    assert sent(simulation) == []
    (let_go,) = simulation.logged(EventType.LET_GO)
    assert (let_go.records, let_go.as_json()["messageIds"]) == (
        3,
        [message.message_id for message in simulation.queue.messages],
    )
    assert simulation.events[-1].outcome is EventType.STOPPED


def test_events_of_messages_name_them_by_their_ids() -> None:
    """There are no shards and no sequence numbers, and a repeat keeps its number [The decision log]."""
    simulation = simulate(fails_on("a"), messages=("a",)).run()
    reads = [event.as_json() for event in simulation.logged(EventType.READ)]
    assert [read["firstRecord"] for read in reads] == [1, 1]
    assert (reads[0]["shard"], reads[0]["firstSequenceNumber"], reads[0]["records"]) == (None, None, 1)
    assert reads[0]["messageIds"] == reads[1]["messageIds"]
