"""What the reports are given in their tests."""

from __future__ import annotations

from pathlib import Path

from local.samples.samples import Sample
from local.samples.subscriber import Notification
from local.stack.deployment import Deployment
from local.stack.local_aws import LocalAws
from tests.local.samples.tables import FakeDynamoDb, sample_product

ALERT = Notification(
    message={
        "id": "an-id",
        "type": "product.low_stock",
        "subject": "prod-123",
        "data": {
            "rule": "low-stock",
            "severity": "warning",
            "title": "Mouse: only 3 left",
            "text": "Two\nlines",
        },
    },
    subject="Mouse: only 3 left",
    attributes={"type": "product.low_stock", "category": "Electronics"},
)
SAMPLE = Sample("Stock runs low", "stock 12 → 3", lambda: None, "low_stock")
PRODUCT = sample_product(FakeDynamoDb(productId="S"))
AWS = LocalAws("http://127.0.0.1:4711", Path("log"), process=None)  # type: ignore[arg-type]
DEPLOYMENT = Deployment("a-table", "stream", "function", "topic", "queue", "ledger", "bucket")
