"""Bisection, alone and with partial responses."""

from __future__ import annotations

from itertools import chain

from event_source_mapping.model.invocations import Invocation, InvokeResult
from tests.event_source_mapping.scenario import (
    FAILURE,
    answering,
    covered,
    documents,
    fails_on,
    naming,
    numbers,
    sent,
    simulate,
)

BISECT = {"bisect_on_error": True}


def test_the_first_half_is_done_before_the_second_starts() -> None:
    """Halves run in order, the lower half rounded down [Bisection]."""
    simulation = simulate(fails_on(1), records=5, settings={**BISECT, "maximum_retry_attempts": 0}).run()
    assert sent(simulation) == [[1, 2, 3, 4, 5], [1, 2], [1], [2], [3, 4, 5]]


def test_splits_cost_no_retry() -> None:
    """A split is free; the single record's failures then count 1 + N [Bisection]."""
    simulation = simulate(fails_on(4), settings={**BISECT, "maximum_retry_attempts": 2}).run()
    assert sent(simulation) == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4], [4], [4]]
    (document,) = documents(simulation)
    assert covered(document) == (4, 4, 1)
    assert document["requestContext"]["approximateInvokeCount"] == 3


def test_without_bisection_the_batch_stays_whole() -> None:
    """Off by default [Bisection]."""
    simulation = simulate(fails_on(4), settings={"maximum_retry_attempts": 1}).run()
    assert sent(simulation) == [[1, 2, 3, 4]] * 2


def test_the_next_batch_has_the_configured_size_again() -> None:
    """A split changes nothing for later batches [Bisection]."""
    settings = {**BISECT, "batch_size": 2, "maximum_retry_attempts": 0}
    simulation = simulate(fails_on(1), settings=settings).run()
    assert sent(simulation) == [[1, 2], [1], [2], [3, 4]]


def test_two_poison_records_are_both_isolated() -> None:
    """Each gets a document of its own, its neighbours are delivered [Bisection]."""
    simulation = simulate(fails_on(2, 7), records=8, settings={**BISECT, "maximum_retry_attempts": 0}).run()
    assert [covered(document) for document in documents(simulation)] == [(2, 2, 1), (7, 7, 1)]
    acknowledged = [batch for batch in sent(simulation) if not {2, 7} & set(batch)]
    assert sorted(chain(*acknowledged)) == [1, 3, 4, 5, 6, 8]


def test_a_partial_response_splits_at_the_returned_number() -> None:
    """With both on, a partial response decides the cut, not the middle [Bisection]."""
    settings = {**BISECT, "report_batch_item_failures": True, "maximum_retry_attempts": 0}
    answers = iter([naming(4), answering(None)])
    simulation = simulate(lambda _: next(answers), settings=settings).run()
    assert sent(simulation) == [[1, 2, 3, 4], [4]]


def test_an_invocation_that_fails_is_bisected_though_partial_responses_are_on() -> None:
    """With both on, a function error still cuts the batch in two [Bisection]."""
    settings = {**BISECT, "report_batch_item_failures": True, "maximum_retry_attempts": 0}
    simulation = simulate(fails_on(3), settings=settings).run()
    assert sent(simulation) == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]]


def test_a_malformed_answer_is_retried_whole() -> None:
    """The invocation itself did not fail, so nothing is split [Choices]."""
    settings = {**BISECT, "report_batch_item_failures": True, "maximum_retry_attempts": 1}
    answer = answering({"batchItemFailures": [{"itemIdentifier": ""}]})
    simulation = simulate(lambda _: answer, settings=settings).run()
    assert sent(simulation) == [[1, 2, 3, 4]] * 2


def test_halves_start_with_fresh_counters() -> None:
    """Failures before a split are not inherited [Bisection]."""
    malformed = answering({"batchItemFailures": [{"itemIdentifier": ""}]})
    calls = 0

    def handler(invocation: Invocation) -> InvokeResult:
        nonlocal calls
        calls += 1
        if calls == 1:
            return malformed
        return FAILURE if 1 in numbers(invocation.records) else answering(None)

    settings = {**BISECT, "report_batch_item_failures": True, "maximum_retry_attempts": 2}
    simulation = simulate(handler, records=2, settings=settings).run()
    assert sent(simulation) == [[1, 2], [1, 2], [1], [1], [1], [2]]
