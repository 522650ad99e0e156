"""How the table keeps prices, and the amount that is meant."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from notifications.stream.attributes import EXACT, number
from notifications.text.formatting import USUAL_DIGITS, digits_of

MAJOR, CENTS, MINOR = "major", "cents", "minor"
NUMBER, TEXT = "number", "text"
_MOST_DIGITS, _SMALLEST = 38, -130  # what DynamoDB can keep of a number, and so the memory
_LONGEST_TEXT = 60


class PriceForm(NamedTuple):
    """The unit and type of all prices of the table."""

    unit: str = MAJOR
    """MAJOR: 39.90; CENTS: 3990; MINOR: in the currency's smallest unit."""
    type: str = NUMBER
    """TEXT: prices are texts such as "39.90", or numbers."""

    def amount(self, value: Any, currency: str | None) -> Decimal | None:
        """Return the amount in `value`, in whole units of the currency; None where it is not a price."""
        text = value.get("S") if self.type == TEXT and isinstance(value, dict) else None
        if isinstance(text, str) and len(text) <= _LONGEST_TEXT:
            value = {"N": text.strip()}
        found = number(value)
        if found is None or len(found.as_tuple().digits) > _MOST_DIGITS:
            return None
        amount = EXACT.scaleb(found, -self.digits(currency)) if self.unit != MAJOR else found
        return amount if not amount or amount.adjusted() >= _SMALLEST else None

    def digits(self, currency: str | None) -> int:
        """Return by how many digits the table's prices are shifted."""
        return {MAJOR: 0, CENTS: USUAL_DIGITS}.get(self.unit, digits_of(currency))


PLAIN = PriceForm()
