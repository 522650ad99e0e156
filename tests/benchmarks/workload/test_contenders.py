"""The contenders do the same work: otherwise there is nothing to compare."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.measuring.timing import silenced
from benchmarks.workload.contenders import OURS, PEERS, contender
from benchmarks.workload.events import CHEAPER_BY_5_PERCENT, NINE, SOLD_ONE, VIEWED, batch, event, record
from benchmarks.workload.instant import InstantClient

EVERYONE = (OURS, *PEERS)


def _alerted(name: str, parsed: dict[str, Any]) -> list[str]:
    """Let a contender handle an event; the products that it publishes an alert about, in order."""
    client = InstantClient(keep=True)
    with silenced():
        contender(name, client, client)(parsed)
    messages = [json.loads(message) for message in client.messages]
    return [message.get("productId") or message["subject"] for message in messages]


@pytest.mark.parametrize("name", EVERYONE)
@pytest.mark.parametrize("change", [VIEWED, CHEAPER_BY_5_PERCENT, SOLD_ONE])
def test_no_match_alerts_nobody(name: str, change: dict[str, Any]) -> None:
    """The records that are timed as matching nothing match nothing."""
    assert _alerted(name, event(batch(50, change))) == []


@pytest.mark.parametrize("name", EVERYONE)
def test_each_matching_record_is_one_alert(name: str) -> None:
    """Every hundredth, or every one."""
    assert _alerted(name, event(batch(300, matching_every=100))) == ["prod-0", "prod-100", "prod-200"]
    assert len(_alerted(name, event(batch(25, matching_every=1)))) == 25


@pytest.mark.parametrize("attributes", [3, 30, 300])
def test_an_item_has_as_many_attributes_as_asked_for(attributes: int) -> None:
    """The key is one of them."""
    made = record(1, {}, attributes=attributes)["dynamodb"]
    assert len(made["NewImage"]) == len(made["OldImage"]) == attributes


def test_all_find_the_same_price_drops_among_random_changes() -> None:
    """Prices around the ten percent, up and down, with digits: all draw the line in the same place."""
    draw = random.Random(7)  # noqa: S311 - the same changes on every run
    records, expected = [], []
    for number in range(400):
        old = Decimal(draw.randrange(1, 20_000)).scaleb(-2)
        new = (old * Decimal(draw.choice(["0.9", "0.8999", "0.9001", "0.5", "1", "1.2", "0.95"]))).normalize()
        item = {**NINE, "price": {"N": str(old)}}
        records.append(record(number, {"price": {"N": f"{new:f}"}}, item))
        if new <= old * Decimal("0.9"):
            expected.append(f"prod-{number}")
    for name in EVERYONE:
        assert _alerted(name, {"Records": records}) == expected
