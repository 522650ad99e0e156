"""Retries, throttles, record age and retention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from event_source_mapping.log.events import EventType
from event_source_mapping.model.errors import InvokeError, PayloadTooLargeError
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.testing.builders import make_record
from event_source_mapping.testing.simulation import QUIET
from tests.event_source_mapping.scenario import (
    FAILURE,
    START,
    SUCCESS,
    covered,
    documents,
    fails_on,
    naming,
    sent,
    simulate,
)


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_n_retries_are_one_invocation_and_n_more(retries: int) -> None:
    """MaximumRetryAttempts N lets a batch be invoked 1 + N times [Retries]."""
    simulation = simulate(fails_on(2), settings={"maximum_retry_attempts": retries}).run()
    assert sent(simulation) == [[1, 2, 3, 4]] * (1 + retries)
    assert documents(simulation)[0]["requestContext"]["approximateInvokeCount"] == 1 + retries


def test_an_exhausted_batch_is_discarded_whole_and_the_next_goes_on() -> None:
    """After the last retry the whole batch is given up and the shard moves on [Retries]."""
    simulation = simulate(fails_on(2), records=6, settings={"batch_size": 3, "maximum_retry_attempts": 1}).run()
    assert [covered(document) for document in documents(simulation)] == [(1, 3, 3)]
    assert sent(simulation)[-1] == [4, 5, 6]


def test_without_a_limit_a_batch_blocks_its_shard_for_a_day() -> None:
    """By default retries go on until the stream drops the record: no document [Retries]."""
    simulation = simulate(fails_on(1), records=2, settings={"batch_size": 1}).run()
    lost = simulation.logged(EventType.LOST)
    assert [event.time for event in lost] == [pytest.approx(START + 86_400, abs=60)]
    assert sent(simulation)[-1] == [2]
    assert len(sent(simulation)) > 1000
    assert not documents(simulation)


def test_a_record_read_past_its_retention_is_still_retried() -> None:
    """A record that the stream still holds is not lost, whatever its age [Retries]."""
    record = make_record(1, created=START - 500_000)
    simulation = simulate(fails_on(1), records=[record], settings={"maximum_retry_attempts": 2})
    assert len(sent(simulation.run())) == 3


@pytest.mark.parametrize("refusal", [InvokeError("TooManyRequestsException"), InvokeError("AccessDeniedException")])
def test_an_invocation_that_reaches_no_function_costs_no_retry(refusal: InvokeError) -> None:
    """Throttles and refusals are repeated outside the quota and never split a batch [Retries]."""
    calls = 0

    def handler(invocation: Invocation) -> InvokeResult:
        nonlocal calls
        calls += 1
        if calls <= 20:
            raise refusal
        return fails_on(1)(invocation)

    settings = {"maximum_retry_attempts": 1, "bisect_on_error": True}
    simulation = simulate(handler, records=1, settings=settings).run()
    assert calls == 22
    assert documents(simulation)[0]["requestContext"]["approximateInvokeCount"] == 2
    assert simulation.poller.metrics.Throttles == 20
    assert not simulation.logged(EventType.SPLIT)


def test_a_throttled_function_stalls_the_shard_until_the_records_are_too_old() -> None:
    """Only record age ends a throttle; the document counts one invocation [Record age]."""

    def handler(_: Invocation) -> InvokeResult:
        raise InvokeError("TooManyRequestsException")

    settings = {"maximum_retry_attempts": 0, "maximum_record_age": 60}
    simulation = simulate(handler, settings=settings).run()
    (document,) = documents(simulation)
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"
    assert document["requestContext"]["approximateInvokeCount"] == 1
    assert not sent(simulation)


def test_an_event_that_is_too_large_counts_as_a_failure() -> None:
    """A payload the Lambda API refuses can never fit, so it spends retries [Choices]."""

    def handler(_: Invocation) -> InvokeResult:
        raise PayloadTooLargeError("RequestEntityTooLargeException")

    simulation = simulate(handler, records=1, settings={"maximum_retry_attempts": 1}).run()
    assert documents(simulation)[0]["responseContext"]["statusCode"] == 413


def test_age_is_judged_before_the_first_invocation_and_only_the_expired_prefix_goes() -> None:
    """One old record before five fresh: a document for one, the function gets five [Record age]."""
    records = [make_record(1, created=START - 61)]
    records += [make_record(number) for number in range(2, 7)]
    simulation = simulate(records=records, settings={"maximum_record_age": 60}).run()
    assert sent(simulation) == [[2, 3, 4, 5, 6]]
    (document,) = documents(simulation)
    assert covered(document) == (1, 1, 1)
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"
    assert document["requestContext"]["approximateInvokeCount"] == 1
    assert "responseContext" not in document


def test_an_old_record_behind_a_fresh_one_waits_its_turn() -> None:
    """Only a prefix expires: order is kept [Record age]."""
    records = [make_record(1), make_record(2, created=START - 61), make_record(3)]
    simulation = simulate(records=records, settings={"maximum_record_age": 60}).run()
    assert sent(simulation) == [[1, 2, 3]]


def test_a_batch_that_fails_until_it_is_too_old_has_one_document_with_its_count() -> None:
    """Age also ends a batch between retries, with the invocations so far [Record age]."""
    settings = {"maximum_record_age": 60}
    simulation = simulate(fails_on(1), settings=settings).run()
    (document,) = documents(simulation)
    assert covered(document) == (1, 4, 4)
    assert document["requestContext"]["approximateInvokeCount"] == len(sent(simulation))
    assert simulation.logged(EventType.GIVEN_UP)[0].time == pytest.approx(START + 60)


def test_what_is_left_after_a_cut_has_a_fresh_quota() -> None:
    """The records behind an expired prefix are a new batch [Record age]."""
    records = [make_record(1, created=START - 50), make_record(2)]
    settings = {"maximum_record_age": 60, "maximum_retry_attempts": 6}
    options = replace(QUIET, retry=RetrySchedule.fixed(3.0))
    simulation = simulate(fails_on(2), records=records, settings=settings, options=options).run()
    assert [covered(document) for document in documents(simulation)] == [(1, 1, 1), (2, 2, 1)]
    assert sent(simulation).count([2]) == 7


def test_progress_resets_the_quota() -> None:
    """Poison last of three, N = 3: once in the mixed batch, then 1 + N times alone [Retries]."""

    def handler(invocation: Invocation) -> InvokeResult:
        return naming(3) if 3 in [int(r.identifier) % 10 for r in invocation.records] else SUCCESS

    settings = {
        "batch_size": 3,
        "maximum_retry_attempts": 3,
        "report_batch_item_failures": True,
    }
    simulation = simulate(handler, records=3, settings=settings).run()
    assert sent(simulation) == [[1, 2, 3], [3], [3], [3], [3]]
    (document,) = documents(simulation)
    assert document["requestContext"]["approximateInvokeCount"] == 4
    assert document["responseContext"]["functionError"] is None
    assert document["responseContext"]["statusCode"] == 200
    assert covered(document) == (3, 3, 1)


def test_a_partial_failure_at_the_first_record_spends_the_quota() -> None:
    """Naming the first record makes no progress: it is a retry of the whole batch [Retries]."""
    settings = {"maximum_retry_attempts": 2, "report_batch_item_failures": True}
    simulation = simulate(lambda _: naming(1), settings=settings).run()
    assert sent(simulation) == [[1, 2, 3, 4]] * 3
    assert covered(documents(simulation)[0]) == (1, 4, 4)


def test_without_retry_delay_a_throttle_is_still_waited_out() -> None:
    """A delay of 0 is for failures; a throttle waits a tenth of a second [Choices]."""

    def handler(_: Invocation) -> InvokeResult:
        raise InvokeError("TooManyRequestsException")

    options = replace(QUIET, retry=RetrySchedule.fixed(0.0))
    simulation = simulate(handler, options=options).run(seconds=10)
    assert simulation.poller.metrics.Throttles == pytest.approx(100, abs=2)


def test_function_errors_of_every_kind_are_one_kind() -> None:
    """A timeout counts like an exception [Retries]."""
    timeout = InvokeResult(b'{"errorMessage":"Task timed out after 3.00 seconds"}', "Unhandled")
    handlers: list[Callable[[Invocation], InvokeResult]] = [lambda _: timeout, lambda _: FAILURE]
    counts = [len(sent(simulate(handler, settings={"maximum_retry_attempts": 1}).run())) for handler in handlers]
    assert counts == [2, 2]
