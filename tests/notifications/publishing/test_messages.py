"""An alert within SNS's limits."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.alerts.composing import compose
from notifications.common.sns_limits import MOST_BYTES
from notifications.publishing.messages import AlertMessage, subject_of, to_message
from tests.builders import added, alert, fired, message, one_rule, typed

FIXED = {"type", "rule", "severity", "productId"}


def counted(made: AlertMessage) -> int:
    """Count bytes as SNS does: body, and each attribute's name, type and value."""
    attributes = sum(
        len(name.encode()) + sum(len(part.encode()) for part in value.values())
        for name, value in made.attributes.items()
    )
    return len(made.body.encode()) + len(made.subject.encode()) + attributes


# Subject


@given(st.text(max_size=200))
def test_a_subject_is_one_printable_line_of_99_characters(title: str) -> None:
    """Whatever a title holds, SNS takes the subject."""
    subject = subject_of(title)
    assert len(subject) <= 99
    assert all(character.isprintable() for character in subject)
    assert subject == " ".join(subject.split())


def test_a_short_title_is_the_subject_as_it_is() -> None:
    """Nothing is changed that needs no change."""
    assert subject_of("Größe: 5 € 🙂") == "Größe: 5 € 🙂"


@pytest.mark.parametrize("length", [98, 99])
def test_a_title_that_just_fits_is_not_cut(length: int) -> None:
    """99 characters are allowed."""
    assert subject_of("x" * length) == "x" * length


def test_a_title_too_long_is_cut_and_shows_it() -> None:
    """The cut subject ends in an ellipsis; the whole title stays in the alert."""
    made = message(title="x" * 100)
    assert made.subject == "x" * 98 + "…"
    assert json.loads(made.body)["data"]["title"] == "x" * 100


def test_line_breaks_and_control_characters_become_blanks() -> None:
    """A line break in a subject would make SNS refuse the message."""
    assert subject_of("a\r\nb\x00c\td\x7fe\u2028f\ud800g") == "a b c d e f g"


@pytest.mark.parametrize("title", ["\x00", " ", "\u200b", "\ud800"])
def test_a_title_with_nothing_to_print_still_has_a_subject(title: str) -> None:
    """SNS refuses an empty subject, so there is always one."""
    assert message(title=title).subject


# Attributes


def test_the_fixed_attributes_are_always_there() -> None:
    """Subscribers can filter by type, rule, severity and product of every alert."""
    made = message("prod-1", 1, "my rule")
    assert {name: value["StringValue"] for name, value in made.attributes.items()} == {
        "type": "product.added",
        "rule": "my rule",
        "severity": "info",
        "productId": "prod-1",
    }
    assert {value["DataType"] for value in made.attributes.values()} == {"String"}


def attributes(**values: Any) -> dict[str, dict[str, str]]:
    """Give the message attributes made of typed values, without the fixed ones."""
    made = message(message_attributes=values).attributes
    return {name: value for name, value in made.items() if name not in FIXED}


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ({"S": "Electronics"}, "String", "Electronics"),
        ({"N": "25.99"}, "Number", "25.99"),
        ({"N": "1E+2"}, "Number", "100"),
        ({"N": "1000000000"}, "Number", "1000000000"),
        ({"N": "-1000000000"}, "Number", "-1000000000"),
        ({"N": "1000000000.00001"}, "String", "1000000000.00001"),
        ({"N": "1.12345"}, "Number", "1.12345"),
        ({"N": "1.123456"}, "String", "1.123456"),
        ({"N": "9" * 38}, "String", "9" * 38),
        ({"BOOL": True}, "String", "true"),
        ({"BOOL": False}, "String", "false"),
        ({"SS": ["b", "a"]}, "String.Array", '["a","b"]'),
        ({"S": "a\nb\tc\r"}, "String", "a\nb\tc\r"),
        ({"S": "x" * 2000}, "String", "x" * 2000),
        ({"SS": ["x" * 2000]}, "String.Array", f'["{"x" * 2000}"]'),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_value_becomes_an_attribute_that_sns_can_filter_by(value: dict[str, Any], kind: str, text: str) -> None:
    """Numbers that SNS compares are numbers, those that it would round are strings, sets are arrays."""
    assert attributes(category=value) == {"category": {"DataType": kind, "StringValue": text}}


@pytest.mark.parametrize(
    "value", [{"NULL": True}, {"B": "Zm9v"}, {"L": []}, {"M": {}}, {"S": ""}, {"S": "a\x00"}, {"S": "\ud800"}], ids=str
)
def test_a_value_that_sns_cannot_carry_is_left_out(value: dict[str, Any]) -> None:
    """Rather no attribute than one that SNS refuses."""
    assert attributes(category=value) == {}


def test_there_are_never_more_than_ten_attributes() -> None:
    """With as many as alerts.toml may name there are ten: a queue would lose a message with eleven."""
    names = ["a", "b", "c", "d", "e", "f"]
    loaded = one_rule("added", product=f"message_attributes = {names}")
    attributes: dict[str, Any] = dict.fromkeys(names, "x")
    (evaluation,) = fired(loaded, added(**attributes))
    assert len(to_message(compose(evaluation, loaded.product)).attributes) == 10


# Size


def body(made: AlertMessage) -> dict[str, Any]:
    """Read a message's data."""
    data: dict[str, Any] = json.loads(made.body)["data"]
    return data


def change(name: str, size: int) -> dict[str, str]:
    """Make an entry of `changes`."""
    return {"attribute": name, "old": "", "new": "x" * size}


BIG = "x" * 300_000


def with_item(**data: Any) -> AlertMessage:
    """Make the message of an alert about an item; `product` names it already in the builder."""
    made = alert()
    made.data.update(data)
    return to_message(made)


def test_an_alert_that_fits_is_not_shortened() -> None:
    """Nothing is left out that need not be."""
    assert "shortened" not in body(with_item(product={"a": "x" * 200_000}))


def test_the_item_goes_first() -> None:
    """What people can look up goes before what they cannot."""
    kept = [change("a", 10)]
    data = body(with_item(product={"a": BIG}, changes=kept, text="kept"))
    assert (data["product"], data["changes"], data["text"]) == ({}, kept, "kept")
    assert data["shortened"] == ["product"]


def test_the_values_go_second() -> None:
    """Which attributes changed is still told."""
    data = body(with_item(product={"a": BIG}, changes=[change("a", 300_000), change("b", 1)], text="kept"))
    assert data["changes"] == [{"attribute": "a"}, {"attribute": "b"}]
    assert (data["product"], data["text"]) == ({}, "kept")
    assert data["shortened"] == ["product", "changes"]


def test_the_text_goes_third_and_the_title_never() -> None:
    """Even the longest alert says what it is about."""
    data = body(with_item(product={"a": BIG}, changes=[change("a", 300_000)], text=BIG, title="The title " + "x" * 500))
    assert data["text"] == "x" * 999 + "…"
    assert (data["product"], data["changes"]) == ({}, [])
    assert data["title"] == "The title " + "x" * 500
    assert data["shortened"] == ["product", "changes", "text"]


def test_what_identifies_the_alert_survives_every_shortening() -> None:
    """Rule, severity, event, sequence number and what was compared stay."""
    full = with_item(baseline="5", threshold="10%")
    short = with_item(baseline="5", threshold="10%", product={"a": BIG}, changes=[change("a", 300_000)], text=BIG)
    kept = ("rule", "severity", "title", "eventName", "sequenceNumber", "baseline", "threshold")
    assert {name: body(short)[name] for name in kept} == {name: body(full)[name] for name in kept}
    assert {name: json.loads(short.body)[name] for name in ("id", "type", "source", "subject", "time")} == {
        name: json.loads(full.body)[name] for name in ("id", "type", "source", "subject", "time")
    }


@given(
    st.integers(0, 300_000),
    st.integers(0, 300_000),
    st.integers(0, 300_000),
    st.sampled_from("xü🙂\x00\ud800"),
    st.integers(0, 2000),
)
def test_no_message_is_longer_than_sns_takes(item: int, values: int, text: int, letter: str, attribute: int) -> None:
    """Body, subject and attributes stay within 256 KB, counted in bytes, and the size given is no less."""
    made = alert(message_attributes={name: {"S": letter * attribute} for name in "abcdef"})
    made.data.update(
        product={"a": letter * item}, changes=[change("a", 0) | {"new": letter * values}], text=letter * text
    )
    sent = to_message(made)
    assert counted(sent) <= sent.size <= MOST_BYTES
    assert json.loads(sent.body)["data"]["title"] == "A title"


def test_bytes_are_counted_and_not_characters() -> None:
    """100,000 characters of three bytes do not fit."""
    assert "shortened" not in body(with_item(product={"a": "x" * 100_000}))
    assert body(with_item(product={"a": "€" * 100_000}))["shortened"] == ["product"]


def test_the_attributes_count_towards_the_limit() -> None:
    """An alert that would just fit without its message attributes is shortened with them."""
    room = MOST_BYTES - message().size
    fits = with_item(product={"a": "x" * (room - 10)})
    made = alert(message_attributes={"a": {"S": "y" * 1000}})
    made.data["product"] = {"a": "x" * (room - 10)}
    assert "shortened" not in body(fits)
    assert body(to_message(made))["shortened"] == ["product"]


# Characters


def test_a_lone_surrogate_is_escaped() -> None:
    """UTF-8 cannot hold it; JSON can."""
    made = with_item(product={"a": "x\ud800y"})
    assert "\\ud800" in made.body
    assert body(made)["product"] == {"a": "x\ud800y"}


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ufffe", "\uffff"], ids=ascii)
def test_a_body_holds_only_characters_that_sqs_takes(character: str) -> None:
    """SNS hands the body on to queues, which take XML's characters; others are written as escapes."""
    made = with_item(product={"a": f"x{character}y"})
    assert character not in made.body
    assert body(made)["product"] == {"a": f"x{character}y"}


def test_other_languages_are_readable() -> None:
    """What UTF-8 can hold is not escaped."""
    assert "Größe 🙂" in with_item(product={"a": "Größe 🙂"}).body


def test_numbers_stay_strings() -> None:
    """38 digits come out as they went in."""
    assert body(with_item(baseline=format(Decimal("9" * 38), "f")))["baseline"] == "9" * 38
    assert typed(Decimal("9" * 38)) == {"N": "9" * 38}
