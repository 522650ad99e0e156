"""Filter patterns: whether a record, in the form the function receives, matches.

Semantics: docs/event-source-mapping.md, "Filter patterns".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from event_source_mapping.filters.operators import Number, value_matcher
from event_source_mapping.model.errors import FilterPatternError

LONGEST_PATTERN = 4096

# A pattern's matcher: takes the objects that stand at one place of the record.
ObjectMatcher = Callable[[Sequence[Mapping[str, Any]]], bool]


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


class JsonText:
    """A text that is JSON: an object of a pattern asks what it holds, a list of values never matches it."""

    __slots__ = ("content",)

    def __init__(self, content: Any) -> None:
        self.content = content


class PlainText(str):
    """A text that is not JSON: a list of values may match it, an object of a pattern never does."""

    __slots__ = ()


def parse_pattern(text: str) -> FilterPattern:
    """Compile a pattern's JSON text. Raises FilterPatternError naming the place and the fault."""
    if len(text) > LONGEST_PATTERN:
        raise FilterPatternError(f"filter pattern is longer than {LONGEST_PATTERN} characters")
    try:
        pattern = json.loads(text, parse_int=Number, parse_float=Number)
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
        return _nested(key, _object(expected, path))
    if isinstance(expected, list):
        return _leaf(key, expected, path)
    raise FilterPatternError(f"{path}: expected an object or an array, found {expected!r}")


def _nested(key: str, inner: ObjectMatcher) -> _Rule:
    def matches(candidate: Mapping[str, Any], _: Sequence[Mapping[str, Any]]) -> bool:
        value = candidate.get(key)
        if isinstance(value, PlainText):
            return False
        return inner(_objects(value.content if isinstance(value, JsonText) else value))

    return matches


def _is_alternatives(expected: Any) -> bool:
    return isinstance(expected, list) and bool(expected) and all(isinstance(entry, dict) for entry in expected)


def _leaf(key: str, expected: Sequence[Any], path: str) -> _Rule:
    if not expected:
        raise FilterPatternError(f"{path}: an empty array matches nothing")
    absent_matches = any(_is_exists(entry, wanted=False) for entry in expected)
    matchers = [value_matcher(entry, path) for entry in expected if not _is_exists(entry, wanted=False)]

    def matches(candidate: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> bool:
        if isinstance(candidate.get(key), JsonText):
            return False
        if any(matcher(value) for value in _leaves(candidate, key) for matcher in matchers):
            return True
        # Absent means in none of an array's objects, not merely in the one being tried.
        return absent_matches and not any(_leaves(other, key) for other in candidates)

    return matches


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """Find the objects at a place: arrays are traversed, other values hold none."""
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
