"""The notation of docs/rules.md for one change, `category Home, price 10 → 8`, turned into a stream record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from boto3.dynamodb.types import TypeSerializer

from notifications.rules.product import Product
from notifications.stream.attributes import Path, number
from notifications.stream.changes import INSERT, MODIFY, REMOVE
from operations.terminal.arguments import UsageError

_EVENTS = {"new": INSERT, "removed": REMOVE, "expired": REMOVE}
_KEY = r"[\w.-]+=[^\s:=,]+"
_SUBJECT = re.compile(
    rf"(?:(?P<time>\d\d:\d\d) )?(?:(?P<product>(?!new:|removed:|expired:)(?:{_KEY}(?: +{_KEY})*|[\w-]+)):(?: |$))?"
    r"(?:(?P<event>new|removed|expired):)?(?P<rest>.*)",
    re.DOTALL,
)
_VALUE = re.compile(r"(?P<name>\S+) +(?P<old>\"(?:[^\"\\]|\\.)*\"|.+?)(?: *(?:→|->) *(?P<new>.+))?", re.DOTALL)
_ARROW = re.compile("→|->")
_SHORT_TIME = re.compile(r"\d:\d\d\b")
_DEFAULT_ID = "prod-123"
_EXAMPLE = (
    "write it as 'category Home, price 10 → 8', 'new: price 5' or 'removed: price 5', behind a key of your own as "
    "'shop=berlin sku=7: price 10 → 8' (-> stands for →)"
)


class WrittenChange(NamedTuple):
    """A change as the notation writes it; the images in DynamoDB's typed JSON, without the product's key."""

    time: str | None
    """Of day, HH:MM."""
    product: str | None
    event: str | None
    """new, removed, expired; None for a modification."""
    old: dict[str, Any]
    new: dict[str, Any]

    @property
    def event_name(self) -> str:
        """What a stream record calls the event."""
        return _EVENTS.get(self.event or "", MODIFY)

    @property
    def expired(self) -> bool:
        """Whether DynamoDB itself removed the item, by its TTL."""
        return self.event == "expired"


def parse(text: str) -> WrittenChange:
    """Read one change; UsageError says what is not understood."""
    match = _SUBJECT.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"--change {text!r}: {_EXAMPLE}")
    change = WrittenChange(match["time"], match["product"], match["event"], {}, {})
    if _SHORT_TIME.match(match["rest"]):
        raise UsageError(f"--change {text[:80]!r}: write the time with two digits, 09:00; {_EXAMPLE}")
    if not match["rest"].strip() and not match["event"]:
        raise UsageError(f"--change {text[:80]!r} names no attribute; {_EXAMPLE}")
    for position, part in enumerate(_parts(match["rest"])):
        value = _VALUE.fullmatch(part)
        doubt = _doubt(value) if value else "is not NAME VALUE or NAME OLD → NEW"
        if position == 0 and not match["product"] and value and re.fullmatch(_KEY, value["name"]):
            doubt = "begins with a key that has no colon behind it"
        if value is None or doubt:
            raise UsageError(f"--change: {part[:80]!r} {doubt}; {_EXAMPLE}")
        try:
            path = Path.parse(value["name"])
            _put(change.old, path, _value(value["old"]))
            _put(change.new, path, _value(value["new"] or value["old"]))
        except (LookupError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise UsageError(f"--change: {part[:80]!r} is not understood ({error}); {_EXAMPLE}") from None
    return change


def record_of(text: str, position: int, product: Product) -> dict[str, Any]:
    """Return the stream record of a change, the `position`th; UsageError says what is not understood."""
    written = parse(text)
    key = _key(written.product or _DEFAULT_ID, product)
    change = {
        "ApproximateCreationDateTime": _created(written.time),
        "Keys": key,
        "SequenceNumber": str(position),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
        **({} if written.event_name == INSERT else {"OldImage": {**key, **written.old}}),
        **({} if written.event_name == REMOVE else {"NewImage": {**key, **written.new}}),
    }
    by_service = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    return {
        "eventName": written.event_name,
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/products/stream/explain",
        "dynamodb": change,
        **({"userIdentity": by_service} if written.expired else {}),
    }


def _key(text: str, product: Product) -> dict[str, Any]:
    """Read an id, or the NAME=VALUE pairs of a composite key."""
    if "=" in text:
        pairs = (pair.partition("=") for pair in text.split())
        return {name: _value(value) for name, _, value in pairs}
    named = product.id.top if product.id and not product.id.rest else "productId"
    return {named: {"S": text}}


def _doubt(value: re.Match[str]) -> str:
    """Say what speaks against a part being meant as it reads; "" where nothing does."""
    name, old, new = value["name"], value["old"], value["new"] or ""
    if _ARROW.match(old):
        return "lacks the attribute's name in front of the arrow; it has no colon behind it"
    if old.startswith("="):
        return f"has an extra =: {name} {old.lstrip('= ')}{' → ' + new if new else ''}"
    if any(_ARROW.search(each) for each in (old, new) if not each.startswith(('"', "{", "["))):
        return "has an arrow without a value on both sides, or more than one; a text with an arrow stands in quotes"
    words = old.split()
    if len(words) > 1 and all(number({"N": word}) is not None for word in words):
        return f"has {len(words)} numbers and no arrow between them: {name} {' → '.join(words)}"
    return ""


def _created(time: str | None) -> float:
    now = datetime.now(UTC).replace(microsecond=0)
    if time is None:
        return now.timestamp()
    hour, minute = map(int, time.split(":"))
    if not (hour < 24 and minute < 60):  # noqa: PLR2004 - a clock
        raise UsageError(f"--change: {time} is not a time of day, such as 09:40")
    return now.replace(hour=hour, minute=minute, second=0).timestamp()


def _parts(text: str) -> Iterator[str]:
    """Split at commas that stand in no bracket and no quotes."""
    depth, start, quoted = 0, 0, False
    for position, character in enumerate(text):
        quoted ^= character == '"'
        depth += 0 if quoted else (character in "{[(") - (character in "}])")
        if character == "," and not depth and not quoted:
            yield text[start:position].strip()
            start = position + 1
    if text[start:].strip() or start:
        yield text[start:].strip()


def _put(image: dict[str, Any], path: Path, value: Any) -> None:
    """Put a typed value at a path, in maps that are made as needed; None leaves it out."""
    if value is None:
        return
    inside, name = image, path.top
    for part in path.rest:
        if not isinstance(part, str):
            raise ValueError("for an element of a list, write the whole list")  # noqa: TRY004
        inside, name = inside.setdefault(name, {"M": {}})["M"], part
    inside[name] = value


def _value(text: str) -> Any:
    """Read a value: none, a number, true, "text", {map}, [list], set(a, b), or words."""
    if text == "none":
        return None
    if text.startswith("set(") and text.endswith(")"):
        return {"SS": [each.strip() for each in text[4:-1].split(",")]}
    if text[0] in '"{[' or text in {"true", "false"}:
        return TypeSerializer().serialize(json.loads(text, parse_float=Decimal, parse_int=Decimal))
    return {"N": text} if number({"N": text}) is not None else {"S": text}
