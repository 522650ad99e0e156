"""All that is known of what AWS takes, for one request or for every client that a test makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import botocore
from botocore.validate import ParamValidator

from tests.aws_requests import dynamodb, messages, service_model

LARGEST_INVOCATION = 6 * 1024**2
LARGEST_MAIL = 10 * 1024**2
MOST_RECIPIENTS = 50
LONGEST_LINE = 998
"""Bytes of a line of a mail, its end not counted. Source: RFC 5322, section 2.1.1."""
LONGEST_OBJECT_KEY = 1024


def mistakes(model: Any, params: Mapping[str, Any]) -> list[str]:
    """List what AWS would refuse of a request; `model` is botocore's of the operation."""
    shape = model.input_shape
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        return [report.generate_report()]
    found = list(service_model.mistakes(shape, params, model.name)) if shape else []
    return found + list(_more(model.service_model.service_name, model.name, params))


def watch_all_clients(found: list[str]) -> None:
    """Have every boto3 client that is made from now on put its mistakes into `found`, and call all the same."""

    def look(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        found.extend(f"{model.service_model.service_name} {model.name}: {each}" for each in mistakes(model, params))

    botocore.register_initializer(lambda session: session.register("provide-client-params", look))


def _more(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[str]:
    if service == "dynamodb":
        yield from dynamodb.mistakes(operation, params)
    elif service == "sns":
        yield from messages.published(operation, params)
    elif service == "sqs":
        yield from messages.queued(operation, params)
    elif service == "ses" and operation == "SendRawEmail":
        yield from _mail_mistakes(params)
    elif service == "lambda" and operation == "Invoke" and len(params.get("Payload", b"")) > LARGEST_INVOCATION:
        yield f"a payload of {len(params['Payload'])} bytes: expected at most {LARGEST_INVOCATION}"
    elif service == "s3" and len(params.get("Key", "").encode()) > LONGEST_OBJECT_KEY:
        yield f"an object's key of {len(params['Key'].encode())} bytes: expected at most {LONGEST_OBJECT_KEY}"


def _mail_mistakes(params: Mapping[str, Any]) -> Iterator[str]:
    """Source: Amazon Simple Email Service API Reference, "SendRawEmail"."""
    mail = params["RawMessage"]["Data"]
    if len(mail) > LARGEST_MAIL:
        yield f"a mail of {len(mail)} bytes: expected at most {LARGEST_MAIL}"
    if not 1 <= len(params["Destinations"]) <= MOST_RECIPIENTS:
        yield f"{len(params['Destinations'])} recipients: expected 1 to {MOST_RECIPIENTS}"
    longest = max(map(len, mail.split(b"\n")))
    if longest > LONGEST_LINE + len(b"\r"):
        yield f"a line of {longest} bytes in a mail: expected at most {LONGEST_LINE}"
