"""The sample events and the alerts that the project's own rules make of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notifications.bootstrap import RULES
from notifications.config import rules_file
from tests.builders import EVENTS, sample
from tests.json_schemas import mistakes_in
from tests.service import Service

Alerts = list[tuple[str, str, str]]

EXPECTED: dict[str, Alerts] = {
    "new-product.json": [("product.added", "prod-123", "New product: Wireless Mouse")],
    "price-drop.json": [("product.price_dropped", "prod-123", "Wireless Mouse: 19.99 USD, was 25.99")],
    "price-rise.json": [("product.price_raised", "prod-123", "Wireless Mouse went up: 25.99 USD, was 19.99")],
    "low-stock.json": [("product.low_stock", "prod-123", "Wireless Mouse: only 3 left")],
    "sold-out.json": [("product.out_of_stock", "prod-123", "Wireless Mouse is sold out")],
    "back-in-stock.json": [("product.back_in_stock", "prod-123", "Wireless Mouse is back: 20 in stock")],
    "details-changed.json": [
        ("product.changed", "prod-123", "Wireless Mouse was edited: dimensions.weight 95 → 90"),
    ],
    "no-rule.json": [],
    "removed.json": [("product.removed", "prod-123", "Wireless Mouse was removed")],
    "ttl-expiry.json": [("product.removed", "prod-777", "Advent Mug has expired")],
    "poison-record.json": [],
    "stream-example.json": [
        ("product.added", "101", "New product: 101"),
        ("product.removed", "101", "101 was removed"),
    ],
    "mixed-batch.json": [
        ("product.added", "prod-456", "New product: Desk Lamp"),
        ("product.price_dropped", "prod-456", "Desk Lamp: 39.90 USD, was 49.90"),
        ("product.out_of_stock", "prod-123", "Wireless Mouse is sold out"),
        ("product.removed", "prod-777", "Advent Mug has expired"),
    ],
}
"""File → type, subject and title of each alert, by product in order."""

PARKED = {"poison-record.json": ["MalformedRecordError"], "mixed-batch.json": ["MalformedRecordError"]}


class Run:
    """One sample event, played through the pipeline with the rules of the repository."""

    def __init__(self, name: str) -> None:
        """Play it."""
        service = Service(rules_file.load(RULES))
        self.response = service.invoke(sample(name))
        self.messages = service.topic.published
        self.alerts: list[dict[str, Any]] = [json.loads(message.body) for message in self.messages]
        self.parked = [parked.error for parked in service.failures.parked]


def test_every_sample_has_an_expectation() -> None:
    """A sample that nobody expects anything of, or an expectation without a sample, is a mistake."""
    assert {path.name for path in EVENTS.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_makes_the_alerts_expected_of_it(name: str) -> None:
    """Types, subjects and titles are those that README and users see."""
    made = [(alert["type"], alert["subject"], alert["data"]["title"]) for alert in Run(name).alerts]
    assert sorted(made) == sorted(EXPECTED[name])
    for product in {subject for _, subject, _ in made}:
        of_product = [entry for entry in made if entry[1] == product]
        assert of_product == [entry for entry in EXPECTED[name] if entry[1] == product]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_is_done_whatever_it_holds(name: str) -> None:
    """No sample is handed back, and only the poison is parked."""
    run = Run(name)
    assert run.response == {"batchItemFailures": []}
    assert run.parked == PARKED.get(name, [])


@pytest.mark.parametrize("name", [name for name, alerts in EXPECTED.items() if alerts])
def test_every_alert_of_a_sample_keeps_its_schema(name: str) -> None:
    """What is published validates against the JSON Schema of its type."""
    assert [mistakes_in(alert) for alert in Run(name).alerts] == [[]] * len(EXPECTED[name])


@pytest.mark.parametrize("name", [name for name, alerts in EXPECTED.items() if alerts])
def test_every_alert_of_a_sample_can_be_filtered(name: str) -> None:
    """Message attributes and body agree."""
    for message in Run(name).messages:
        text = {key: value["StringValue"] for key, value in message.attributes.items()}
        alert = json.loads(message.body)
        assert text["type"] == alert["type"]
        assert text["productId"] == alert["subject"]
        assert text["rule"] == alert["data"]["rule"]
        assert text["severity"] == alert["data"]["severity"]
        assert text.get("category") == alert["data"]["product"].get("category")


def test_the_samples_show_every_kind_of_alert() -> None:
    """A reader of events/ finds one of each type."""
    shown = {alert_type for alerts in EXPECTED.values() for alert_type, _, _ in alerts}
    assert len(shown) == 8


@pytest.mark.parametrize("name", EXPECTED)
def test_the_records_of_a_sample_are_as_a_stream_sends_them(name: str) -> None:
    """Samples are what people copy from: rising sequence numbers, one source."""
    records = sample(name)["Records"]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records if "dynamodb" in record]
    assert numbers == sorted(set(numbers))
    assert len({record["eventSourceARN"] for record in records}) == 1
    assert {record["eventSource"] for record in records} == {"aws:dynamodb"}
