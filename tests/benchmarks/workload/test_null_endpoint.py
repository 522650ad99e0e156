"""The null endpoint answers as the services do, as far as botocore looks."""

from __future__ import annotations

from benchmarks.workload.contenders import OURS, POWERTOOLS, client_of, contender
from benchmarks.workload.events import batch, event
from benchmarks.workload.null_endpoint import null_endpoint


def test_every_call_is_answered_and_counted() -> None:
    """What is published through real clients arrives in as many calls as the fakes count."""
    parsed = event(batch(20, matching_every=1))
    with null_endpoint() as endpoint:
        for name, calls in (
            (OURS, {"BatchGetItem": 1, "PublishBatch": 2, "BatchWriteItem": 1}),
            (POWERTOOLS, {"PutItem": 20, "Publish": 20, "UpdateItem": 20}),
        ):
            before = endpoint.calls()
            sns, dynamodb = (client_of(name, service, endpoint.url) for service in ("sns", "dynamodb"))
            answer = contender(name, sns, dynamodb)(parsed)
            assert answer == {"batchItemFailures": []}
            assert endpoint.calls() - before == calls
    assert endpoint.process.poll() is not None
