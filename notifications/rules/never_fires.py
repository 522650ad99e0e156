"""What can never fire: keys of a rule that contradict one another, or what a price or a stock can be.

Messages name keys and no values: a rule may be one with an exception that a product carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Context, Decimal
from itertools import islice, pairwise, product
from typing import Any, NamedTuple

from notifications.rules.conditions import Condition
from notifications.rules.price_form import PLAIN
from notifications.rules.prices import PriceMoved
from notifications.rules.rule import Rule
from notifications.rules.stocks import StockMoved
from notifications.rules.where import AnyOf, Predicate, Where
from notifications.stream.attributes import Path, number

_ALL = Decimal(100)  # percent
_DYNAMODB = Context(prec=38)  # no number of DynamoDB's lies between two that are next to each other in it
_LARGEST, _SMALLEST = Decimal("9" * 38).scaleb(88, _DYNAMODB), Decimal("1e-130")
_EXTREMES = (-_LARGEST, -_SMALLEST, Decimal(0), _SMALLEST, _LARGEST)
_MOST_VALUES = 100  # of a path that are tried; who names more is believed
_NO_OTHERS_TEXT = "\ue000"  # stands for all the texts that a rule does not name


class _Required(NamedTuple):
    """What a condition asks of a number when it fires."""

    path: Path
    limit: Decimal | None
    holds: Callable[[Decimal], bool]


def contradictions(rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield the key and the message for each reason why a rule never fires, or never again."""
    if isinstance(rule.condition, PriceMoved):
        yield from _of_prices(rule.condition)
    if rule.where and not any(_can_hold(conditions, None) for conditions in _alternatives(rule)):
        yield "where", "no value passes all of it, so the rule never fires; leave out what contradicts the rest"
    elif rule.where:
        required = _required(rule.condition)
        if required and not any(_can_hold(conditions, required) for conditions in _alternatives(rule)):
            named = f"{required.path.text} at which a rule with when = {rule.when} fires"
            yield "where", f"leaves out every {named}, so it never does; `where` looks at the value after the change"


def _of_prices(condition: PriceMoved) -> Iterator[tuple[str, str]]:
    least, most, target, falls = condition.at_least, condition.at_most, condition.target, condition.direction < 0
    if target is not None and falls and target <= 0:
        yield "below", "no price is below 0, so the rule never fires; expected more than 0"
    if not falls and condition.rearm is not None and condition.rearm < 0:
        yield "rearm", "no price comes back to less than 0, so the rule fires once and never again; expected 0 or more"
    if target is not None and condition.first_sight:
        return  # a product that appears beyond the target fires, whatever is asked of a move
    if target is not None and not falls and target < 0:
        yield "above", "no price comes from below 0, so the rule never fires; expected 0 or more"
    if falls and least and least.percent and least.value > _ALL:
        yield "at_least", 'a price drops by 100% at the most, so the rule never fires; write at_least = "100%" or less'
    if least and most and least.percent == most.percent and least.value > most.value:
        yield "at_least", "is more than at_most, so no move is both and the rule never fires; exchange the two, say"
    target_alone_decides = target is not None and not (least or most)
    if condition.baseline == condition.price and not target_alone_decides:
        yield "baseline", 'is the price itself, which never differs from it; write "previous", or another attribute'


def _alternatives(rule: Rule) -> list[tuple[Where, ...]]:
    """List the groups of conditions one of which has to hold as a whole."""
    always = tuple(each for each in rule.where if isinstance(each, Where))
    choices = [each.alternatives for each in rule.where if isinstance(each, AnyOf)]
    return [always + tuple(each for conditions in chosen for each in conditions) for chosen in product(*choices)]


def _required(condition: Condition) -> _Required | None:
    """Return what a condition asks of the number that it watches, as it is after the change."""
    if isinstance(condition, StockMoved):
        threshold, zero_too = condition.threshold, condition.includes_zero
        of_kind: dict[str, Callable[[Decimal], bool]] = {
            "out_of_stock": lambda stock: stock <= 0,
            "back_in_stock": lambda stock: stock > 0,
            "low_stock": lambda stock: stock < threshold and (zero_too or stock > 0),
        }
        return _Required(condition.stock, threshold, of_kind[condition.kind])
    if isinstance(condition, PriceMoved) and condition.form == PLAIN:  # else `where` has numbers of another unit
        target, direction = condition.target, condition.direction
        return _Required(condition.price, target, lambda price: target is None or (price - target) * direction > 0)
    return None


def _can_hold(conditions: Sequence[Where], required: _Required | None) -> bool:
    """Tell whether an item can pass all conditions, and what the rule requires."""
    predicates: dict[Path, list[Predicate]] = {}
    for each in conditions:
        predicates.setdefault(each.path, []).extend(each.predicates)
    return all(_some_value_passes(tests, required if required and required.path == path else None)
               for path, tests in predicates.items())  # fmt: skip


def _some_value_passes(predicates: Sequence[Predicate], required: _Required | None) -> bool:
    named = list(islice(_named(predicates), _MOST_VALUES + 1))
    if len(named) > _MOST_VALUES:
        return True  # for all that is known
    for value in _examples(named, required.limit if required else None):
        if all(predicate.holds(value) for predicate in predicates):
            amount = number(value)
            if required is None or (amount is not None and required.holds(amount)):
                return True
    return False


def _examples(named: Sequence[tuple[str, Any]], limit: Decimal | None) -> Iterator[Any]:
    """Yield typed values, one of each kind that the predicates tell apart."""
    yield from (None, {"NULL": True}, {"BOOL": True}, {"BOOL": False})
    numbers = {value for _, value in named if isinstance(value, Decimal)}
    bounds = sorted({*_EXTREMES, *numbers, *([] if limit is None else [limit])})
    between = (_DYNAMODB.divide(_DYNAMODB.add(low, high), Decimal(2)) for low, high in pairwise(bounds))
    yield from ({"N": str(each)} for each in (*bounds, *between))
    texts = [value for _, value in named if isinstance(value, str)]
    prefixes = ["", *(value for operator, value in named if operator == "prefix")]
    suffixes = ["", *(value for operator, value in named if operator == "suffix")]
    middles = ("", _NO_OTHERS_TEXT, *texts)
    yield from ({"S": "".join(parts)} for parts in product(prefixes, middles, suffixes))


def _named(predicates: Iterable[Predicate]) -> Iterator[tuple[str, Any]]:
    """Yield the values that predicates name, each with its operator."""
    for predicate in predicates:
        if predicate.operator == "not":
            yield from _named((predicate.wanted,))
        elif predicate.operator == "any_of":
            yield from ((predicate.operator, value) for value in predicate.wanted)
        elif predicate.operator != "exists":
            yield predicate.operator, predicate.wanted
