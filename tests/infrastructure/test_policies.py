"""The evaluator of roles can say no."""

from __future__ import annotations

from tests.builders import ROOT
from tests.infrastructure.identity_policies import denied_of, policy_under
from tests.infrastructure.operators_calls import Called
from tests.infrastructure.policies import ARNS, OF_LAMBDA, Call, Recorder, calls_of_the_function, denied
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


def test_what_an_operator_calls_is_held_against_the_policy(operators_calls: set[Called]) -> None:
    """Of code in operations/, wherever it is called from; what a test calls by itself is not an operator's."""
    client = Recorder().client("sns")
    client.publish(TopicArn=ARNS["AlertsTopic"], Message="m")
    assert operators_calls == set()
    code = compile("client.publish(TopicArn=topic, Message='m')", str(ROOT / "operations" / "anything.py"), "exec")
    exec(code, {"client": client, "topic": ARNS["AlertsTopic"]})  # noqa: S102 - a call of a file that does not exist
    found = denied_of(operators_calls, policy_under("An operator's policy"))
    operators_calls.clear()
    assert {action for action, _ in found} == {"sns:Publish"}
