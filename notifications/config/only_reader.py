"""`only` of receivers.toml: which alerts a receiver gets, as the filter policy of an SNS subscription.

Source: Amazon SNS Developer Guide, "Subscription filter policies" and "Filter policy constraints".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from math import prod
from typing import Any

from notifications.alerts.alert import TYPES
from notifications.common import sns_limits
from notifications.config.fields import MistakeError, read_all
from notifications.config.rule_keys import SEVERITY
from notifications.config.where_reader import one_table
from notifications.rules.where import Predicate
from notifications.text.nearest import nearest

KNOWN_VALUES: Mapping[str, tuple[str, ...]] = {"type": tuple(TYPES.values()), "severity": tuple(SEVERITY.words)}
MOST_NAMES = 5
_MOST_COMBINATIONS = 150
_LONGEST_TEXT = 1000  # characters: SNS takes a policy of 256 KB
_COMPARE = {"less_than": "<", "at_most": "<=", "more_than": ">", "at_least": ">="}


def only(value: Any) -> Mapping[str, Any]:
    """Read conditions on message attributes, all of which have to hold; return SNS's filter policy."""
    if not isinstance(value, dict) or not value:
        raise MistakeError('expected conditions on message attributes, such as { severity = ["warning", "critical"] }')
    if len(value) > MOST_NAMES:
        raise MistakeError(f"expected at most {MOST_NAMES} message attributes, which is SNS's limit")
    policy = dict(read_all(((name, (name, wanted)) for name, wanted in value.items()), lambda _, each: _entry(*each)))
    combinations = prod(map(len, policy.values()))
    if combinations > _MOST_COMBINATIONS:
        raise MistakeError(
            f"expected at most {_MOST_COMBINATIONS} combinations of values, which is SNS's limit; "
            f"these are {' x '.join(str(len(each)) for each in policy.values())} = {combinations}"
        )
    return policy


def _entry(name: str, wanted: Any) -> tuple[str, list[Any]]:
    """Read what is asked of one message attribute."""
    if not sns_limits.ATTRIBUTE_NAME.fullmatch(name):
        raise MistakeError("cannot be the name of a message attribute")
    try:
        (condition,) = one_table({"value": wanted})
        conditions = _conditions(condition.predicates)
    except MistakeError as mistake:
        raise MistakeError(*(message.removeprefix("value: ") for message in mistake.messages)) from None
    _check_known(name, conditions)
    if any(len(text) > _LONGEST_TEXT or not text.isprintable() or "${" in text for text in _texts(conditions)):
        raise MistakeError(
            f"expected texts of at most {_LONGEST_TEXT} printable characters, without ${{, which a deploy replaces"
        )
    return name, conditions


def values_of(policy: Mapping[str, Any], name: str) -> list[str]:
    """List the texts that a policy asks for, or keeps out, under a name."""
    found: list[Any] = []
    for condition in policy.get(name, ()):
        excluded = condition.get("anything-but") if isinstance(condition, dict) else None
        found += [condition] if isinstance(condition, str) else excluded if isinstance(excluded, list) else []
    return [value for value in found if isinstance(value, str)]


def unknown_value(value: str, known: Iterable[str]) -> str:
    """Say of a word which ones there are, and the nearest."""
    words = list(known)
    close = nearest(value, words)
    return f"expected one of {', '.join(words)}" + (f"; did you mean {close}?" if close else "")


def _texts(conditions: Any) -> Iterator[str]:
    """Give every text of a condition, however deep it stands."""
    if isinstance(conditions, str):
        yield conditions
    inner = conditions.values() if isinstance(conditions, dict) else conditions
    for each in inner if isinstance(conditions, dict | list) else ():
        yield from _texts(each)


def _check_known(name: str, conditions: list[Any]) -> None:
    for value in values_of({name: conditions}, name) if name in KNOWN_VALUES else ():
        if value not in KNOWN_VALUES[name]:
            raise MistakeError(f"{json.dumps(value)}: {unknown_value(value, KNOWN_VALUES[name])}")


def _conditions(predicates: tuple[Predicate, ...]) -> list[Any]:
    """Write the tests of one attribute; SNS takes any of a list, so that of several only a range can be said."""
    if all(each.operator in _COMPARE for each in predicates) and 1 <= len(predicates) <= 2:  # noqa: PLR2004 - a range
        lower_first = sorted(predicates, key=lambda each: _COMPARE[each.operator].startswith("<"))
        if len({_COMPARE[each.operator][0] for each in predicates}) == len(predicates):
            return [
                {"numeric": [part for each in lower_first for part in (_COMPARE[each.operator], _number(each.wanted))]}
            ]
    if len(predicates) != 1:
        raise MistakeError("value: expected one test, or a lower and an upper bound; SNS cannot filter by more")
    (predicate,) = predicates
    if predicate.operator == "any_of":
        return [_equal(value) for value in predicate.wanted]
    if predicate.operator == "not":
        return [_excluded(predicate.wanted), {"exists": False}]
    return [{predicate.operator: predicate.wanted}]


def _excluded(inner: Predicate) -> Any:
    if inner.operator == "any_of":
        values = [value if isinstance(value, str) else _plain(value) for value in inner.wanted]
        if len({isinstance(value, str) for value in values}) == 1:
            return {"anything-but": values}
        raise MistakeError("value: not: expected texts or numbers; SNS does not take a mix")
    if inner.operator in {"prefix", "suffix"}:
        return {"anything-but": {inner.operator: inner.wanted}}
    raise MistakeError(
        "value: not: expected a value, a list of values, prefix or suffix; SNS cannot filter by the rest"
    )


def _equal(value: Any) -> Any:
    plain = _plain(value)
    return plain if isinstance(plain, str) else {"numeric": ["=", plain]}


def _plain(value: Any) -> Any:
    """Write a value as its message attribute has it: true is a text there."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else _number(value)


def _number(value: Decimal) -> int | float:
    if value.copy_abs() > sns_limits.LARGEST_NUMBER or value != round(value, sns_limits.NUMBER_PLACES):
        raise MistakeError(
            f"value: expected numbers from -{sns_limits.LARGEST_NUMBER} to {sns_limits.LARGEST_NUMBER} with at most "
            f"{sns_limits.NUMBER_PLACES} digits after the point, which is SNS's limit"
        )
    return int(value) if value == value.to_integral_value() else float(value)
