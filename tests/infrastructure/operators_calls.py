"""What operations/ and console/ call, seen in their tests, as the actions that IAM is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import botocore

from tests.builders import ROOT
from tests.infrastructure.identity_policies import EVERYWHERE

HERE = "us-east-1:123456789012"
# What IAM calls differently than the API does. Source: AWS Service Authorization Reference.
NAMED_OTHERWISE = {
    "ListObjectsV2": "ListBucket",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "Invoke": "InvokeFunction",
}
_OPERATORS = tuple(f"{ROOT / name}/" for name in ("operations", "console"))
_PROJECT = tuple(f"{ROOT / name}/" for name in ("operations", "console", "notifications", "local", "tests"))

Called = tuple[str, str]


def watch_operators(calls: set[Called]) -> None:
    """Have every boto3 client that is made from now on put what operations/ and console/ call into `calls`."""

    def look(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        if _is_operators(sys._getframe(1)):
            calls.update(_calls(model.service_model.signing_name, model.name, params))

    botocore.register_initializer(lambda session: session.register("provide-client-params", look))


def _is_operators(frame: FrameType | None) -> bool:
    """Tell whether the nearest code of this project is an operator's, and not a test's that sets its scene."""
    while frame:
        if frame.f_code.co_filename.startswith(_PROJECT):
            return frame.f_code.co_filename.startswith(_OPERATORS)
        frame = frame.f_back
    return False


def _calls(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Called]:
    prefix = {"monitoring": "cloudwatch"}.get(service, service)
    action = f"{prefix}:{NAMED_OTHERWISE.get(operation, operation)}"
    for resource in ["*"] if action in EVERYWHERE else _resources(prefix, params):
        yield action, resource


def _resources(service: str, params: Mapping[str, Any]) -> Iterator[str]:
    if service == "cloudformation":
        yield f"arn:aws:cloudformation:{HERE}:stack/{params['StackName']}/id"
    elif service == "cloudwatch":
        yield f"arn:aws:cloudwatch:{HERE}:alarm:{params['AlarmNamePrefix']}"
    elif service == "dynamodb" and "StreamArn" in params:
        before, table, name = params["StreamArn"].partition(":table/")
        yield before + table + _table(name)
    elif service == "dynamodb":
        names = params.get("RequestItems", (params.get("TableName"),))
        yield from (f"arn:aws:dynamodb:{HERE}:table/{_table(name)}" for name in names)
    elif service == "lambda":
        yield f"arn:aws:lambda:{HERE}:function:{_full(params['FunctionName'])}"
    elif service == "logs":
        yield f"arn:aws:logs:{HERE}:log-group:{params['logGroupName']}"
    elif service == "s3":
        key = f"/{params['Key']}" if "Key" in params else ""
        yield f"arn:aws:s3:::{_made(params['Bucket'])}{key}"
    elif service == "sns":
        before, _, name = params["TopicArn"].rpartition(":")
        yield f"{before}:{_full(name)}"
    else:
        url = params.get("QueueName") or params["QueueUrl"]
        yield f"arn:aws:{service}:{HERE}:{_full(url.rpartition('/')[2])}"


def _full(name: str) -> str:
    """Give the name as a stack makes it: tests have short ones."""
    return name if name.startswith("product-alerts-") else f"product-alerts-dev-{name}"


def _table(name: str) -> str:
    """Give the name of the ledger, or of the products table, which tests call what they like."""
    name, _, stream = name.partition("/")
    full = name if name.startswith("product-alerts-") else _full(name if name == "ledger" else "products")
    return f"{full}/{stream}" if stream else full


def _made(bucket: str) -> str:
    """Give the name as CloudFormation makes it of the stack and of the one bucket that operators have to do with."""
    return bucket if bucket.startswith("product-alerts-") else f"product-alerts-dev-givenupbucket-{bucket}"
