"""DynamoDB's typed JSON: paths into it, comparing it, and reading it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.common.errors import MalformedRecordError
from notifications.stream.attributes import EXACT, Path, number, plain, plain_image, same
from tests.builders import image, typed, values

# Paths

ITEM = image(
    price=5,
    specs={"color": "red", "a.b": 1, "deep": {"er": True}},
    offers=[{"price": 7}, {"price": 8}, [1, 2]],
    **{"a.b": "dotted", "a[0]": "bracketed", "back\\slash": "b"},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price", 5),
        ("specs.color", "red"),
        ("specs.deep.er", True),
        (r"specs.a\.b", 1),
        ("offers[0].price", 7),
        ("offers[1].price", 8),
        ("offers[2][1]", 2),
        (r"a\.b", "dotted"),
        (r"a\[0\]", "bracketed"),
        (r"back\\slash", "b"),
    ],
)
def test_a_path_finds_its_value(text: str, expected: Any) -> None:
    """Names, nested names, list items, and names with dots, brackets or backslashes in them."""
    assert Path.parse(text).find(ITEM) == typed(expected)


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "price.x",
        "price[0]",
        "specs[0]",
        "specs.nothing",
        "specs.color.x",
        "offers.price",
        "offers[3]",
        "a.b",
    ],
)
def test_a_path_that_leads_nowhere_finds_nothing(text: str) -> None:
    """What is absent, or of another type than the path thinks, is None and no error."""
    assert Path.parse(text).find(ITEM) is None


@pytest.mark.parametrize("value", ["text", 5, None, [], {}, {"M": None}, {"M": []}, {"L": {}}, {"L": None}])
def test_a_path_into_a_malformed_value_finds_nothing(value: Any) -> None:
    """A malformed value has nothing in it."""
    assert Path.parse("a.b").find({"a": value}) is None
    assert Path.parse("a[0]").find({"a": value}) is None


def test_without_an_image_nothing_is_found() -> None:
    """A stream that sends no image has no values."""
    assert Path.parse("price").find(None) is None


@pytest.mark.parametrize(
    "text",
    ["", ".", "a.", ".a", "a..b", "[0]", "a[", "a[]", "a[x]", "a[-1]", "a[0]b", "a]", "a.[0]", "a\\", "a[0", "[a]"],
)
def test_a_malformed_path_is_refused(text: str) -> None:
    """A typing mistake is told, not taken for a name."""
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Path.parse(text)


@given(st.lists(st.one_of(st.text(min_size=1, max_size=5), st.integers(0, 3)), min_size=1, max_size=4))
def test_every_path_can_be_written(parts: list[str | int]) -> None:
    """With dots, brackets and backslashes escaped, any name can stand in a path."""
    if isinstance(parts[0], int):
        parts[0] = "top"
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            escaped = "".join(f"\\{letter}" if letter in ".[]\\" else letter for letter in part)
            text += f".{escaped}" if text else escaped
    path = Path.parse(text)
    assert [path.top, *path.rest] == parts


# Sameness


@given(values())
def test_a_value_is_the_same_as_itself_in_any_order_of_its_sets(value: Any) -> None:
    """Turning every set inside out changes nothing."""
    assert same(value, _reversed_sets(value))


def _reversed_sets(value: Any) -> Any:
    ((kind, content),) = value.items()
    if kind in {"SS", "NS", "BS"}:
        return {kind: content[::-1]}
    if kind == "L":
        return {kind: [_reversed_sets(inner) for inner in content]}
    if kind == "M":
        return {kind: {name: _reversed_sets(inner) for name, inner in reversed(content.items())}}
    return value


@given(values(), values())
def test_two_values_are_the_same_if_and_only_if_they_read_the_same(left: Any, right: Any) -> None:
    """What `plain` shows differently is different; only types that look alike need the type."""
    alike = list(left) == list(right) and plain(left) == plain(right)
    assert same(left, right) == same(right, left)
    if not same(left, right):
        assert not alike or "L" in left or "M" in left
    else:
        assert alike


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"N": "1"}, {"S": "1"}),
        ({"SS": ["a"]}, {"L": [{"S": "a"}]}),
        ({"SS": ["1"]}, {"NS": ["1"]}),
        ({"SS": ["a", "b"]}, {"SS": ["a"]}),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}),
        ({"L": [{"S": "a"}]}, {"L": [{"S": "a"}, {"S": "b"}]}),
        ({"M": {"a": {"S": "x"}}}, {"M": {"b": {"S": "x"}}}),
        ({"M": {"a": {"S": "x"}}}, {"M": {"a": {"S": "x"}, "b": {"S": "x"}}}),
        ({"NULL": True}, None),
        ({"BOOL": True}, {"BOOL": False}),
        ({"S": ""}, None),
        ({"SS": "ab"}, {"SS": "ba"}),
        ({"SS": ["a"], "S": "a"}, {"SS": ["a"], "S": "b"}),
        ("a", "b"),
        ([], {}),
    ],
    ids=str,
)
def test_what_differs_is_not_the_same(left: Any, right: Any) -> None:
    """Type, length, order of lists, names of maps, presence: each makes a difference, on either side."""
    assert not same(left, right)
    assert not same(right, left)


def test_two_absent_values_are_the_same() -> None:
    """Nothing has not changed into nothing."""
    assert same(None, None)


# Numbers


@pytest.mark.parametrize(
    "text", ["0", "-0", "5.50", "9" * 38, "-" + "9" * 38, "1E-130", "9.9999999999999999999999999999999999999E+125"]
)
def test_a_number_keeps_every_digit(text: str) -> None:
    """All that an N can hold is read exactly."""
    assert number({"N": text}) == Decimal(text)
    assert str(number({"N": text})) == text


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"S": "5"},
        {"NULL": True},
        {"N": "NaN"},
        {"N": "sNaN"},
        {"N": "Infinity"},
        {"N": "-Infinity"},
        {"N": "abc"},
        {"N": ""},
        {"N": 5},
        {"N": None},
        {"N": ["5"]},
        {},
        "5",
        5,
        [],
    ],
    ids=str,
)
def test_a_value_that_is_not_a_number_reads_as_none(value: Any) -> None:
    """Absent, NULL, another type or nonsense: no number, and no error."""
    assert number(value) is None


@pytest.mark.parametrize("text", ["1_000", "٣", "1E+1000000", "1E-1000000"])
def test_a_number_that_no_table_can_hold_reads_as_none(text: str) -> None:
    """Outside DynamoDB's range and digits there are no numbers; writing out a million zeros would stop everybody."""
    assert number({"N": text}) is None


def test_exact_arithmetic_rounds_nothing() -> None:
    """The smallest number added to the largest leaves both whole."""
    largest, smallest = Decimal("9.9999999999999999999999999999999999999E+125"), Decimal("1E-130")
    assert EXACT.subtract(EXACT.add(largest, smallest), largest) == smallest


# Plain values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"S": "a"}, "a"),
        ({"S": ""}, ""),
        ({"N": "1.50"}, "1.50"),
        ({"N": "9" * 38}, "9" * 38),
        ({"B": "Zm9v"}, "Zm9v"),
        ({"BOOL": True}, True),
        ({"BOOL": False}, False),
        ({"NULL": True}, None),
        ({"SS": ["b", "a"]}, ["a", "b"]),
        ({"NS": ["2", "1"]}, ["1", "2"]),
        ({"BS": ["Zm9v", "YmFy"]}, ["YmFy", "Zm9v"]),
        ({"L": []}, []),
        ({"L": [{"N": "2"}, {"NULL": True}]}, ["2", None]),
        ({"M": {}}, {}),
        ({"M": {"a": {"L": [{"M": {"b": {"BOOL": True}}}]}}}, {"a": [{"b": True}]}),
    ],
    ids=str,
)
def test_every_type_has_a_plain_form(value: dict[str, Any], expected: Any) -> None:
    """Numbers stay texts, sets are sorted, binary stays base64."""
    assert plain(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        "a",
        5,
        [],
        {},
        {"S": "a", "N": "1"},
        {"X": "a"},
        {"s": "a"},
        {"S": 5},
        {"S": None},
        {"N": 5},
        {"B": 5},
        {"BOOL": "true"},
        {"BOOL": 1},
        {"SS": "a"},
        {"L": {}},
        {"M": []},
        {"L": ["bare"]},
        {"M": {"a": 5}},
        {"L": [{"M": {"a": {"X": 1}}}]},
    ],
    ids=str,
)
def test_a_malformed_value_is_an_error(value: Any) -> None:
    """No type, two types, an unknown type or the wrong content, at any depth."""
    with pytest.raises(MalformedRecordError, match="expected an attribute value"):
        plain(value)


def test_the_attribute_that_is_malformed_is_named() -> None:
    """An operator can find it among a thousand."""
    with pytest.raises(MalformedRecordError, match="attribute 'b': expected"):
        plain_image({"a": {"S": "x"}, "b": {"X": "y"}})


def test_an_error_repeats_no_more_than_a_line() -> None:
    """A malformed value of a megabyte does not end up in the log."""
    with pytest.raises(MalformedRecordError) as caught:
        plain({"X": "y" * 100_000})
    assert len(str(caught.value)) < 200
