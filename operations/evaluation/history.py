"""What rules would make of the past, as far as alerts that went out tell: which of them would not be sent any more.

An alert holds the product as it was and what changed, so its record can be put together again, but for what neither
names. So nothing is said of an alert that the current rules do not raise again from such a record, and nothing ever of
alerts that would come: records that raised none left nothing behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notifications.alerts.alert import Alert
from notifications.rules.ruleset import Ruleset
from notifications.stream.attributes import Path
from notifications.stream.changes import INSERT, MODIFY, REMOVE
from operations.evaluation.preview import in_stream_order, preview
from operations.ledger.reading import as_object
from operations.products.products_table import ChangeError, number_or_text, with_value
from operations.terminal.moments import as_datetime

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")  # as DynamoDB writes one
_DEEPEST = 32  # levels of an item


@dataclass(frozen=True, slots=True)
class PastDifference:
    """What can be said of the alerts of a time."""

    alerts: int
    """All that are known."""
    kept: int
    """Those that the tried rules would send as well."""
    gone: Sequence[Alert]
    """Those that they would not send, in the order of their records."""

    @property
    def unknown(self) -> int:
        """How many nothing can be said of: what is kept of them is not enough to judge their record again."""
        return self.alerts - self.kept - len(self.gone)


def judge_history(
    tried: Ruleset, current: Ruleset, bodies: Iterable[str], stream_arn: str, key_types: Mapping[str, str]
) -> PastDifference:
    """Judge the records of alerts, given as they were published, by the tried rules and by the current ones.

    `key_types` are the attributes of the table's key and their types.
    """
    sent: set[str] = set()
    records: dict[str, dict[str, Any]] = {}
    for body in bodies:
        alert = as_object(body)
        data = alert.get("data")
        if not isinstance(alert.get("id"), str) or not isinstance(data, dict):
            continue
        sent.add(alert["id"])
        try:
            _add_record(records, alert, data, stream_arn, key_types)
        except (ChangeError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue  # not as the service publishes them
    then, now = preview((tried, current), in_stream_order(records.values()))
    known = {alert_id: alert for alert_id, alert in now.alerts.items() if alert_id in sent}
    gone = [alert for alert_id, alert in known.items() if alert_id not in then.alerts]
    return PastDifference(len(sent), len(known) - len(gone), gone)


def _add_record(
    records: dict[str, dict[str, Any]],
    alert: Mapping[str, Any],
    data: Mapping[str, Any],
    stream_arn: str,
    key_types: Mapping[str, str],
) -> None:
    """Put the record of an alert together; two alerts of one record know more than either."""
    number, event = str(data["sequenceNumber"]), data["eventName"]
    if event not in {INSERT, MODIFY, REMOVE} or data.get("summary"):
        return
    image = {name: _typed(value) for name, value in data["product"].items()}
    keys = {name: {kind: str(data["product"][name])} for name, kind in key_types.items()}
    image |= keys
    record = records.get(number)
    if record is None:
        created = as_datetime(alert.get("time"))
        change: dict[str, Any] = {
            "Keys": keys,
            "SequenceNumber": number,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **({} if created is None else {"ApproximateCreationDateTime": created.timestamp()}),
        }
        if event != REMOVE:
            change["NewImage"] = image
        if event != INSERT:
            change["OldImage"] = dict(image)
        record = records[number] = {"eventName": event, "eventSourceARN": stream_arn, "dynamodb": change}
    if event == MODIFY:
        for each in data["changes"]:
            _set(record["dynamodb"]["OldImage"], Path.parse(each["attribute"]), each["old"])


def _set(image: dict[str, Any], path: Path, old: Any) -> None:
    if old is not None:
        image[path.top] = with_value(image.get(path.top), path.rest, _typed(old))
    elif not path.rest:
        image.pop(path.top, None)


def _typed(value: Any, depth: int = 0) -> dict[str, Any]:
    """Give a plain value a type: what looks like a number was one, most likely. Raises ValueError."""
    if depth > _DEEPEST:
        raise ValueError("nested deeper than an item can be")
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, list):
        return {"L": [_typed(each, depth + 1) for each in value]}
    if isinstance(value, dict):
        return {"M": {name: _typed(each, depth + 1) for name, each in value.items()}}
    text = str(value)
    try:
        looks_like_one = _NUMBER.fullmatch(text) and not isinstance(number_or_text(text), str)
    except ChangeError:  # no number that the table can hold
        looks_like_one = False
    return {"N": text} if looks_like_one else {"S": text}
