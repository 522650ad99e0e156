"""What rules remember, and the order of publishing, belong to an item, not to its name or to one stream."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.common.errors import ProductAlertsError, ServiceError
from notifications.publishing.messages import AlertMessage
from tests.builders import CREATED_AT, STREAM, raw, rules, sequence_number
from tests.rules.scenario import rule
from tests.service import DONE, Service, from_

DROP = rule("price_drop", 'cooldown = "1h"')
CALLED_BY_SKU = '[product]\nid = "sku"\n' + DROP
Keys = dict[str, dict[str, str]]


def _cheaper(keys: Keys, at: int, old: int = 10, new: int = 5, stream: str = STREAM, **more: Any) -> dict[str, Any]:
    images = [{"price": {"N": str(price)}, **more} for price in (old, new)]
    record = raw(old=images[0], new=images[1], keys=keys, at=at)
    record["eventSourceARN"] = stream
    record["dynamodb"]["ApproximateCreationDateTime"] = CREATED_AT + at
    return record


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": {"S": "a/b"}, "b": {"S": "c"}}, {"a": {"S": "a"}, "b": {"S": "b/c"}}),
        ({"a": {"S": "1"}, "b": {"N": "2"}}, {"a": {"S": "1"}, "b": {"S": "2"}}),
        ({"id": {"S": "1"}}, {"id": {"N": "1"}}),
        ({"id": {"S": "YQ=="}}, {"id": {"B": "YQ=="}}),
        ({"id": {"S": "a#b"}}, {"id": {"S": "a"}, "x": {"S": "b"}}),
    ],
    ids=str,
)
@pytest.mark.parametrize("text", [DROP, CALLED_BY_SKU], ids=["by key", "by an attribute that both share"])
def test_two_items_called_the_same_do_not_silence_each_other(text: str, one: Keys, other: Keys) -> None:
    """The later record first, in batches of their own: neither is seen, and neither cools the other down."""
    service = Service(rules(text))
    for keys, at in ((other, 9), (one, 1)):
        assert service.handle(_cheaper(keys, at, sku={"S": "mug"})) == DONE
    assert [alert.sequence_number for alert in service.alerts] == [sequence_number(9), sequence_number(1)]
    assert len(service.ledger.memories) == 2


def test_memory_stays_when_an_item_is_called_something_else() -> None:
    """A new id attribute does not end a cool-down."""
    service = Service(rules(CALLED_BY_SKU))
    keys = {"id": {"S": "1"}}
    service.handle(_cheaper(keys, 1, 10, 8, sku={"S": "mug"}))
    service.handle(_cheaper(keys, 2, 8, 6, sku={"S": "cup"}))
    assert [alert.subject for alert in service.alerts] == ["mug"]


def test_one_number_written_in_two_ways_is_one_item() -> None:
    """DynamoDB compares keys as numbers."""
    service = Service(rules(DROP))
    for at, written in enumerate(("100", "1E+2", "100.0"), 1):
        service.handle(_cheaper({"id": {"N": written}}, at))
    assert len(service.alerts) == 1


def _of(label: str, table: str = "products") -> str:
    return f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}/stream/{label}"


@pytest.mark.parametrize("first", [1, 500_000])
def test_a_stream_made_anew_may_count_from_a_lower_number(first: int) -> None:
    """Six alerts are six, though the table, or its stream, was made anew and counts from one again."""
    text = rule("price_drop", 'baseline = "last_alert"')
    service = Service(rules(text))
    keys = {"id": {"S": "1"}}
    prices = [100, 90, 80, 70]
    for stream, start in ((_of("2026-11-21T09:00:00.000"), 10**6), (_of("2026-11-22T09:00:00.000"), first)):
        for step in range(3):
            record = _cheaper(keys, 1, prices[step], prices[step + 1], stream)
            record["dynamodb"]["SequenceNumber"] = str(start + step)
            assert service.handle(record) == DONE
        prices = [70, 60, 50, 40]
    assert len(service.alerts) == 6
    memory = next(iter(service.ledger.memories.values()))["r"]
    assert (memory.sequence_number, memory.stream) == (str(first + 2), "2026-11-22T09:00:00.000")


def test_what_an_older_stream_still_brings_is_alerted_and_changes_no_memory() -> None:
    """A table's old stream is read to its end beside the new one; a batch of it that comes twice alerts once."""
    service = Service(rules(rule("price_drop", 'baseline = "last_alert"')))
    keys = {"id": {"S": "1"}}
    service.handle(_cheaper(keys, 5, 50, 40, _of("2026-11-22T09:00:00.000")))
    late = _cheaper(keys, 9, 100, 90, _of("2026-11-21T09:00:00.000"))
    service.handle(late)
    service.handle(late)
    assert [alert.sequence_number for alert in service.alerts] == [sequence_number(5), sequence_number(9)]
    memory = next(iter(service.ledger.memories.values()))["r"]
    assert memory.sequence_number == sequence_number(5)


def test_order_within_an_item_holds_when_its_id_changes() -> None:
    """The first alert fails: the second waits though it is called something else, and another item does not."""
    service = Service(rules('[product]\nid = "sku"\n' + rule("price_drop")))
    failing = [sequence_number(1)]

    def failure_of(message: AlertMessage) -> ProductAlertsError | None:
        return ServiceError("throttled") if message.alert.sequence_number in failing else None

    service.topic.failure_of = failure_of
    item, other = {"id": {"S": "1"}}, {"id": {"S": "2"}}
    batch = [
        _cheaper(item, 1, 10, 9, sku={"S": "mug"}),
        _cheaper(item, 2, 9, 8, sku={"S": "cup"}),
        _cheaper(other, 3, 9, 8, sku={"S": "mug"}),
    ]
    assert service.handle(*batch) == from_(1)
    assert [alert.sequence_number for alert in service.alerts] == [sequence_number(3)]
    failing.clear()
    assert service.handle(*batch) == DONE
    assert [alert.sequence_number for alert in service.alerts][1:] == [sequence_number(1), sequence_number(2)]


def test_no_call_holds_two_changes_of_an_item_whose_id_changes() -> None:
    """A call may fail in part, and the later change must not go out before the earlier one."""
    service = Service(rules('[product]\nid = "sku"\n' + rule("price_drop")))
    item = {"id": {"S": "1"}}
    service.handle(*(_cheaper(item, at, 20 - at, 19 - at, sku={"S": f"mug {at}"}) for at in range(1, 5)))
    assert service.topic.calls == 4
