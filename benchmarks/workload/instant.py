"""AWS clients that answer at once and do nothing: what is left is the cost of the code in front of them."""

from __future__ import annotations

from collections import Counter
from typing import Any


class InstantClient:
    """Stands in for the SNS and DynamoDB clients of boto3, and counts the calls."""

    def __init__(self, keep: bool = False) -> None:
        """Start with no calls; `keep` what is published, or forget it."""
        self.calls: Counter[str] = Counter()
        self.messages: list[str] = []
        """Bodies of what was published."""
        self.write_units = 0
        """As DynamoDB counts them for items of at most 1 KB: a write in a transaction is two."""
        self.read_units = 0
        """The same, for consistent reads of at most 4 KB."""
        self._keep = keep

    def publish(self, **request: Any) -> dict[str, Any]:
        """Take one message."""
        self.calls["Publish"] += 1
        if self._keep:
            self.messages.append(request["Message"])
        return {"MessageId": "1"}

    def publish_batch(self, **request: Any) -> dict[str, Any]:
        """Take up to ten."""
        self.calls["PublishBatch"] += 1
        entries = request["PublishBatchRequestEntries"]
        if self._keep:
            self.messages += [entry["Message"] for entry in entries]
        return {"Successful": [{"Id": entry["Id"], "MessageId": "1"} for entry in entries], "Failed": []}

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """Know of nothing."""
        self.read_units += sum(len(asked["Keys"]) for asked in request["RequestItems"].values())
        self.calls["BatchGetItem"] += 1
        return {"Responses": {}, "UnprocessedKeys": {}}

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        """Take everything."""
        self.calls["BatchWriteItem"] += 1
        self.write_units += sum(map(len, request["RequestItems"].values()))
        return {"UnprocessedItems": {}}

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        """Take everything."""
        self.calls["TransactWriteItems"] += 1
        self.write_units += 2 * len(request["TransactItems"])
        return {}

    def put_item(self, **_: Any) -> dict[str, Any]:
        """Take it."""
        self.calls["PutItem"] += 1
        return {}

    def update_item(self, **_: Any) -> dict[str, Any]:
        """Take it."""
        self.calls["UpdateItem"] += 1
        return {}

    def send_message(self, **_: Any) -> dict[str, Any]:
        """Take it."""
        self.calls["SendMessage"] += 1
        return {}
