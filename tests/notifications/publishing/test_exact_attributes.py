"""Message attributes reach subscribers as the item has them, or not at all: a filter on a changed one never matches."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from notifications.common.sns_limits import LONGEST_SUBJECT, MOST_BYTES
from notifications.publishing.messages import _leave_out, subject_of
from tests.builders import message


def attributes(**values: Any) -> dict[str, str]:
    """Give the attributes made of an item's typed values."""
    made = message(message_attributes=values).attributes
    return {name: made[name]["StringValue"] for name in values if name in made}


@pytest.fixture(autouse=True)
def _nothing_said() -> None:
    _leave_out.cache_clear()


@pytest.mark.parametrize(
    "text",
    [
        "no\u00a0break",
        "ideographic\u3000space",
        "join\u200d\u200cer",
        "tab\tand\nline\r\nbreak",
        "  blanks  at  both ends  ",
        "\u202eright to left",
        "\x7f\x85\u2028",
        "🙂" * 30_000,
        "x" * 100_000,
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_a_text_is_carried_as_it_is(text: str) -> None:
    """Blanks of all kinds, joiners, control characters that XML has, and long texts."""
    assert attributes(category={"S": text}, other={"S": "x"}) == {"category": text, "other": "x"}


@pytest.mark.parametrize("text", ["a\x00b", "\x1b[31m", "\ud83d", "\uffff"], ids=ascii)
def test_what_sns_cannot_carry_is_left_out_and_said_once(text: str, caplog: pytest.LogCaptureFixture) -> None:
    """Once a process and attribute, in one line that does not repeat the value."""
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        assert attributes(category={"S": text}, other={"S": "x"}) == {"other": "x"}
    assert [record.getMessage() for record in caplog.records] == [
        "message attribute category is left out of alerts whose item has a value that SNS cannot carry"
    ]


def test_of_more_than_fits_the_longest_are_left_out() -> None:
    """The alert goes out, with those attributes that have room beside it, each whole."""
    sizes = {"a": 200_000, "b": 150_000, "c": 40_000, "d": 5}
    made = message(message_attributes={name: {"S": "x" * size} for name, size in sizes.items()})
    kept = {name: len(made.attributes[name]["StringValue"]) for name in sizes if name in made.attributes}
    assert kept == {"c": 40_000, "d": 5, "b": 150_000}
    assert made.size <= MOST_BYTES
    assert made.attributes["productId"]["StringValue"] == "prod-1"


@pytest.mark.parametrize("product", ["a\u00a0b\tc", "x" * 20_000])
def test_the_product_id_is_exact_too(product: str) -> None:
    """People filter by it as well."""
    assert message(product).attributes["productId"]["StringValue"] == product


@pytest.mark.parametrize("title", ["🙂" * 200, "x" + "🙂" * 60, "🙂" * 49 + "x", "x" * 98 + "🙂", "é" * 200, "x" * 99])
def test_the_subject_is_cut_by_the_longer_measure(title: str) -> None:
    """An emoji is two units of UTF-16; none is cut in half."""
    subject = subject_of(title)
    assert len(subject.encode("utf-16-le")) // 2 <= LONGEST_SUBJECT
    assert subject == title or (subject.endswith("…") and title.startswith(subject[:-1]))
    assert len(subject.encode("utf-16-le")) // 2 >= min(LONGEST_SUBJECT - 1, len(title))
