"""What neighbours in a batch mean for one another: the partial batch response."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from notifications.batch import Batch, RecordState
from notifications.common.errors import ServiceError
from notifications.pipeline import Response
from notifications.pipeline import respond as respond_to
from tests.builders import added, sequence_number

RECORDS = [added(at=1), added(at=2), added(at=3)]


def respond(records: list[Any], again: Iterable[int]) -> Response:
    """Answer for a batch of which these positions have to come again."""
    batch = Batch(len(records), [RecordState(position, raw) for position, raw in enumerate(records)])
    for position in again:
        batch.records[position].come_again(ServiceError("down"))
    return respond_to(batch)


def test_with_nothing_to_retry_the_batch_is_done() -> None:
    """An empty list is complete success."""
    assert respond(RECORDS, ()) == {"batchItemFailures": []}
    assert respond([], ()) == {"batchItemFailures": []}


@pytest.mark.parametrize(("again", "first"), [([1], 2), ([2, 0, 1], 1), ([2], 3)])
def test_the_first_record_to_retry_is_named_alone(again: list[int], first: int) -> None:
    """Lambda delivers it and everything behind it again."""
    assert respond(RECORDS, again) == {"batchItemFailures": [{"itemIdentifier": sequence_number(first)}]}


@pytest.mark.parametrize("nameless", [None, {}, {"dynamodb": {}}, {"dynamodb": {"SequenceNumber": 5}}])
def test_a_record_without_a_name_has_the_whole_batch_come_again(nameless: Any) -> None:
    """The empty name is complete failure; a name that is not in the batch would mean the same."""
    assert respond([added(), nameless], [1]) == {"batchItemFailures": [{"itemIdentifier": ""}]}
