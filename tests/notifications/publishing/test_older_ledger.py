"""A ledger that another version of the code wrote: what can be read counts, and nothing in it breaks the function."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.pipeline import Pipeline
from notifications.publishing.fakes import MemoryFailures, MemoryTopic
from notifications.publishing.ledger import LedgerQuery
from notifications.publishing.ledger_items import LedgerKey
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.rules.memory import NOTHING, Hour, HourlyCount, Memory, from_item
from tests.aws_in_memory import LEDGER
from tests.builders import CREATED_AT, TABLE, added, event, priced, rules
from tests.rules.scenario import rule
from tests.service import DONE


def _put(dynamodb: Any, key: LedgerKey, **attributes: Any) -> None:
    dynamodb.put_item(TableName=LEDGER, Item={"product": {"S": key.product}, "alert": {"S": key.alert}, **attributes})


def test_what_version_0_1_remembered_neither_counts_nor_breaks(dynamodb: Any) -> None:
    """It stands under what people called the product; the rule starts anew, and writes under the item's key."""
    remembered = {"M": {"sequence_number": {"S": "9" * 40}, "alerted_at": {"N": "1795251720"}}}
    _put(dynamodb, LedgerKey(f"{TABLE}#prod-1", "#memory"), rules={"M": {"r": remembered}})
    topic = MemoryTopic()
    ledger = DynamoDbLedger(dynamodb, LEDGER, 90)
    pipeline = Pipeline(rules(rule("price_drop", 'cooldown = "1h"')), topic, ledger, MemoryFailures())
    assert pipeline.handle(event(priced(10, 5))) == DONE
    assert len(topic.published) == 1


def test_an_hour_that_version_0_1_counted_goes_on(dynamodb: Any) -> None:
    """Its alerts have their places, and the summary was sent."""
    hour = Hour.of("r", CREATED_AT)
    counted = {"admitted": {"SS": ["a", "b"]}, "summarised": {"BOOL": True}}
    _put(dynamodb, LedgerKey.of_hour(hour), **counted)
    ledger = DynamoDbLedger(dynamodb, LEDGER, 90)
    assert ledger.read(LedgerQuery(hours={hour})).hourly_counts == {hour: HourlyCount({"a", "b"}, "?")}
    topic = MemoryTopic()
    pipeline = Pipeline(rules(rule("added", "max_per_hour = 2")), topic, ledger, MemoryFailures())
    assert pipeline.handle(event(added())) == DONE
    assert topic.published == []


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"M": {"sequence_number": {"N": "5"}}},
        {"M": {"sequence_number": {"S": "five"}}},
        {"M": {"armed": {"S": "no"}, "held": {"S": "many"}, "alerted_at": {"S": "now"}}},
        {"M": {"later": {"M": {}}}},
    ],
    ids=str,
)
def test_a_memory_of_another_kind_is_passed_over(stored: dict[str, Any]) -> None:
    """What cannot be read is not known."""
    assert from_item(stored) == NOTHING
    assert Memory(**from_item(stored)._asdict()).has_seen("1") is False
