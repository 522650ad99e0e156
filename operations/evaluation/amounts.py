"""Amounts in price rules that are far from every price at hand: of another unit, or meant as a percentage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from notifications.rules.price_form import MINOR
from notifications.rules.prices import PriceMoved
from notifications.rules.rule import Rule
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import Change
from notifications.text.formatting import decimal_text, value_text
from operations.terminal.words import how_many

_CODE = re.compile("[A-Za-z]{3}")
_FAR = 10  # times the highest price, or this part of the lowest
_SLIGHT = 100  # a margin below this part of the lowest price stops nothing


class Amounts:
    """Looks through records for the prices that the rules are about."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._product = ruleset.product
        self._rules = [rule for rule in ruleset.rules if isinstance(rule.condition, PriceMoved)]
        self._prices: tuple[Decimal, Decimal] | None = None
        """The lowest and the highest, in whole units of the currency."""
        self._without_code = 0
        """Prices in minor units of nobody knows which currency."""

    def look(self, change: Change) -> None:
        """Look at both sides of a change."""
        product = self._product
        for side in (change.old, change.new) if self._rules else ():
            code = value_text(side(product.currency_path)) if product.currency_path else product.currency
            amount = product.price_form.amount(side(product.price), code if isinstance(code, str) else None)
            if amount is not None and product.price_form.unit == MINOR and not _CODE.fullmatch(str(code)):
                self._without_code += 1
            if amount is not None and amount > 0:
                low, high = self._prices or (amount, amount)
                self._prices = min(low, amount), max(high, amount)

    @property
    def warnings(self) -> list[str]:
        """Say of each such amount which prices there are, and how many prices have no known currency."""
        prices = self._prices
        warnings = [warning for rule in self._rules for warning in _of_rule(rule, *prices)] if prices else []
        if self._without_code:
            warnings.append(
                f'price_unit = "minor": the currency of {how_many(self._without_code, "price")} in the records is not '
                "a code of three letters, and they are taken for hundredths"
            )
        return warnings


def _of_rule(rule: Rule, low: Decimal, high: Decimal) -> Iterator[str]:
    condition = rule.condition
    if not isinstance(condition, PriceMoved):
        return
    seen = f"price in the records, which go from {decimal_text(low)} to {decimal_text(high)}"
    margin, target, down = condition.at_least, condition.target, condition.direction < 0
    unit = "amounts are in whole units of the currency"
    if margin and not margin.percent and down and margin.value > high:
        yield f'rule "{rule.name}", at_least: {margin} is more than any {seen}; {unit}'
    if margin and not margin.percent and margin.value * _SLIGHT < low and margin.value < 1:
        yield f'rule "{rule.name}", at_least: {margin} is less than 1% of any {seen}; a percentage is written "10%"'
    if target is not None and not low <= target * _FAR <= high * _FAR * _FAR:
        seen = seen.replace("price", "prices", 1)
        key = "below" if down else "above"
        yield f'rule "{rule.name}", {key}: {decimal_text(target)} is far from the {seen}; {unit}'
