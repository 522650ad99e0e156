"""An alert: one thing that is said about one change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TYPES = {
    "added": "product.added",
    "removed": "product.removed",
    "changed": "product.changed",
    "price_drop": "product.price_dropped",
    "price_rise": "product.price_raised",
    "out_of_stock": "product.out_of_stock",
    "back_in_stock": "product.back_in_stock",
    "low_stock": "product.low_stock",
}


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert about one change, ready to be published."""

    id: str
    """The same for the same record and rule, however often the record comes."""
    type: str
    source: str
    """The table's ARN."""
    subject: str
    """The product's id."""
    time: str | None
    """When the record was created, RFC 3339; None where the record does not say."""
    data: dict[str, Any]
    message_attributes: dict[str, Any]
    """Attributes of the product that subscribers filter by: name to typed value, those that the item has."""
    sequence_number: str

    @property
    def title(self) -> str:
        """One line for people."""
        return str(self.data["title"])

    @property
    def rule(self) -> str:
        """The name of the rule that fired."""
        return str(self.data["rule"])

    @property
    def severity(self) -> str:
        """info, warning or critical."""
        return str(self.data["severity"])
