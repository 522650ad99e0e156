"""Records of GetRecords, as boto3 parses them, in the form in which Lambda hands them to the function.

Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB" (the example event).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_IMAGES = ("Keys", "NewImage", "OldImage")


def as_received(record: Mapping[str, Any], stream_arn: str) -> dict[str, Any]:
    """Return the record with its time in whole seconds, binary values in base64, and the stream's ARN."""
    change = dict(record["dynamodb"])
    created = change.get("ApproximateCreationDateTime", 0)
    change["ApproximateCreationDateTime"] = float(
        int(created.timestamp() if isinstance(created, datetime) else created)
    )
    change.update({name: _attributes(change[name]) for name in _IMAGES if name in change})
    identity = record.get("userIdentity")
    lower = {name[0].lower() + name[1:]: value for name, value in identity.items()} if identity else None
    return {
        **{name: value for name, value in record.items() if name != "userIdentity"},
        **({"userIdentity": lower} if lower else {}),
        "dynamodb": change,
        "eventSourceARN": stream_arn,
    }


def _attributes(image: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in image.items()}


def _value(value: Mapping[str, Any]) -> dict[str, Any]:
    ((kind, content),) = value.items()
    if kind == "M":
        return {"M": _attributes(content)}
    if kind == "L":
        return {"L": [_value(each) for each in content]}
    if kind == "B":
        return {"B": _base64(content)}
    if kind == "BS":
        return {"BS": [_base64(each) for each in content]}
    return dict(value)


def _base64(content: bytes | str) -> str:
    return content if isinstance(content, str) else base64.b64encode(content).decode("ascii")
