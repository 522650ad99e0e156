"""Filter patterns, as Lambda treats them on DynamoDB records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from event_source_mapping.filters.patterns import matches_any, parse_pattern
from event_source_mapping.model.errors import FilterPatternError
from event_source_mapping.model.stream_records import from_api
from event_source_mapping.testing.builders import STREAM_ARN

RECORD = from_api(
    {
        "eventID": "1",
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_700_000_000,
            "Keys": {"id": {"S": "p1"}},
            "NewImage": {
                "id": {"S": "p1"},
                "name": {"S": "Lamp"},
                "price": {"N": "101"},
                "note": {"S": ""},
                "gone": {"NULL": True},
                "active": {"BOOL": True},
                "tags": {"SS": ["red", "sale"]},
                "empty": {"L": []},
                "shops": {"L": [{"S": "north"}, {"N": "7"}]},
                "size": {"M": {"width": {"N": "5"}, "unit": {"S": "cm"}}},
                "lines": {"L": [{"M": {"a": {"S": "1"}}}, {"M": {"b": {"S": "2"}}}]},
            },
            "SequenceNumber": "1",
            "SizeBytes": 59,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"},
    },
    STREAM_ARN,
).event


def image(pattern: Any) -> bool:
    """Match a pattern against the new image."""
    return matches({"dynamodb": {"NewImage": pattern}})


def matches(pattern: Any) -> bool:
    """Match a whole pattern."""
    return parse_pattern(json.dumps(pattern)).matches(RECORD)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"name": {"S": ["Lamp"]}}, True),
        ({"name": {"S": ["lamp"]}}, False),
        ({"name": {"S": ["Sofa", "Lamp"]}}, True),
        ({"name": ["Lamp"]}, False),
        ({"name": {"N": ["Lamp"]}}, False),
        ({"price": {"N": ["101"]}}, True),
        ({"price": {"N": [101]}}, False),
        ({"active": {"BOOL": [True]}}, True),
        ({"active": {"BOOL": ["true"]}}, False),
        ({"gone": {"NULL": [True]}}, True),
        ({"gone": {"NULL": [None]}}, False),
        ({"note": {"S": [""]}}, True),
        ({"name": {"S": [""]}}, False),
        ({"size": {"M": {"unit": {"S": ["cm"]}}}}, True),
    ],
)
def test_values_are_matched_in_typed_form(pattern: Any, expected: bool) -> None:
    """The type key is part of the path; strings are compared exactly [Filter patterns]."""
    assert image(pattern) is expected


@pytest.mark.parametrize("comparison", [[">", 100], ["=", 101], ["<", 1000], [">=", 0, "<=", 1000]])
def test_numeric_never_matches_an_n_value(comparison: Any) -> None:
    """N values are strings in the event [Filter patterns]."""
    assert not image({"price": {"N": [{"numeric": comparison}]}})


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ([">", 0], True),
        (["=", 59], True),
        ([">", 0, "<=", 59], True),
        ([">", 59], False),
        ([">", 0, "<", 59], False),
    ],
)
def test_numeric_compares_json_numbers(comparison: Any, expected: bool) -> None:
    """Genuine numbers of the record are compared [Filter patterns]."""
    assert matches({"dynamodb": {"SizeBytes": [{"numeric": comparison}]}}) is expected


def test_numeric_matches_the_creation_time() -> None:
    """ApproximateCreationDateTime is a number [Filter patterns]."""
    assert matches({"dynamodb": {"ApproximateCreationDateTime": [{"numeric": [">", 0]}]}})


@pytest.mark.parametrize(("spelling", "expected"), [("59", True), ("59.0", False), ("5.9e1", False)])
def test_numbers_are_equal_by_their_spelling(spelling: str, expected: bool) -> None:
    """300, 300.0 and 3.0e2 are three values [Filter patterns]."""
    pattern = parse_pattern(f'{{"dynamodb": {{"SizeBytes": [{spelling}]}}}}')
    assert pattern.matches(RECORD) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"name": {"S": [{"exists": True}]}}, True),
        ({"name": {"N": [{"exists": True}]}}, False),
        ({"name": {"N": [{"exists": False}]}}, True),
        ({"name": {"S": [{"exists": False}]}}, False),
        ({"absent": {"S": [{"exists": False}]}}, True),
        ({"absent": {"S": [{"exists": True}]}}, False),
        ({"name": [{"exists": True}]}, False),
        ({"name": [{"exists": False}]}, True),
        ({"empty": {"L": [{"exists": True}]}}, False),
    ],
)
def test_exists_sees_leaves_only(pattern: Any, expected: bool) -> None:
    """On an untyped name true never matches and false always does [Filter patterns]."""
    assert image(pattern) is expected


def test_absent_holds_below_an_absent_image() -> None:
    """Every leaf of an image that is not there is absent [Filter patterns]."""
    assert matches({"dynamodb": {"OldImage": {"name": {"S": [{"exists": False}]}}}})
    assert not matches({"dynamodb": {"OldImage": {"name": {"S": [{"exists": True}]}}}})


def test_either_of_a_value_and_absence_may_be_asked_for() -> None:
    """Array entries are alternatives, exists among them [Filter patterns]."""
    assert image({"name": {"S": ["Lamp", {"exists": False}]}})
    assert image({"absent": {"S": ["Lamp", {"exists": False}]}})
    assert not image({"name": {"S": ["Sofa", {"exists": False}]}})


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"shops": {"L": {"S": [{"exists": True}]}}}, True),
        ({"shops": {"L": {"S": ["north"]}}}, True),
        ({"shops": {"L": {"N": ["7"]}}}, True),
        ({"shops": {"L": {"S": ["south"]}}}, False),
        ({"tags": {"SS": ["sale"]}}, True),
        ({"tags": {"SS": ["blue"]}}, False),
        ({"lines": {"L": {"M": {"a": {"S": ["1"]}}}}}, True),
        ({"lines": {"L": {"M": {"a": {"S": ["1"]}, "b": {"S": ["2"]}}}}}, False),
        ({"shops": {"L": {"S": [{"exists": False}]}}}, False),
        ({"shops": {"L": {"B": [{"exists": False}]}}}, True),
    ],
)
def test_arrays_are_traversed(pattern: Any, expected: bool) -> None:
    """A pattern goes straight through L; one element must satisfy all keys [Filter patterns]."""
    assert image(pattern) is expected


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ({"prefix": "La"}, True),
        ({"prefix": "la"}, False),
        ({"suffix": "mp"}, True),
        ({"suffix": "MP"}, False),
        ({"equals-ignore-case": "LAMP"}, True),
        ({"equals-ignore-case": "LAMPS"}, False),
        ({"anything-but": ["Sofa", "Chair"]}, True),
        ({"anything-but": ["Lamp", "Chair"]}, False),
        ({"anything-but": "Lamp"}, False),
        ({"anything-but": {"prefix": "La"}}, False),
        ({"anything-but": {"prefix": "So"}}, True),
        ({"wildcard": "L*p"}, True),
        ({"wildcard": "L*x"}, False),
        ({"prefix": {"equals-ignore-case": "LA"}}, True),
    ],
)
def test_operators_on_strings(comparison: Any, expected: bool) -> None:
    """prefix, suffix, equals-ignore-case, anything-but, wildcard [Filter patterns]."""
    assert image({"name": {"S": [comparison]}}) is expected


def test_anything_but_on_an_n_value_compares_text() -> None:
    """N 101 is refused by anything-but "101" and passes anything-but 101 [Filter patterns]."""
    assert not image({"price": {"N": [{"numeric": [">", 100]}, {"anything-but": ["101"]}]}})
    assert image({"price": {"N": [{"anything-but": [101]}]}})


def test_anything_but_needs_a_value() -> None:
    """An absent attribute is not something else [Filter patterns]."""
    assert not image({"absent": {"S": [{"anything-but": ["x"]}]}})


def test_several_keys_must_all_match() -> None:
    """Keys of one pattern are and-ed [Filter patterns]."""
    assert image({"name": {"S": ["Lamp"]}, "price": {"N": ["101"]}})
    assert not image({"name": {"S": ["Lamp"]}, "price": {"N": ["102"]}})


def test_or_across_fields() -> None:
    """One pattern of $or must match, and so must the keys beside it [Filter patterns]."""
    either = [{"name": {"S": ["Sofa"]}}, {"price": {"N": ["101"]}}]
    assert image({"$or": either})
    assert image({"$or": either, "active": {"BOOL": [True]}})
    assert not image({"$or": either, "active": {"BOOL": [False]}})
    assert not image({"$or": either[:1]})


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"eventName": ["MODIFY"]}, True),
        ({"eventName": ["INSERT", "REMOVE"]}, False),
        ({"eventSource": ["aws:dynamodb"], "eventName": ["MODIFY"]}, True),
        ({"userIdentity": {"type": ["Service"]}}, True),
        ({"userIdentity": {"Type": ["Service"]}}, False),
        ({"userIdentity": {"principalId": [{"exists": False}]}}, False),
        ({"eventSourceARN": [STREAM_ARN]}, True),
        ({}, True),
    ],
)
def test_every_top_level_field_can_be_matched(pattern: Any, expected: bool) -> None:
    """Not only `dynamodb`: the record as the function receives it [Filter patterns]."""
    assert matches(pattern) is expected


def test_a_key_given_twice_counts_once() -> None:
    """The last of two equal keys wins [Filter patterns]."""
    assert parse_pattern('{"eventName": ["X"], "eventName": ["MODIFY"]}').matches(RECORD)


def test_patterns_of_a_mapping_are_alternatives() -> None:
    """A record passes if one pattern matches, or if there is none [Filter patterns]."""
    patterns = [
        parse_pattern('{"eventName": ["INSERT"]}'),
        parse_pattern('{"eventName": ["MODIFY"]}'),
    ]
    assert matches_any(patterns, RECORD)
    assert not matches_any(patterns[:1], RECORD)
    assert matches_any([], RECORD)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "must be a JSON object"),
        ('{"eventName": "MODIFY"}', "eventName: expected an object or an array"),
        ('{"eventName": []}', "eventName: an empty array"),
        ('{"a": {"b": [{"near": 1}]}}', "a.b: unknown operator 'near'"),
        ('{"a": [{"numeric": [">"]}]}', "a: numeric takes pairs"),
        ('{"a": [{"numeric": [">", "1"]}]}', "a: numeric takes pairs"),
        ('{"a": [{"prefix": 1}]}', "a: prefix takes a string"),
        ('{"a": [{"exists": "yes"}]}', "a: exists takes true or false"),
        ('{"a": [{"anything-but": []}]}', "a: anything-but takes"),
        ('{"a": [{"anything-but": {"numeric": [">", 1]}}]}', "a: anything-but takes"),
        ('{"a": [["b"]]}', "a: an array inside"),
        ('{"a": [{"prefix": "b", "suffix": "c"}]}', "a: a comparison takes exactly one"),
        ('{"a": ["' + "x" * 4096 + '"]}', "longer than 4096"),
    ],
)
def test_an_invalid_pattern_names_the_place_and_the_fault(text: str, message: str) -> None:
    """What cannot be served is refused before anything is read [Filter patterns]."""
    with pytest.raises(FilterPatternError, match=message.replace("[", r"\[")):
        parse_pattern(text)
