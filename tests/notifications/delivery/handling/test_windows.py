"""When an alert may be sent, on ordinary days and on those on which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifications.config.receiver import Digest, Quiet, Receiver
from notifications.delivery.handling.windows import due, flush_minutes

BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")  # 5:45 ahead of UTC
AT_8 = Digest(time(8), BERLIN)
NIGHT = Quiet(time(22), time(7), BERLIN)


def at(text: str) -> datetime:
    """Read a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def receiver(digest: Digest | None = None, quiet: Quiet | None = None) -> Receiver:
    """Make a receiver."""
    return Receiver("r", "text", digest=digest, quiet=quiet)


def test_without_digest_and_quiet_hours_an_alert_is_sent_at_once() -> None:
    """The default."""
    assert due(receiver(), "info", at("2026-11-21T03:00")) is None


@pytest.mark.parametrize(
    ("digest", "now", "expected"),
    [
        (Digest(), "2026-11-21T09:00:00", "2026-11-21T10:00"),
        (Digest(), "2026-11-21T09:59:59", "2026-11-21T10:00"),
        (AT_8, "2026-11-21T06:59:59", "2026-11-21T07:00"),
        (AT_8, "2026-11-21T07:00:00", "2026-11-22T07:00"),
        (AT_8, "2026-07-21T05:00:00", "2026-07-21T06:00"),
        (Digest(time(0), KATHMANDU), "2026-11-21T18:00:00", "2026-11-21T18:15"),
        # The clocks go forward in the night to 29 March: 02:30 is skipped, and comes as 03:30.
        (Digest(time(2, 30), BERLIN), "2026-03-28T12:00:00", "2026-03-29T01:30"),
        (Digest(time(2, 30), BERLIN), "2026-03-29T01:30:00", "2026-03-30T00:30"),
        (AT_8, "2026-03-28T08:00:00", "2026-03-29T06:00"),
        # They go back in the night to 25 October: 02:30 comes twice, and counts the first time.
        (Digest(time(2, 30), BERLIN), "2026-10-24T12:00:00", "2026-10-25T00:30"),
        (Digest(time(2, 30), BERLIN), "2026-10-25T00:45:00", "2026-10-26T01:30"),
        (AT_8, "2026-10-24T08:00:00", "2026-10-25T07:00"),
    ],
)
def test_a_digest_takes_what_came_before_it(digest: Digest, now: str, expected: str) -> None:
    """The next one, even on days on which the clocks change."""
    assert due(receiver(digest), "critical", at(now)) == at(expected)


@pytest.mark.parametrize(
    ("quiet", "now", "expected"),
    [
        (NIGHT, "2026-11-21T20:59:59", None),
        (NIGHT, "2026-11-21T21:00:00", "2026-11-22T06:00"),
        (NIGHT, "2026-11-22T05:59:59", "2026-11-22T06:00"),
        (NIGHT, "2026-11-22T06:00:00", None),
        (Quiet(time(12), time(13), BERLIN), "2026-11-21T11:30:00", "2026-11-21T12:00"),
        (Quiet(time(12), time(13), BERLIN), "2026-11-21T12:00:00", None),
        # The night is an hour shorter, or longer.
        (NIGHT, "2026-03-28T22:00:00", "2026-03-29T05:00"),
        (NIGHT, "2026-10-24T22:00:00", "2026-10-25T06:00"),
        # They end at 02:30, which is skipped, or comes twice.
        (Quiet(time(22), time(2, 30), BERLIN), "2026-03-29T01:00:00", "2026-03-29T01:30"),
        (Quiet(time(22), time(2, 30), BERLIN), "2026-03-29T01:30:00", None),
        (Quiet(time(22), time(2, 30), BERLIN), "2026-10-25T00:29:00", "2026-10-25T00:30"),
        (Quiet(time(22), time(2, 30), BERLIN), "2026-10-25T01:10:00", None),
    ],
)
def test_quiet_hours_hold_an_alert_until_their_end(quiet: Quiet, now: str, expected: str | None) -> None:
    """From their start to before their end, on the clock of their zone."""
    assert due(receiver(quiet=quiet), "warning", at(now)) == (at(expected) if expected else None)
    assert due(receiver(quiet=quiet), "critical", at(now)) is None


def test_a_digest_in_the_quiet_hours_waits_for_their_end_but_not_with_what_is_critical() -> None:
    """An hourly digest at night."""
    both = receiver(Digest(), NIGHT)
    assert due(both, "info", at("2026-11-21T20:30")) == at("2026-11-22T06:00")
    assert due(both, "critical", at("2026-11-21T20:30")) == at("2026-11-21T21:00")
    assert due(both, "info", at("2026-11-21T18:30")) == at("2026-11-21T19:00")


def test_every_hour_of_two_years_is_held_until_later_and_never_for_longer_than_a_day_and_an_hour() -> None:
    """Nothing is lost between two windows, and none is passed over."""
    for each in (receiver(AT_8), receiver(Digest(time(2, 30), BERLIN)), receiver(quiet=NIGHT), receiver(AT_8, NIGHT)):
        now = at("2026-01-01T00:07")
        while now < at("2028-01-01T00:00"):
            when = due(each, "info", now)
            assert when is None or now < when <= now + timedelta(hours=25)
            now += timedelta(hours=1)


@pytest.mark.parametrize(
    ("digest", "quiet", "expected"),
    [
        (None, None, {(0, "UTC")}),
        (Digest(), None, {(0, "UTC")}),
        (AT_8, None, {(0, "Europe/Berlin")}),
        (Digest(time(8, 15), KATHMANDU), Quiet(time(22), time(7, 30), BERLIN),
         {(15, "Asia/Kathmandu"), (30, "Europe/Berlin")}),
    ],
)  # fmt: skip
def test_the_outbox_is_looked_at_whenever_something_may_be_due(
    digest: Digest | None, quiet: Quiet | None, expected: set[tuple[int, str]]
) -> None:
    """In every hour, at the minute of the digest and of the end of the quiet hours; else at the full hour."""
    assert flush_minutes(receiver(digest, quiet)) == expected
