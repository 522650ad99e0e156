"""`npm start` serves all mappings of the stack from one process."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from event_source_mapping import EventType, LogEvent
from local.stack.errors import MappingError
from local.stack.local_aws import LocalAws, local_aws
from local.stack.served_mapping import ServedMapping, served_mapping
from operations.settings.project import LOCAL_STAGE, stack_name

pytestmark = pytest.mark.end_to_end

SERVED_WITHIN_SECONDS = 60


def _function(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": name,
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": "arn:aws:iam::000000000000:role/any",
            "Code": {"ZipFile": "def handler(event, context):\n    pass\n"},
        },
    }


def _mapping(function: str, source: dict[str, Any], **settings: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {"FunctionName": {"Ref": function}, "EventSourceArn": source, "Enabled": False, **settings},
    }


TEMPLATE = {
    "Resources": {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "things",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "letters"}},
        "OfStream": _function("of-stream"),
        "OfQueue": _function("of-queue"),
        "StreamMapping": _mapping("OfStream", {"Fn::GetAtt": ["Table", "StreamArn"]}, StartingPosition="TRIM_HORIZON"),
        "QueueMapping": _mapping("OfQueue", {"Fn::GetAtt": ["Queue", "Arn"]}),
    }
}


def _deploy(aws: LocalAws, resources: dict[str, Any]) -> None:
    cloudformation = aws.client("cloudformation")
    name = stack_name(LOCAL_STAGE)
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def test_a_stream_and_a_queue_of_the_stack_are_served_at_once(tmp_path: Path) -> None:
    """Every mapping of the deployed functions, of either kind, by the one process; and no mapping of others."""
    with local_aws(tmp_path) as aws:
        _deploy(aws, TEMPLATE["Resources"])
        other = aws.client("sqs").create_queue(QueueName="other")["QueueUrl"]
        aws.client("lambda").create_event_source_mapping(
            FunctionName="of-queue", EventSourceArn="arn:aws:sqs:us-east-1:000000000000:other", Enabled=False
        )
        aws.client("sqs").send_message(QueueUrl=other, MessageBody="not of the stack")
        with served_mapping(aws) as mapping:
            aws.client("dynamodb").put_item(TableName="things", Item={"id": {"S": "a"}})
            url = aws.client("sqs").get_queue_url(QueueName="letters")["QueueUrl"]
            aws.client("sqs").send_message(QueueUrl=url, MessageBody="a")
            events: list[LogEvent] = []
            deadline = time.monotonic() + SERVED_WITHIN_SECONDS
            while time.monotonic() < deadline and len(_succeeded(events)) < 2:
                events += mapping.log_events()
                time.sleep(0.1)
        counted = aws.client("sqs").get_queue_attributes(QueueUrl=other, AttributeNames=["All"])["Attributes"]
    assert {event.outcome for event in _succeeded(events)} == {EventType.SUCCEEDED}
    assert len({event.mapping for event in _succeeded(events)}) == 2
    assert counted["ApproximateNumberOfMessages"] == "1"


def test_a_queue_that_a_deploy_adds_does_not_begin_the_stream_anew(tmp_path: Path) -> None:
    """A receiver is added while `npm start` runs: what the stream has had is not carried to the function again."""
    with local_aws(tmp_path) as aws:
        later = {name: TEMPLATE["Resources"][name] for name in ("OfQueue", "Queue", "QueueMapping")}
        first = {name: each for name, each in TEMPLATE["Resources"].items() if name not in later}
        _deploy(aws, first)
        with served_mapping(aws) as mapping:
            aws.client("dynamodb").put_item(TableName="things", Item={"id": {"S": "a"}})
            events = _until_succeeded(mapping, 1)
            cloudformation = aws.client("cloudformation")
            cloudformation.update_stack(
                StackName=stack_name(LOCAL_STAGE), TemplateBody=json.dumps({"Resources": first | later})
            )
            cloudformation.get_waiter("stack_update_complete").wait(
                StackName=stack_name(LOCAL_STAGE), WaiterConfig={"Delay": 1}
            )
            url = aws.client("sqs").get_queue_url(QueueName="letters")["QueueUrl"]
            aws.client("sqs").send_message(QueueUrl=url, MessageBody="a")
            events += _until_succeeded(mapping, 1)
            aws.client("dynamodb").put_item(TableName="things", Item={"id": {"S": "b"}})
            events += _until_succeeded(mapping, 1)
    assert len({event.mapping for event in _succeeded(events)}) == 2
    assert len([event for event in events if event.outcome is EventType.SHARD_STARTED]) == 1
    assert len(_succeeded(events)) == 3


def _until_succeeded(mapping: ServedMapping, count: int) -> list[LogEvent]:
    events: list[LogEvent] = []
    deadline = time.monotonic() + SERVED_WITHIN_SECONDS
    while time.monotonic() < deadline and len(_succeeded(events)) < count:
        events += mapping.log_events()
        time.sleep(0.1)
    return events


def test_a_crash_is_played_for_one_key_and_as_long_as_is_wanted(tmp_path: Path) -> None:
    """Whatever the key looks like; a deploy that has the samples read again finds them in order."""
    with local_aws(tmp_path) as aws:
        _deploy(aws, TEMPLATE["Resources"])
        with served_mapping(aws, {"id": {"S": "a"}}) as mapping:
            aws.client("dynamodb").put_item(TableName="things", Item={"id": {"S": "a"}})
            _until(mapping, EventType.FAILED)
            mapping.poison = {}
            _until(mapping, EventType.SUCCEEDED)


def _until(mapping: ServedMapping, outcome: EventType) -> None:
    deadline = time.monotonic() + SERVED_WITHIN_SECONDS
    while outcome not in {event.outcome for event in mapping.log_events()}:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_stack_without_a_mapping_is_said_so(tmp_path: Path) -> None:
    """Nothing would ever reach the function."""
    with local_aws(tmp_path) as aws:
        _deploy(aws, {"Queue": TEMPLATE["Resources"]["Queue"]})
        with pytest.raises(MappingError, match="no event source mapping"), served_mapping(aws):
            pass


def _succeeded(events: list[LogEvent]) -> list[LogEvent]:
    return [event for event in events if event.outcome is EventType.SUCCEEDED]
