"""The comparisons of filter patterns: what one value of the record must be.

docs/event-source-mapping.md, "Filter patterns".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from event_source_mapping.model.errors import FilterPatternError

# A leaf's matcher: takes one value found in the record, never an object or an array.
ValueMatcher = Callable[[Any], bool]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


class Number(str):
    """A number as it is spelled in the pattern: 300, 300.0 and 3.0e2 are three values."""

    __slots__ = ()


def value_matcher(entry: Any, path: str) -> ValueMatcher:
    """Compile one entry of a leaf's array. Raises FilterPatternError naming the path."""
    if isinstance(entry, dict):
        if len(entry) != 1:
            raise FilterPatternError(f"{path}: a comparison takes exactly one operator")
        ((operator, operand),) = entry.items()
        make = _OPERATORS.get(operator)
        if make is None:
            raise FilterPatternError(f"{path}: unknown operator {operator!r}; known: {', '.join(sorted(_OPERATORS))}")
        return make(operand, path)
    if isinstance(entry, list):
        raise FilterPatternError(f"{path}: an array inside an array of alternatives")
    return _equals(entry)


def _equals(expected: Any) -> ValueMatcher:
    if isinstance(expected, Number):
        return lambda value: _is_number(value) and json.dumps(value) == str(expected)
    if isinstance(expected, str):
        return lambda value: isinstance(value, str) and value == expected
    return lambda value: type(value) is type(expected) and value == expected


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _exists(operand: Any, path: str) -> ValueMatcher:
    if operand is not True:
        raise FilterPatternError(f"{path}: exists takes true or false")
    return lambda _: True


def _numeric(operand: Any, path: str) -> ValueMatcher:
    """Compare JSON numbers only: DynamoDB's N values are strings in the event and never match."""
    if not isinstance(operand, list) or not operand or len(operand) % 2:
        raise FilterPatternError(f"{path}: numeric takes pairs of an operator and a number")
    bounds: list[tuple[Callable[[float, float], bool], float]] = []
    for sign, bound in zip(operand[::2], operand[1::2], strict=True):
        if sign not in _COMPARISONS or not isinstance(bound, Number):
            raise FilterPatternError(f'{path}: numeric takes pairs such as [">", 0, "<=", 5]')
        bounds.append((_COMPARISONS[sign], float(bound)))
    return lambda value: _is_number(value) and all(holds(value, bound) for holds, bound in bounds)


def _affix(name: str, has: Callable[[str, str], bool]) -> Callable[[Any, str], ValueMatcher]:
    """Make `prefix` or `suffix`; either may be asked for without regard to case."""

    def operator(operand: Any, path: str) -> ValueMatcher:
        if isinstance(operand, dict):
            folded = _folded_text(operand, path)
            return lambda value: isinstance(value, str) and has(value.casefold(), folded)
        affix = _text(operand, path, name)
        return lambda value: isinstance(value, str) and has(value, affix)

    return operator


def _ignore_case(operand: Any, path: str) -> ValueMatcher:
    expected = _text(operand, path, "equals-ignore-case").casefold()
    return lambda value: isinstance(value, str) and value.casefold() == expected


def _wildcard(operand: Any, path: str) -> ValueMatcher:
    parts = _text(operand, path, "wildcard").split("*")
    pattern = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _anything_but(operand: Any, path: str) -> ValueMatcher:
    """Match a value that none of the operand's entries matches."""
    entries = operand if isinstance(operand, list) else [operand]
    if not entries:
        raise FilterPatternError(f"{path}: anything-but takes at least one value")
    refused = [matcher for entry in entries for matcher in _refused(entry, path)]
    return lambda value: not any(matcher(value) for matcher in refused)


def _refused(entry: Any, path: str) -> list[ValueMatcher]:
    if not isinstance(entry, dict):
        return [value_matcher(entry, path)]
    ((operator, operand),) = entry.items() if len(entry) == 1 else ((None, None),)
    make = _OPERATORS.get(operator) if operator in _TEXT_OPERATORS else None
    if make is None:
        raise FilterPatternError(f"{path}: anything-but takes values or one of {_TEXT_OPERATORS}")
    operands = operand if isinstance(operand, list) else [operand]
    return [make(single, path) for single in operands]


def _text(operand: Any, path: str, operator: str) -> str:
    if not isinstance(operand, str) or isinstance(operand, Number):
        raise FilterPatternError(f"{path}: {operator} takes a string")
    return operand


def _folded_text(operand: Mapping[str, Any], path: str) -> str:
    if set(operand) != {"equals-ignore-case"}:
        raise FilterPatternError(f"{path}: expected a string or equals-ignore-case")
    return _text(operand["equals-ignore-case"], path, "equals-ignore-case").casefold()


_OPERATORS: dict[str, Callable[[Any, str], ValueMatcher]] = {
    "anything-but": _anything_but,
    "equals-ignore-case": _ignore_case,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _affix("prefix", str.startswith),
    "suffix": _affix("suffix", str.endswith),
    "wildcard": _wildcard,
}
_TEXT_OPERATORS = ("prefix", "suffix", "equals-ignore-case", "wildcard")
