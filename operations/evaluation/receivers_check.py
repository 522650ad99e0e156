"""receivers.toml checked as a deploy needs it: against the rules, and with every owner's template filled once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from notifications.common.errors import ConfigurationError, Problem, ReceiversError
from notifications.config import receivers_file
from notifications.config.receiver import Receiver, Receivers
from notifications.delivery.rendering.digest import digest_of
from notifications.delivery.rendering.kinds import render
from notifications.delivery.rendering.view import view_of
from notifications.rules.product import Product
from notifications.rules.ruleset import Ruleset

SAMPLE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "6368a060-4129-5cbb-907e-f140c7dc9bd3",
    "source": "arn:aws:dynamodb:us-east-1:123456789012:table/products",
    "type": "product.price_dropped",
    "subject": "prod-123",
    "time": "2026-11-21T09:02:00Z",
    "datacontenttype": "application/json",
    "data": {
        "rule": "price-drop",
        "severity": "warning",
        "title": "Wireless Mouse: 19.99 USD, was 25.99",
        "text": "The price of Wireless Mouse (prod-123) dropped by 23.1%, from 25.99 to 19.99 USD.",
        "product": {"productId": "prod-123", "name": "Wireless Mouse", "price": "19.99", "category": "Electronics"},
        "changes": [
            {"attribute": "price", "old": "25.99", "new": "19.99"},
            {"attribute": "category", "old": "Office", "new": "Electronics"},
        ],
        "eventName": "MODIFY",
        "sequenceNumber": "4421584500000000017450439091",
        "baseline": "25.99",
        "threshold": "10%",
        "link": "https://shop.example/p/prod-123",
        "heldBack": {"count": 2, "latest": {"title": "Wireless Mouse: 24.99 USD", "sequenceNumber": "44215845000000"}},
    },
}
"""An alert with all that a template can show."""


def load_receivers(
    path: Path, ruleset: Ruleset | None, folder: Path | None = None, *, plain_http: bool = False
) -> Receivers:
    """Read the file at `path`, and fill each owner's template with an alert and a digest. Raises ReceiversError.

    Without `ruleset` it is not compared with the rules. Templates lie in `folder`, without one beside the file.
    """
    receivers = receivers_file.load(path, ruleset, plain_http=plain_http)
    return _with_templates(receivers, path.name, folder or path.parent)


def parse_receivers(
    text: str, path: Path, ruleset: Ruleset | None, folder: Path | None = None, *, plain_http: bool = False
) -> Receivers:
    """Do the same with a text that is to be written to `path`. Raises ReceiversError."""
    receivers = receivers_file.parse(text, path.name, ruleset, plain_http=plain_http)
    return _with_templates(receivers, path.name, folder or path.parent)


def _with_templates(receivers: Receivers, source: str, folder: Path) -> Receivers:
    problems = [problem for each in receivers.all if each.template for problem in _template(each, folder)]
    if problems:
        raise ReceiversError(source, tuple(problems))
    return receivers


def _template(receiver: Receiver, folder: Path) -> list[Problem]:
    alert = view_of(SAMPLE, Product(currency="USD"), receiver, "dev")
    for shown in (alert, digest_of([alert], receiver)):
        try:
            if shown:
                render(shown, receiver, "check", folder)
        except ConfigurationError as error:
            return [Problem(str(error), None, receiver.name, "template", receiver.template, "receiver")]
    return []
