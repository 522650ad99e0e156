"""Values with which samples raise alerts under the user's rules: what `where` asks for, and what is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any

from notifications.rules.prices import PriceMoved
from notifications.rules.rule import Rule
from notifications.rules.stocks import StockMoved
from notifications.rules.where import AnyOf, Predicate
from notifications.stream.attributes import Path

NumberChange = tuple[Decimal, Decimal]
"""A number before and after a change."""


def asked_for(rules: Iterable[Rule], usual: dict[Path, Any]) -> dict[Path, Any]:
    """Return `usual` typed values, with those in their place that pass what the rules ask in `where`.

    Where two rules ask for different values of an attribute, the first one has its way; of alternatives the first is
    met.
    """
    values = dict(usual)
    asked: dict[Path, tuple[Predicate, ...]] = {}
    for rule in rules:
        for path, predicates in _conditions(rule):
            together = (*asked.get(path, ()), *predicates)
            for each in _candidates(values.get(path), together):
                if all(predicate.holds(each) for predicate in together):
                    asked[path], values[path] = together, each
                    break
    return {path: value for path, value in values.items() if value is not None}


def price_steps(rules: Iterable[Rule], usual: NumberChange, digits: int) -> Iterator[NumberChange]:
    """Yield prices that go down, in whole units of the currency: the usual ones, and then by what the rules ask."""
    yield usual
    cent = Decimal(1).scaleb(-digits)
    for rule in rules:
        condition = rule.condition
        if not isinstance(condition, PriceMoved) or condition.direction > 0:
            continue
        target, margin = condition.target, condition.at_least or condition.at_most
        highs, lows = [usual[0]], [usual[1]]
        if target:
            highs.append(target * Decimal("1.25"))
            lows.append(target * Decimal("0.8"))
        if margin and not margin.percent:
            highs += [margin.value * 4, (target or 0) + margin.value / 2]
        if margin:
            lows += [high - (high * margin.value / 100 if margin.percent else margin.value) for high in highs]
        for high in highs:
            for low in sorted(lows, reverse=True):
                step = (high.quantize(cent), low.quantize(cent, ROUND_DOWN if condition.at_least else ROUND_UP))
                if 0 < step[1] < step[0]:
                    yield step


def stock_steps(rules: Iterable[Rule], usual: NumberChange) -> Iterator[NumberChange]:
    """Yield stocks that run low: the usual ones, and then by the thresholds of the rules."""
    yield usual
    for rule in rules:
        if isinstance(rule.condition, StockMoved) and rule.condition.kind == "low_stock":
            threshold = rule.condition.threshold
            few = min(usual[1], max(Decimal(1), (threshold - 1).to_integral_value()))
            yield max(usual[0], (threshold * 2).to_integral_value()), few


def best(
    steps: Iterable[NumberChange], rules: Sequence[Rule], fires: Callable[[Rule, NumberChange], bool]
) -> NumberChange:
    """Return the step for which most rules fire, the first of several."""
    return max(dict.fromkeys(steps), key=lambda step: sum(fires(rule, step) for rule in rules))


def edited(value: Any) -> dict[str, Any]:
    """Return another typed value of the same type."""
    match value:
        case {"S": text}:
            return {"S": f"{text} Pro"}
        case {"N": text}:
            return {"N": str(Decimal(text) + 1)}
        case {"BOOL": flag}:
            return {"BOOL": not flag}
    return {"S": "new"}


def _conditions(rule: Rule) -> Iterator[tuple[Path, tuple[Predicate, ...]]]:
    for clause in rule.where:
        for each in clause.alternatives[0] if isinstance(clause, AnyOf) else (clause,):
            yield each.path, each.predicates


def _candidates(usual: Any, predicates: Sequence[Predicate]) -> Iterator[Any]:
    """Yield typed values, None for an absent one, one of which passes if any simple value does."""
    yield usual
    named = [(each.operator, value) for each in predicates for value in _named(each)]
    for _, value in named:
        if isinstance(value, bool):
            yield {"BOOL": value}
        elif isinstance(value, Decimal):
            yield from ({"N": f"{number:f}"} for number in (value, value + 1, value - 1))
        elif isinstance(value, str):
            yield {"S": value}
    prefix = max((value for operator, value in named if operator == "prefix"), key=len, default="")
    suffix = max((value for operator, value in named if operator == "suffix"), key=len, default="")
    yield {"S": f"{prefix}sample{suffix}"}
    yield None


def _named(predicate: Predicate) -> Sequence[Any]:
    if predicate.operator in {"not", "exists"}:
        return ()
    return predicate.wanted if predicate.operator == "any_of" else (predicate.wanted,)
