"""The partial batch response."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.respond import respond
from tests.builders import added, sequence_number

RECORDS = [added(at=1), added(at=2), added(at=3)]


def test_with_nothing_unsafe_the_batch_is_done() -> None:
    """An empty list is complete success."""
    assert respond(RECORDS, ()) == {"batchItemFailures": []}
    assert respond([], ()) == {"batchItemFailures": []}


@pytest.mark.parametrize(("unsafe", "first"), [([1], 2), ([2, 0, 1], 1), ({2: "x"}, 3)])
def test_the_first_unsafe_record_is_named_alone(unsafe: Any, first: int) -> None:
    """Lambda delivers it and everything behind it again."""
    assert respond(RECORDS, unsafe) == {"batchItemFailures": [{"itemIdentifier": sequence_number(first)}]}


@pytest.mark.parametrize("nameless", [None, {}, {"dynamodb": {}}, {"dynamodb": {"SequenceNumber": 5}}])
def test_a_record_without_a_name_has_the_whole_batch_come_again(nameless: Any) -> None:
    """The empty name is complete failure; a name that is not in the batch would mean the same."""
    assert respond([added(), nameless], [1]) == {"batchItemFailures": [{"itemIdentifier": ""}]}
