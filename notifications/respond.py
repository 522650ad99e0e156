"""Step 6: the partial batch response.

Source: AWS Lambda Developer Guide, "Configuring partial batch response with DynamoDB and Lambda".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypedDict

from notifications.decode import sequence_number_of


class Failure(TypedDict):
    """The record to start again from."""

    itemIdentifier: str


class Response(TypedDict):
    """What Lambda reads: no failure means that the whole batch is done."""

    batchItemFailures: list[Failure]


def respond(records: Sequence[Any], unsafe: Collection[int]) -> Response:
    """Name the first record of `unsafe` positions; Lambda delivers it and all behind it again.

    One without a sequence number cannot be named: the empty name has the whole batch come again.
    """
    if not unsafe:
        return {"batchItemFailures": []}
    return {"batchItemFailures": [{"itemIdentifier": sequence_number_of(records[min(unsafe)])}]}
