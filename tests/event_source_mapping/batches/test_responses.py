"""What each form of an answer means, at the surface and in a batch's life."""

from __future__ import annotations

from typing import Any

import pytest

from event_source_mapping.batches.responses import Failed, InvokeOutcome, Partial, Succeeded, classify
from event_source_mapping.lanes.retries import Batch, first_failed
from event_source_mapping.model.invocations import InvokeResult
from event_source_mapping.testing.builders import make_record, make_settings
from tests.event_source_mapping.scenario import answering, documents, naming, sent, simulate

RECORDS = [make_record(number) for number in (1, 2, 3)]
SECOND = RECORDS[1].sequence_number


def meaning(result: InvokeResult, *, reporting: bool = True) -> InvokeOutcome:
    """Classify an answer to the three records."""
    return classify(result, RECORDS, make_settings(report_batch_item_failures=reporting))


@pytest.mark.parametrize(
    "value",
    [None, "", [], {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"statusCode": 200}],
)
def test_every_empty_form_is_a_success(value: Any) -> None:
    """Nothing named, nothing failed [Partial responses]."""
    assert isinstance(meaning(answering(value)), Succeeded)


def test_no_payload_at_all_is_a_success() -> None:
    """A function that returns nothing succeeded [Partial responses]."""
    assert isinstance(meaning(InvokeResult(b"")), Succeeded)


@pytest.mark.parametrize(
    "entry",
    [
        {"itemIdentifier": ""},
        {"itemIdentifier": None},
        {"itemIdentifier": 123},
        {"itemIdentifier": "123"},
        {"itemIdentifier": []},
        {"itemIdentifier": {}},
        {"foo": 123},
        {"foo": None},
        {},
        None,
        SECOND,
    ],
)
def test_every_malformed_or_unknown_identifier_fails_the_whole_batch(entry: Any) -> None:
    """The whole batch comes again, and it counts: 1 + N invocations [Partial responses]."""
    answer = answering({"batchItemFailures": [entry]})
    assert isinstance(meaning(answer), Failed)
    simulation = simulate(
        lambda _: answer,
        records=3,
        settings={"maximum_retry_attempts": 2, "report_batch_item_failures": True},
    ).run()
    assert sent(simulation) == [[1, 2, 3]] * 3
    assert documents(simulation)[0]["responseContext"]["functionError"] is None


def test_a_valid_identifier_beside_an_invalid_one_fails_the_whole_batch() -> None:
    """Mixed identifiers: nothing of the answer is trusted [Choices]."""
    failures = [{"itemIdentifier": SECOND}, {"itemIdentifier": "7"}]
    assert isinstance(meaning(answering({"batchItemFailures": failures})), Failed)


@pytest.mark.parametrize("value", ["done", 200, True, [1], {"batchItemFailures": {}}, {"batchItemFailures": "x"}])
def test_an_answer_of_another_shape_fails_the_whole_batch(value: Any) -> None:
    """Only the recorded empty forms are successes beside the documented shape [Choices]."""
    assert isinstance(meaning(answering(value)), Failed)


def test_an_answer_that_is_no_json_fails_the_whole_batch() -> None:
    """What cannot be read names nothing [Choices]."""
    assert isinstance(meaning(InvokeResult(b"{")), Failed)


def test_keys_are_matched_exactly() -> None:
    """Capitalised keys are unknown keys, so nothing failed [Choices]."""
    capitalised = {"BatchItemFailures": [{"ItemIdentifier": SECOND}]}
    assert isinstance(meaning(answering(capitalised)), Succeeded)


def test_the_lowest_number_wins() -> None:
    """Of several identifiers the lowest decides, in whatever order [Partial responses]."""
    outcome = meaning(naming(3, 2, 3))
    assert isinstance(outcome, Partial)
    assert outcome.named == (1, 2)
    assert first_failed(Batch(tuple(RECORDS)), outcome) == 1


def test_numbers_are_compared_as_numbers() -> None:
    """A shorter digit string is lower though it sorts after as text [Partial responses]."""
    records = [make_record(9 - 10**20), make_record(10 - 10**20)]  # sequence numbers "9" and "10"
    answer = answering({"batchItemFailures": [{"itemIdentifier": n} for n in ("10", "9")]})
    outcome = classify(answer, records, make_settings(report_batch_item_failures=True))
    assert isinstance(outcome, Partial)
    assert first_failed(Batch(tuple(records)), outcome) == 0


def test_records_behind_the_lowest_come_again_even_if_they_succeeded() -> None:
    """Everything from the lowest number on is retried [Partial responses]."""
    answers = iter([naming(2, 4), answering({"batchItemFailures": []})])
    simulation = simulate(lambda _: next(answers), settings={"report_batch_item_failures": True}).run()
    assert sent(simulation) == [[1, 2, 3, 4], [2, 3, 4]]


def test_partial_responses_are_ignored_when_not_asked_for() -> None:
    """Without ReportBatchItemFailures the body means nothing [Partial responses]."""
    assert isinstance(meaning(naming(2), reporting=False), Succeeded)


def test_a_function_error_outweighs_the_body() -> None:
    """An invocation that failed is a failure whatever it returned [Partial responses]."""
    answer = InvokeResult(b'{"batchItemFailures":[]}', "Unhandled")
    outcome = meaning(answer)
    assert isinstance(outcome, Failed)
    assert outcome.splittable


def test_the_functions_own_words_are_the_reason() -> None:
    """The log quotes the error [The decision log]."""
    outcome = meaning(InvokeResult(b'{"errorType":"KeyError","errorMessage":"id"}', "Unhandled"))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "Unhandled: KeyError id"
