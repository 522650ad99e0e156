"""Filter patterns: whether a record, in the form the function receives, matches.

Semantics: docs/event-source-mapping.md, "Filter patterns".
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import FilterPatternError

LONGEST_PATTERN = 4096

# A leaf's matcher: takes one value found in the record, never an object or an array.
ValueMatcher = Callable[[Any], bool]
# A pattern's matcher: takes the objects that stand at one place of the record.
ObjectMatcher = Callable[[Sequence[Mapping[str, Any]]], bool]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


class _Number(str):
    """A number as it is spelled in the pattern: 300, 300.0 and 3.0e2 are three values."""

    __slots__ = ()


@dataclass(frozen=True)
class FilterPattern:
    """One pattern; two are equal when their text is."""

    text: str
    _matches: ObjectMatcher

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FilterPattern) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Whether the record matches all that the pattern asks."""
        return self._matches((record,))


def matches_any(patterns: Sequence[FilterPattern], record: Mapping[str, Any]) -> bool:
    """Whether a record passes the mapping's filters; without filters every record does."""
    return not patterns or any(pattern.matches(record) for pattern in patterns)


def parse_pattern(text: str) -> FilterPattern:
    """Compile a pattern's JSON text. Raises FilterPatternError naming the place and the fault."""
    if len(text) > LONGEST_PATTERN:
        raise FilterPatternError(f"filter pattern is longer than {LONGEST_PATTERN} characters")
    try:
        pattern = json.loads(text, parse_int=_Number, parse_float=_Number)
    except ValueError as error:
        raise FilterPatternError(f"filter pattern is not JSON: {error}") from error
    if not isinstance(pattern, dict):
        raise FilterPatternError("filter pattern must be a JSON object")
    return FilterPattern(text, _object(pattern, ""))


def _object(pattern: Mapping[str, Any], path: str) -> ObjectMatcher:
    """All keys must match within one object; of an array's objects, one must satisfy them all."""
    rules = [_rule(key, expected, f"{path}.{key}".lstrip(".")) for key, expected in pattern.items()]

    def matches(candidates: Sequence[Mapping[str, Any]]) -> bool:
        # An absent object is asked like an empty one: `exists: false` below it holds.
        return any(all(rule(candidate, candidates) for rule in rules) for candidate in candidates or ({},))

    return matches


# A key's matcher: takes the object that is being tried and all that stand at its place.
_Rule = Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], bool]


def _rule(key: str, expected: Any, path: str) -> _Rule:
    if key == "$or" and _is_alternatives(expected):
        alternatives = [_object(pattern, path) for pattern in expected]
        return lambda candidate, _: any(alternative((candidate,)) for alternative in alternatives)
    if isinstance(expected, dict):
        inner = _object(expected, path)
        return lambda candidate, _: inner(_objects(candidate.get(key)))
    if isinstance(expected, list):
        return _leaf(key, expected, path)
    raise FilterPatternError(f"{path}: expected an object or an array, found {expected!r}")


def _is_alternatives(expected: Any) -> bool:
    return isinstance(expected, list) and bool(expected) and all(isinstance(entry, dict) for entry in expected)


def _leaf(key: str, expected: Sequence[Any], path: str) -> _Rule:
    if not expected:
        raise FilterPatternError(f"{path}: an empty array matches nothing")
    absent_matches = any(_is_exists(entry, wanted=False) for entry in expected)
    matchers = [_matcher(entry, path) for entry in expected if not _is_exists(entry, wanted=False)]

    def matches(candidate: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> bool:
        if any(matcher(value) for value in _leaves(candidate, key) for matcher in matchers):
            return True
        # Absent means in none of an array's objects, not merely in the one being tried.
        return absent_matches and not any(_leaves(other, key) for other in candidates)

    return matches


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """Find the objects at a place: arrays are traversed, anything else is no object."""
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list):
        return [found for entry in value for found in _objects(entry)]
    return []


def _leaves(candidate: Mapping[str, Any], key: str) -> list[Any]:
    """Find the leaf values under a key: arrays are traversed, an object is not a leaf."""
    if key not in candidate:
        return []
    return _flatten(candidate[key])


def _flatten(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [found for entry in value for found in _flatten(entry)]
    return [] if isinstance(value, dict) else [value]


def _is_exists(entry: Any, *, wanted: bool) -> bool:
    return isinstance(entry, dict) and entry.get("exists") is wanted


def _matcher(entry: Any, path: str) -> ValueMatcher:
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
    if isinstance(expected, _Number):
        return lambda value: _is_number(value) and json.dumps(value) == str(expected)
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
        if sign not in _COMPARISONS or not isinstance(bound, _Number):
            raise FilterPatternError(f'{path}: numeric takes pairs such as [">", 0, "<=", 5]')
        bounds.append((_COMPARISONS[sign], float(bound)))
    return lambda value: _is_number(value) and all(holds(value, bound) for holds, bound in bounds)


def _prefix(operand: Any, path: str) -> ValueMatcher:
    if isinstance(operand, dict):
        start = _folded_text(operand, path)
        return lambda value: isinstance(value, str) and value.casefold().startswith(start)
    start = _text(operand, path, "prefix")
    return lambda value: isinstance(value, str) and value.startswith(start)


def _suffix(operand: Any, path: str) -> ValueMatcher:
    if isinstance(operand, dict):
        end = _folded_text(operand, path)
        return lambda value: isinstance(value, str) and value.casefold().endswith(end)
    end = _text(operand, path, "suffix")
    return lambda value: isinstance(value, str) and value.endswith(end)


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
        return [_matcher(entry, path)]
    ((operator, operand),) = entry.items() if len(entry) == 1 else ((None, None),)
    make = _OPERATORS.get(operator) if operator in _TEXT_OPERATORS else None
    if make is None:
        raise FilterPatternError(f"{path}: anything-but takes values or one of {_TEXT_OPERATORS}")
    operands = operand if isinstance(operand, list) else [operand]
    return [make(single, path) for single in operands]


def _text(operand: Any, path: str, operator: str) -> str:
    if not isinstance(operand, str) or isinstance(operand, _Number):
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
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
_TEXT_OPERATORS = ("prefix", "suffix", "equals-ignore-case", "wildcard")
