"""Titles, texts and links: names between braces, and nothing that could be evaluated."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.common.errors import MalformedRecordError
from notifications.text.formatting import (
    LONGEST_VALUE,
    Template,
    decimal_text,
    duration_text,
    money_text,
    render_link,
    rfc3339,
    shorten,
    value_text,
)
from tests.builders import (
    typed,
    values,
)

CONTROL_CHARACTERS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0)))) + "\u2028\u2029"
CONTROLS = f"[{re.escape(CONTROL_CHARACTERS)}]"


def render(text: str, **given_values: str | None) -> str:
    """Fill in a template."""
    return Template(text).render(given_values.get)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("{a}", "x"),
        ("{a}{b}", "xy"),
        ("a {a} b {b} c", "a x b y c"),
        ("{{a}} {a}", "{a} x"),
        ("{{{a}}}", "{x}"),
        ("{missing}!", "n/a!"),
        ("  a   {a}  \n  b ", "a x\nb"),
    ],
)
def test_names_are_filled_in_and_everything_else_stays(text: str, expected: str) -> None:
    """Doubled braces are braces, a missing value reads n/a, runs of blanks become one."""
    assert render(text, a="x", b="y") == expected


def test_an_empty_value_leaves_no_gap() -> None:
    """Without a currency a price stands alone."""
    assert render("{price} {currency}, was {old}", price="5", currency="", old="6") == "5, was 6"


@given(st.text(max_size=30))
def test_a_value_is_never_a_template(value: str) -> None:
    """Braces and formats in an item are text."""
    assert render("{a}", a=value) == " ".join(re.sub(CONTROLS, " ", value).split())


@pytest.mark.parametrize("name", ["a.__class__", "a[0]", "__init__", "0", "a.b.c", "new.__class__.__mro__"])
def test_a_name_is_looked_up_and_never_followed(name: str) -> None:
    """Dots and brackets belong to the name: no attribute of any object can be reached."""
    asked: list[str] = []

    def look_up(wanted: str) -> str:
        asked.append(wanted)
        return "x"

    Template(f"{{{name}}}").render(look_up)
    assert asked == [name]


@pytest.mark.parametrize(
    "text", ["{", "}", "{a", "a}", "{}", "{a!r}", "{a!}", "{a:>5}", "{a:{b}}", "{a!r:5}", "{:x}", "{a{b}}"]
)
def test_formats_conversions_and_loose_braces_are_refused(text: str) -> None:
    """What Python's format could do, a template cannot."""
    with pytest.raises(ValueError, match=r"brace|Single"):
        Template(text)


def test_a_long_value_is_cut() -> None:
    """A text of a page in an item does not make the alert too long."""
    assert render("{a}", a="x" * 1000) == "x" * (LONGEST_VALUE - 1) + "…"
    assert render("{a}", a="x" * LONGEST_VALUE) == "x" * LONGEST_VALUE


@pytest.mark.parametrize("value", ["a\ud800b", "🙂", "\u200f\u0634", "👩\u200d👧"])
def test_odd_characters_do_no_harm(value: str) -> None:
    """Lone surrogates, emoji and what scripts need pass through; what cannot be sent is the message's concern."""
    assert render("<{a}>", a=value) == f"<{value}>"


@given(st.text(CONTROL_CHARACTERS + "ab ", max_size=20), st.text(CONTROL_CHARACTERS + "ab ", max_size=20))
def test_a_value_begins_no_line_and_holds_no_control_character(first: str, second: str) -> None:
    """Its line breaks and control characters become blanks; the lines are those of the template."""
    text = render("1 {a}\n2 {b}", a=first, b=second)
    assert [line[0] for line in text.split("\n")] == ["1", "2"]
    assert not re.search(CONTROLS, text.replace("\n", ""))


# Links


def test_a_link_quotes_its_values() -> None:
    """An id with blanks, slashes or ampersands still leads to its page."""
    assert (
        render_link(Template("https://x/p/{id}?q={q}"), {"id": "a b/ü", "q": "1&2"}.get)
        == "https://x/p/a%20b%2F%C3%BC?q=1%262"
    )


@pytest.mark.parametrize("value", [None, ""])
def test_half_a_link_is_left_out(value: str | None) -> None:
    """A link that lacks a value would lead nowhere."""
    assert render_link(Template("https://x/{id}"), {"id": value}.get) is None


def test_a_link_takes_any_character() -> None:
    """Also what UTF-8 cannot hold."""
    assert render_link(Template("https://x/{id}"), {"id": "\ud800"}.get) == "https://x/%3F"


# Values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (Decimal("1E+2"), "100"),
        (Decimal("25.990"), "25.990"),
        (Decimal("9" * 38), "9" * 38),
        (Decimal("1E-7"), "0.0000001"),
        (True, "yes"),
        (False, "no"),
        (None, None),
        pytest.param({"b", "a"}, "a, b", id="set"),
        (["a", 1, None, True], "a, 1, n/a, yes"),
        ({"color": "red", "size": 5}, "color: red, size: 5"),
        ([], ""),
    ],
    ids=str,
)
def test_a_value_is_written_for_people(value: Any, text: str | None) -> None:
    """Numbers in full, yes and no, lists with commas; what is absent or NULL has no text."""
    assert value_text(typed(value)) == text


def test_an_absent_value_has_no_text() -> None:
    """None is None."""
    assert value_text(None) is None


@given(values())
def test_every_value_can_be_written(value: dict[str, Any]) -> None:
    """Whatever an item holds, people can read it."""
    text = value_text(value)
    assert text is None or isinstance(text, str)


def test_a_malformed_value_has_no_text() -> None:
    """What is not an attribute value cannot be written."""
    with pytest.raises(MalformedRecordError):
        value_text({"X": 1})


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("100", "100"),
        ("1E+2", "100"),
        ("5.50", "5.5"),
        ("5.00", "5"),
        ("0.00", "0"),
        ("-0.50", "-0.5"),
        ("1E-7", "0.0000001"),
    ],
)
def test_a_computed_number_has_no_zeros_that_say_nothing(number: str, text: str) -> None:
    """5.50 is 5.5, and 100 stays 100."""
    assert decimal_text(Decimal(number)) == text


@given(st.text(max_size=20), st.integers(1, 20))
def test_shortening_keeps_to_the_limit_and_shows_it(text: str, limit: int) -> None:
    """What fits stays, what does not ends in an ellipsis."""
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text if len(text) <= limit else short == text[: limit - 1] + "…"


# Durations and times


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (3900, "1 hour 5 minutes"),
        (90_061, "1 day 1 hour"),
        (172_800, "2 days"),
    ],
)
def test_a_duration_reads_well(seconds: float, text: str) -> None:
    """The two largest units, in the right number."""
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "time"),
    [
        (1795251720.0, "2026-11-21T09:02:00Z"),
        (1795251720.5, "2026-11-21T09:02:00.500Z"),
        (0, "1970-01-01T00:00:00Z"),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e20, None),
    ],
)
def test_time_is_when_the_change_was_made(seconds: float | None, time: str | None) -> None:
    """RFC 3339 in UTC; what is not a time is left out."""
    assert rfc3339(seconds) == time


@pytest.mark.parametrize(("amount", "digits", "said"), [("-0", 2, "0.00"), ("-0.000", 0, "0"), ("-0.1", 2, "-0.10")])
def test_an_amount_of_nothing_has_no_sign(amount: str, digits: int, said: str) -> None:
    """A text "-0" is a number, too."""
    assert money_text(Decimal(amount), digits) == said
