"""Records of GetRecords, as boto3 parses them, in the form in which Lambda hands them to the function.

Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB" (the example event).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def as_received(record: Mapping[str, Any], stream_arn: str) -> dict[str, Any]:
    """Return the record with its time in whole seconds, binary values in base64, and the stream's ARN."""
    event: dict[str, Any] = json.loads(json.dumps(record, default=_json_value))
    change = event["dynamodb"]
    if "ApproximateCreationDateTime" in change:
        change["ApproximateCreationDateTime"] = float(int(change["ApproximateCreationDateTime"]))
    identity = event.get("userIdentity")
    if identity:
        event["userIdentity"] = {name[0].lower() + name[1:]: value for name, value in identity.items()}
    event["eventSourceARN"] = stream_arn
    return event


def _json_value(value: object) -> str | float:
    """Return the JSON form of what boto3 parses into Python's own types."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"not a value of a stream record: {type(value).__name__}")
