"""The evaluator of roles can say no."""

from __future__ import annotations

from tests.builders import ROOT
from tests.infrastructure.identity_policies import denied_of, policy_under, templates
from tests.infrastructure.operators_calls import HERE, Called
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


def _operators_on(kind: str, name: str) -> set[str]:
    """Give the actions that an operator has on a resource of the account."""
    resource = f"arn:aws:{kind}:{':' if kind == 's3' else HERE}:{name}"
    grants = policy_under("An operator's policy")
    return {grant.action for grant in grants if grant.resource != "*" and grant.covers(grant.action, resource)}


def test_an_operator_has_nothing_on_tables_and_buckets_of_others() -> None:
    """Nor on the bucket that deploys go through."""
    streams = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}
    for stage in ("dev", "staging", "prod"):
        assert "s3:DeleteObject" in _operators_on("s3", f"product-alerts-{stage}-givenupbucket-1a2b/aws/lambda/x")
        assert _operators_on("s3", f"product-alerts-{stage}-serverlessdeploymentbucket-1a2b/serverless/x.zip") == set()
        assert "dynamodb:PutItem" in _operators_on("dynamodb", f"table/product-alerts-{stage}-ledger")
        assert "dynamodb:PutItem" not in _operators_on("dynamodb", f"table/product-alerts-{stage}-products")
        assert _operators_on("dynamodb", f"table/product-alerts-{stage}-products/stream/2026") >= streams
    for name in ("table/orders", "table/orders/stream/2026", "table/product-alerts-dev-orders", "table/products"):
        assert _operators_on("dynamodb", name) == set()
    for name in ("orders", "orders/x", "product-alerts-dev-orders/x"):
        assert _operators_on("s3", name) == set()


def test_the_operators_policy_names_the_tables_and_the_bucket_of_every_template() -> None:
    """By the names that they have, or that CloudFormation makes of the resource's."""
    for template in templates():
        resources = template["Resources"]
        tables = [each["Properties"]["TableName"] for each in resources.values() if "Table" in each["Type"]]
        assert len(tables) == 2
        assert all(_operators_on("dynamodb", f"table/{name}") for name in tables)
        assert "GivenUpBucket" in resources
        assert "BucketName" not in resources["GivenUpBucket"]["Properties"]
