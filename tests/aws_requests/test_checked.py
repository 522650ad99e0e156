"""Each request here breaks one rule of AWS, by as little as can be; the same request just within it passes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from tests.aws_in_memory import client_of
from tests.aws_requests.checked import mistakes
from tests.builders import message

TOPIC, QUEUE, TABLE = "arn:aws:sns:us-east-1:123456789012:t", "https://sqs/q", "ledger"
Params = dict[str, Any]


@cache
def _model(service: str) -> Any:
    return client_of(service).meta.service_model


def found(service: str, operation: str, params: Params) -> list[str]:
    """Give the mistakes of a request."""
    return mistakes(_model(service).operation_model(operation), params)


# DynamoDB


def _item(number: int = 1, **more: Any) -> Params:
    return {"product": {"S": f"p{number}"}, "alert": {"S": "a"}, **more}


def _filled(size: int, number: int = 1) -> Params:
    """Make an item of so many bytes."""
    return _item(number, x={"S": "a" * (size - len("productalertxa") - len(f"p{number}"))})


def _read(*keys: Params) -> Params:
    return {"RequestItems": {TABLE: {"Keys": list(keys)}}}


def _written(*items: Params) -> Params:
    return {"RequestItems": {TABLE: [{"PutRequest": {"Item": item}} for item in items]}}


def _transaction(*items: Params) -> Params:
    return {"TransactItems": [{"Put": {"TableName": TABLE, "Item": item}} for item in items]}


def _update(expression: str, values: Params | None = None, **more: Any) -> Params:
    given = {"ExpressionAttributeValues": values} if values else {}
    return {"TableName": TABLE, "Key": _item(), "UpdateExpression": expression, **given, **more}


def _put(value: Any) -> Params:
    return {"TableName": TABLE, "Item": _item(x=value)}


def _deep(levels: int) -> Params:
    value: Params = {"S": "deep"}
    for _ in range(levels - 1):
        value = {"L": [value]}
    return value


N38 = "1" * 38
ONE = {":v": {"N": "1"}}
DYNAMODB = {
    "a hundred keys": ("BatchGetItem", _read(*map(_item, range(100))), _read(*map(_item, range(101)))),
    "a key once": ("BatchGetItem", _read(_item(1), _item(2)), _read(_item(1), _item(2), _item(1))),
    "25 writes": ("BatchWriteItem", _written(*map(_item, range(25))), _written(*map(_item, range(26)))),
    "an item once in a batch": ("BatchWriteItem", _written(_item(1), _item(2)), _written(_item(1), _item(1))),
    "a hundred actions": ("TransactWriteItems", _transaction(*map(_item, range(100))),
                          _transaction(*map(_item, range(101)))),
    "an item once in a transaction": ("TransactWriteItems", _transaction(_item(1), _item(2)),
                                      _transaction(_item(1), _item(1, x={"S": "other"}))),
    "4 MB a transaction": ("TransactWriteItems", _transaction(*(_filled(400_000, n) for n in range(10))),
                           _transaction(*(_filled(400_000, n) for n in range(10)), _filled(194_305, 11))),
    "400 KB an item": ("PutItem", {"TableName": TABLE, "Item": _filled(400 * 1024)},
                       {"TableName": TABLE, "Item": _filled(400 * 1024 + 1)}),
    "2 KB a partition key": ("GetItem", {"TableName": TABLE, "Key": _item() | {"product": {"S": "é" * 1024}}},
                             {"TableName": TABLE, "Key": _item() | {"product": {"S": "é" * 1024 + "a"}}}),
    "1 KB a sort key": ("GetItem", {"TableName": TABLE, "Key": _item() | {"alert": {"S": "a" * 1024}}},
                        {"TableName": TABLE, "Key": _item() | {"alert": {"S": "a" * 1025}}}),
    "a key with something in it": ("BatchWriteItem", _written(_item()), _written(_item() | {"alert": {"S": ""}})),
    "a key that is there": ("BatchWriteItem", _written(_item()), _written({"product": {"S": "p"}})),
    "38 digits": ("PutItem", _put({"N": N38}), _put({"N": N38 + "1"})),
    "a number up to 1E+126": ("PutItem", _put({"N": "1E125"}), _put({"N": "1E126"})),
    "a number from 1E-130": ("PutItem", _put({"N": "1E-130"}), _put({"N": "1E-131"})),
    "a number": ("PutItem", _put({"N": "-0.5"}), _put({"N": "NaN"})),
    "a number in ASCII": ("PutItem", _put({"NS": ["5", "6"]}), _put({"NS": ["5", "٦"]})),
    "a set that is not empty": ("PutItem", _put({"SS": ["a"]}), _put({"SS": []})),
    "a set without repeats": ("PutItem", _put({"SS": ["a", "b"]}), _put({"SS": ["a", "a"]})),
    "one type a value": ("PutItem", _put({"S": "a"}), _put({"S": "a", "N": "1"})),
    "32 levels": ("PutItem", _put(_deep(32)), _put(_deep(33))),
    "an attribute with a name": ("PutItem", {"TableName": TABLE, "Item": _item(y={"S": ""})},
                                 {"TableName": TABLE, "Item": {**_item(), "": {"S": ""}}}),
    "an expression of 4 KB": ("UpdateItem", _update(f"SET {'y' * 4087} = :v", ONE),
                              _update(f"SET {'y' * 4088} = :v", ONE)),
    "no reserved word": ("UpdateItem", _update("SET price = :v", ONE), _update("SET counter = :v", ONE)),
    "placeholders that are given": ("UpdateItem", _update("SET #c = :v", ONE, ExpressionAttributeNames={"#c": "c"}),
                                    _update("SET #c = :v", ONE)),
    "placeholders that are used": ("UpdateItem", _update("SET x = :v", ONE), _update("REMOVE x", ONE)),
    "a set as a value": ("UpdateItem", _update("ADD x :v", {":v": {"SS": ["a"]}}),
                         _update("ADD x :v", {":v": {"SS": ["a", "a"]}})),
    "a word of an enumeration": ("UpdateItem", _update("SET x = :v", ONE, ReturnValues="ALL_NEW"),
                                 _update("SET x = :v", ONE, ReturnValues="EVERYTHING")),
    "a table's name": ("UpdateItem", _update("SET x = :v", ONE),
                       _update("SET x = :v", ONE) | {"TableName": "t" * 1025}),
    "an index's name": ("Query", {"TableName": TABLE, "IndexName": "by-day"},
                        {"TableName": TABLE, "IndexName": "by day"}),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "right", "wrong"), DYNAMODB.values(), ids=DYNAMODB)
def test_dynamodb(operation: str, right: Params, wrong: Params) -> None:
    """Sizes, counts, keys, values, expressions."""
    assert found("dynamodb", operation, right) == []
    assert found("dynamodb", operation, wrong)


# SNS and SQS


def _entry(number: int = 0, **more: Any) -> Params:
    return {"Id": str(number), "Subject": "s", "Message": "m", **more}


def _batch(*entries: Params) -> Params:
    return {"TopicArn": TOPIC, "PublishBatchRequestEntries": list(entries)}


def _attributed(name: str = "n", value: str = "v", kind: str = "String") -> Params:
    return _batch(_entry(MessageAttributes={name: {"DataType": kind, "StringValue": value}}))


def _many(count: int) -> Params:
    attribute = {"DataType": "String", "StringValue": "v"}
    return _batch(_entry(MessageAttributes={f"n{number}": attribute for number in range(count)}))


def _subject(text: str) -> Params:
    return _batch(_entry(Subject=text))


FULL = "é" * 131_070  # with the subject's one, and one that is left
HALVES = [_entry(1, Message="a" * 131_071), _entry(2, Message="b" * 131_071)]
SNS = {
    "ten entries": (_batch(*map(_entry, range(10))), _batch(*map(_entry, range(11)))),
    "an entry at least": (_batch(_entry()), _batch()),
    "an Id once": (_batch(_entry(1), _entry(2)), _batch(_entry(1), _entry(1))),
    "an Id of letters": (_batch(_entry(Id="a-_Z9")), _batch(_entry(Id="a.b"))),
    "an Id of 80": (_batch(_entry(Id="a" * 80)), _batch(_entry(Id="a" * 81))),
    "256 KB a message": (_batch(_entry(Message=FULL + "aaa")), _batch(_entry(Message=FULL + "aaaa"))),
    "256 KB a call": (_batch(*HALVES), _batch(*HALVES, _entry(3))),
    "256 KB with attributes": (_batch(_entry(Message=FULL, MessageAttributes={})), _batch(
        _entry(Message=FULL, MessageAttributes={"n": {"DataType": "String", "StringValue": "é"}}))),
    "a subject of 99": (_subject("a" * 99), _subject("a" * 100)),
    "a subject of 99 in UTF-16": (_subject("🙂" * 49), _subject("🙂" * 50)),
    "a subject with something in it": (_subject("a"), _subject("")),
    "a subject on a line": (_subject("a b"), _subject("a\nb")),
    "a subject without a line separator": (_subject("a b"), _subject("a\u2028b")),
    "a subject without control characters": (_subject("a\u00a0b"), _subject("a\x85b")),
    "a body": (_batch(_entry(Message="a")), _batch(_entry(Message=""))),
    "a body of XML's characters": (_batch(_entry(Message="a\t\n\ufffd")), _batch(_entry(Message="a\ufffe"))),
    "a body of whole characters": (_batch(_entry(Message="🙂")), _batch(_entry(Message="\ud83d"))),
    "ten attributes": (_many(10), _many(11)),
    "an attribute with a value": (_attributed(value="v"), _attributed(value="")),
    "an attribute of XML's characters": (_attributed(value="a\tb"), _attributed(value="a\x0bb")),
    "an attribute's name": (_attributed("a.b"), _attributed("a..b")),
    "an attribute's name of letters": (_attributed("a_b-c"), _attributed("a b")),
    "an attribute's name of 256": (_attributed("a" * 256), _attributed("a" * 257)),
    "an attribute's name of our own": (_attributed("awsome.a"), _attributed("AWS.a")),
    "an attribute's type": (_attributed(kind="String"), _attributed(kind="Text")),
    "a number as one": (_attributed(value="-1.5", kind="Number"), _attributed(value="Infinity", kind="Number")),
    "an array as one": (_attributed(value='["a", 1]', kind="String.Array"),
                        _attributed(value='[["a"]]', kind="String.Array")),
    "an array in JSON": (_attributed(value="[]", kind="String.Array"), _attributed(value="[", kind="String.Array")),
}  # fmt: skip


@pytest.mark.parametrize(("right", "wrong"), SNS.values(), ids=SNS)
def test_sns(right: Params, wrong: Params) -> None:
    """Counts, bytes, subjects, characters, attributes."""
    assert found("sns", "PublishBatch", right) == []
    assert found("sns", "PublishBatch", wrong)


@pytest.mark.parametrize(
    "body",
    ['{"sms": "a"}', '{"default": "a", "sms": 1}', '{"default": "a", "default": "b"}'],
    ids=["without a default", "with a number", "with one twice"],
)
def test_texts_by_protocol(body: str) -> None:
    """A message that is JSON has a default, texts alone, and no name twice."""
    right = {"TopicArn": TOPIC, "Message": json.dumps({"default": "a", "sms": "b"}), "MessageStructure": "json"}
    assert found("sns", "Publish", right) == []
    assert found("sns", "Publish", right | {"Message": body})
    assert found("sns", "Publish", right | {"Message": json.dumps({"default": "a" * 262_144})})


def _sent(body: str, **attributes: str) -> Params:
    written = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    return {"QueueUrl": QUEUE, "MessageBody": body, "MessageAttributes": written}


def _binary(value: bytes) -> Params:
    return _received(MessageBody="a", MessageAttributes={"b": {"DataType": "Binary", "BinaryValue": value}})


def _received(**more: Any) -> Params:
    return {"QueueUrl": QUEUE, **more}


MB = 1_048_576
SQS = {
    "1 MB": ("SendMessage", _sent("a" * MB), _sent("a" * (MB + 1))),
    "1 MB with attributes": ("SendMessage", _sent("a" * (MB - 8), n="v"), _sent("a" * (MB - 7), n="v")),
    "a body": ("SendMessage", _sent("a"), _sent("")),
    "a body of XML's characters": ("SendMessage", _sent("a\r"), _sent("a\x00")),
    "an attribute with a value": ("SendMessage", _sent("a", n="v"), _sent("a", n="")),
    "bytes": ("SendMessage", _binary(b"\xff"), _binary(b"")),
    "1 MB with bytes": ("SendMessage", _binary(b"a" * (MB - 8)), _binary(b"a" * (MB - 7))),
    "twelve hours": (
        "ChangeMessageVisibility",
        _received(ReceiptHandle="r", VisibilityTimeout=43_200),
        _received(ReceiptHandle="r", VisibilityTimeout=43_201),
    ),
    "no negative time": (
        "ChangeMessageVisibility",
        _received(ReceiptHandle="r", VisibilityTimeout=0),
        _received(ReceiptHandle="r", VisibilityTimeout=-1),
    ),
    "ten messages": ("ReceiveMessage", _received(MaxNumberOfMessages=10), _received(MaxNumberOfMessages=11)),
    "a message": ("ReceiveMessage", _received(MaxNumberOfMessages=1), _received(MaxNumberOfMessages=0)),
    "twenty seconds": ("ReceiveMessage", _received(WaitTimeSeconds=20), _received(WaitTimeSeconds=21)),
    "an attribute of a message": (
        "ReceiveMessage",
        _received(MessageSystemAttributeNames=["SentTimestamp"]),
        _received(AttributeNames=["SentTimestamp"]),
    ),
    "a queue's name": ("GetQueueUrl", {"QueueName": "a" * 80}, {"QueueName": "a" * 81}),
    "a FIFO queue's name": ("GetQueueUrl", {"QueueName": "a.fifo"}, {"QueueName": "a.b"}),
    "ids of a batch": (
        "DeleteMessageBatch",
        _received(Entries=[{"Id": "1", "ReceiptHandle": "r"}]),
        _received(Entries=[{"Id": "1", "ReceiptHandle": "r"}, {"Id": "1", "ReceiptHandle": "s"}]),
    ),
}


@pytest.mark.parametrize(("operation", "right", "wrong"), SQS.values(), ids=SQS)
def test_sqs(operation: str, right: Params, wrong: Params) -> None:
    """Bytes, characters, times, counts, names."""
    assert found("sqs", operation, right) == []
    assert found("sqs", operation, wrong)


# The others


def _mail(data: bytes, recipients: int = 1) -> Params:
    return {"Source": "a@b.example", "Destinations": ["c@d.example"] * recipients, "RawMessage": {"Data": data}}


OTHERS = {
    "50 recipients": ("ses", "SendRawEmail", _mail(b"a", 50), _mail(b"a", 51)),
    "a line of 998": ("ses", "SendRawEmail", _mail(b"a" * 998 + b"\r\nb"), _mail(b"a" * 1000 + b"\r\nb")),
    "a mail of 10 MB": ("ses", "SendRawEmail", _mail(b"a\n" * 5 * 2**20), _mail(b"a\n" * 5 * 2**20 + b"a")),
    "a payload of 6 MB": ("lambda", "Invoke", {"FunctionName": "f", "Payload": b"a" * 6 * 2**20},
                          {"FunctionName": "f", "Payload": b"a" * (6 * 2**20 + 1)}),
    "a function's name": ("lambda", "Invoke", {"FunctionName": "f-1"}, {"FunctionName": "f 1"}),
    "an object's key": ("s3", "GetObject", {"Bucket": "b", "Key": "k" * 1024}, {"Bucket": "b", "Key": "k" * 1025}),
    "a parameter's name": ("ssm", "GetParameter", {"Name": "/a"}, {"Name": ""}),
    "a type": ("ssm", "GetParameter", {"Name": "/a"}, {"Name": 5}),
}  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "right", "wrong"), OTHERS.values(), ids=OTHERS)
def test_other_services(service: str, operation: str, right: Params, wrong: Params) -> None:
    """SES, Lambda, S3 and SSM."""
    assert found(service, operation, right) == []
    assert found(service, operation, wrong)


def test_a_message_of_ours_passes() -> None:
    """The checks do not refuse everything."""
    made = message()
    entry = {"Id": "0", "Subject": made.subject, "Message": made.body, "MessageAttributes": made.attributes}
    assert found("sns", "PublishBatch", _batch(entry)) == []


@pytest.mark.refused_by_aws
def test_every_client_of_a_test_is_watched(requests_that_aws_takes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes it, and whether the call goes out or not."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # between its attempts
    client = boto3.client("sqs", region_name="us-east-1", endpoint_url="http://127.0.0.1:9", aws_access_key_id="a",
                          aws_secret_access_key="b")  # fmt: skip  # noqa: S106
    with pytest.raises(EndpointConnectionError):
        client.receive_message(QueueUrl="http://127.0.0.1:9/q", WaitTimeSeconds=21)
    assert requests_that_aws_takes == ["sqs ReceiveMessage: WaitTimeSeconds is 21: expected up to 20"]
