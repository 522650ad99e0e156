"""Numbers, money and moments in the languages of receivers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from notifications.config.receiver_keys import LANGUAGE
from notifications.delivery.rendering.formats import LANGUAGES, Formats

MOMENT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_writes_as_receivers_toml_says(language: str) -> None:
    """The description of each word is an example of it."""
    formats = Formats(language, UTC)
    plain = f"{formats.number(Decimal('1234.5'), 2)} and {formats.moment(MOMENT)}"
    shown = plain.replace("\u202f", " ").replace("\u00a0", " ").removesuffix(" UTC")
    assert shown == LANGUAGE.words[language]


def test_every_language_of_receivers_toml_is_known() -> None:
    """And no other."""
    assert set(LANGUAGES) == set(LANGUAGE.words)


@pytest.mark.parametrize(
    ("value", "currency", "written"),
    [
        ("5", "EUR", "5.00\u00a0EUR"),
        ("5.5", "", "5.5"),
        ("1250", "JPY", "1,250\u00a0JPY"),
        ("1.2", "KWD", "1.200\u00a0KWD"),
        ("19.995", "USD", "19.995\u00a0USD"),
        ("-3.5", "USD", "\u22123.50\u00a0USD"),
        ("12345678901234567890.123", "", "12,345,678,901,234,567,890.123"),
        ("1E+3", "", "1,000"),
    ],
)
def test_money_has_the_decimals_of_its_currency(value: str, currency: str, written: str) -> None:
    """And keeps every digit that it has."""
    assert Formats("en", UTC).money(Decimal(value), currency) == written


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [("25.99", "19.99", "23%"), ("100", "95.5", "4.5%"), ("100", "99.99", ""), ("0", "5", ""), ("10", "40", "300%"),
     ("1E-100", "1E+50", "")],
)  # fmt: skip
def test_percents_are_round(old: str, new: str, written: str) -> None:
    """Whole from 10 on, with one decimal below, and left out where they would be 0 or beyond belief."""
    assert Formats("en", UTC).percent(Decimal(old), Decimal(new)) == written


def test_a_zone_without_a_short_name_is_named_in_full() -> None:
    """Since -03 says little."""
    zone = ZoneInfo("America/Sao_Paulo")
    assert Formats("en", zone).moment(MOMENT) == "21 Nov 2026, 11:30 America/Sao_Paulo"
