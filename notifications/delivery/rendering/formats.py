"""Numbers, money and moments as a language writes them: a table of its own, as the wheel of Babel has 10 MB."""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Context, Decimal, InvalidOperation
from typing import NamedTuple

from notifications.text.formatting import digits_of

_THIN = "\u202f"  # a narrow space that no line breaks at


class _Marks(NamedTuple):
    decimal: str
    group: str
    moment: str
    percent: str = "%"


_MARKS = {
    "en": _Marks(".", ",", "{day} {month} {year}, {clock}"),
    "de": _Marks(",", ".", "{day:02}.{number:02}.{year}, {clock}", "\u00a0%"),
    "es": _Marks(",", ".", "{day}/{number}/{year}, {clock}", "\u00a0%"),
    "fr": _Marks(",", _THIN, "{day:02}/{number:02}/{year} {clock}", f"{_THIN}%"),
    "it": _Marks(",", ".", "{day:02}/{number:02}/{year}, {clock}"),
    "nl": _Marks(",", ".", "{day:02}-{number:02}-{year} {clock}"),
    "pl": _Marks(",", "\u00a0", "{day:02}.{number:02}.{year}, {clock}"),
    "pt": _Marks(",", ".", "{day:02}/{number:02}/{year}, {clock}"),
    "sv": _Marks(",", "\u00a0", "{year}-{number:02}-{day:02} {clock}", "\u00a0%"),
}
LANGUAGES = tuple(_MARKS)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_PERCENT = 9999  # beyond it the number alone says more
_ROUGH = Context(prec=100)
_MOST_DIGITS = 60  # DynamoDB's largest number would fill a line


def decimal_of(text: object) -> Decimal | None:
    """Read a number of an alert; None for whatever else stands there."""
    if not isinstance(text, str) or not text.isascii() or len(text) > 2 * _MOST_DIGITS:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < _MOST_DIGITS else None


class Formats:
    """How a language writes."""

    def __init__(self, language: str, zone: tzinfo) -> None:
        """Write in one of LANGUAGES, moments on the clock of `zone`."""
        self._marks = _MARKS[language]
        self._zone = zone

    def number(self, value: Decimal, places: int = 0) -> str:
        """Write all digits of a number, and at least so many after the point."""
        digits = format(value, "f")
        whole, _, fraction = digits.lstrip("-").partition(".")
        fraction = fraction.rstrip("0").ljust(places, "0")
        grouped = format(int(whole or 0), ",").replace(",", self._marks.group)
        text = f"{grouped}{self._marks.decimal}{fraction}" if fraction else grouped
        return f"\u2212{text}" if value < 0 else text

    def money(self, value: Decimal, currency: str) -> str:
        """Write an amount with the decimals of its currency, and the currency's code behind it."""
        text = self.amount(value, currency)
        return f"{text}\u00a0{currency}" if currency else text

    def amount(self, value: Decimal, currency: str) -> str:
        """Write the same without the code."""
        return self.number(value, digits_of(currency) if currency else 0)

    def percent(self, old: Decimal, new: Decimal) -> str:
        """Write how much a number moved, without its direction: whole percents from 10 on, one decimal below."""
        if not old:
            return ""
        size = _ROUGH.divide(_ROUGH.multiply(_ROUGH.subtract(new, old).copy_abs(), Decimal(100)), old.copy_abs())
        if size > _MOST_PERCENT:
            return ""
        rounded = round(size, 0 if size >= 10 else 1)  # noqa: PLR2004 - see above
        return self.number(rounded) + self._marks.percent if rounded else ""

    def threshold(self, text: str) -> str:
        """Write an amount or a percentage as an alert has it; as it stands where it is neither."""
        value = decimal_of(text.removesuffix("%"))
        if value is None:
            return text
        return self.number(value) + (self._marks.percent if text.endswith("%") else "")

    def moment(self, when: datetime) -> str:
        """Write day and time, with the zone."""
        local = self._local(when)
        shown = self._marks.moment.format(
            day=local.day, month=_MONTHS[local.month - 1], number=local.month, year=local.year, clock=self.clock(when)
        )
        return f"{shown} {self.zone(when)}"

    def clock(self, when: datetime) -> str:
        """Write the time of day."""
        return self._local(when).strftime("%H:%M")

    def zone(self, when: datetime) -> str:
        """Name the zone as it is called at that time, such as CET."""
        short = self._local(when).strftime("%Z")
        return short if short.isalpha() else str(self._zone)

    def _local(self, when: datetime) -> datetime:
        try:
            return when.astimezone(self._zone)
        except OverflowError:  # the first or the last day that there is
            return when
