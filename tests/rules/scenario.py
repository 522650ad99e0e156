"""Plays changes through the function and through `explain`'s judge, which must agree on every alert."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from notifications.alerts.alert import Alert
from notifications.publishing.messages import cloud_event
from operations.evaluation.verdicts import Verdict, judge
from tests.builders import CREATED_AT, image, raw, rules
from tests.service import DONE, Service

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass
class Shop:
    """One products table and its stream: products change, and each change becomes a record."""

    records: list[dict[str, Any]] = field(default_factory=list)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, product: str = "mug", after: float = 0, **attributes: Any) -> Shop:
        """Write a product, `after` seconds since 09:02; attributes that are not named stay, None takes one away.

        A text that reads as a number is one: "24.99" is exact, and 24.99 is not.
        """
        attributes = {name: _exact(value) for name, value in attributes.items()}
        old = self.items.get(product)
        new = {**(old or {}), **image(**{name: value for name, value in attributes.items() if value is not None})}
        new = {name: value for name, value in new.items() if attributes.get(name, 0) is not None}
        self.items[product] = new
        self._record("INSERT" if old is None else "MODIFY", product, after, old=old, new=new)
        return self

    def remove(self, product: str = "mug", after: float = 0, *, expired: bool = False) -> Shop:
        """Delete a product."""
        self._record("REMOVE", product, after, old=self.items.pop(product), expired=expired)
        return self

    def prices(self, *prices: Any, product: str = "mug", every: float = MINUTE) -> Shop:
        """Write one price after the other; the first is the product's first."""
        start = len(self.records)
        for number, price in enumerate(prices):
            self.put(product, (start + number) * every, price=price)
        return self

    def stocks(self, *stocks: Any, product: str = "mug", every: float = MINUTE) -> Shop:
        """Write one stock after the other; the first is the product's first."""
        start = len(self.records)
        for number, stock in enumerate(stocks):
            self.put(product, (start + number) * every, stock=stock)
        return self

    def _record(self, event_name: str, product: str, after: float, **more: Any) -> None:
        entry = raw(event_name, product=product, at=len(self.records) + 1, **copy.deepcopy(more))
        entry["dynamodb"]["ApproximateCreationDateTime"] = CREATED_AT + after
        self.records.append(entry)


def _exact(value: Any) -> Any:
    try:
        return Decimal(value) if isinstance(value, str) else value
    except InvalidOperation:
        return value


def rule(when: str, more: str = "", name: str = "r") -> str:
    """Write one [[rules]] entry."""
    return f'[[rules]]\nname = "{name}"\nwhen = "{when}"\n{more}\n'


def play(text: str, shop: Shop) -> list[Alert]:
    """Play a shop's changes one by one, all in one batch, and through the judge: all three agree on the alerts.

    Return them in the order of the changes.
    """
    loaded = rules(text)
    one_by_one, at_once = Service(loaded), Service(loaded)
    for record in shop.records:
        assert one_by_one.handle(record) == DONE
    assert at_once.handle(*shop.records) == DONE
    judged = [alert for verdict in judge(loaded, shop.records) for alert in verdict.alerts]
    assert _events(at_once.alerts) == _events(judged)
    assert _events(one_by_one.alerts) == _events(judged)
    assert one_by_one.ledger.memories == at_once.ledger.memories
    return judged


def titles(text: str, shop: Shop) -> list[str]:
    """Play as `play` does, and return the titles."""
    return [alert.title for alert in play(text, shop)]


def verdicts(text: str, shop: Shop, rule_name: str = "r") -> list[Verdict]:
    """Return what one rule made of each change."""
    return [verdict for verdict in judge(rules(text), shop.records) if verdict.rule.name == rule_name]


def reasons(text: str, shop: Shop) -> list[str]:
    """Return why rule "r" fired or did not, change by change."""
    return [verdict.reason for verdict in verdicts(text, shop)]


def fired(text: str, shop: Shop) -> list[int]:
    """Return the numbers of the changes, counted from 1, for which rule "r" alerted."""
    alerts = {alert.sequence_number for alert in play(text, shop)}
    found = [verdict.number for verdict in verdicts(text, shop) if verdict.fired]
    assert {shop.records[number - 1]["dynamodb"]["SequenceNumber"] for number in found} <= alerts
    return found


def _events(alerts: Sequence[Alert]) -> list[dict[str, Any]]:
    """List the alerts as published, each product's in their order; a batch groups them across products."""
    return sorted((cloud_event(alert) for alert in alerts), key=lambda each: (each["subject"], _number(each)))


def _number(cloud_event: dict[str, Any]) -> int:
    return int(cloud_event["data"]["sequenceNumber"])
