"""The evaluator of roles can say no."""

from __future__ import annotations

from tests.infrastructure.policies import ARNS, OF_LAMBDA, Call, calls_of_the_function, denied
from tests.notifications.test_batch_report import NOISY


def test_a_call_needs_its_own_action_on_its_own_resource() -> None:
    """A wildcard covers what is behind it."""
    call = Call("s3:PutObject", "arn:aws:s3:::given-up/a/b")
    assert denied([call], [Call("s3:PutObject", "arn:aws:s3:::given-up/*")]) == set()
    assert denied([call], [Call("s3:GetObject", "arn:aws:s3:::given-up/*")]) == {call}
    assert denied([call], [Call("s3:PutObject", "arn:aws:s3:::another/*")]) == {call}


def test_the_function_speaks_to_topic_ledger_and_queue() -> None:
    """And the recording sees each of them."""
    made = {call.resource for call in calls_of_the_function(NOISY)}
    assert made == {ARNS["AlertsTopic"], ARNS["LedgerTable"], ARNS["FailuresQueue"]}
    assert not made & {call.resource for call in OF_LAMBDA}
