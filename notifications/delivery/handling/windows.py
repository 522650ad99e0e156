"""When an alert may be sent: at once, with the next digest, or after the quiet hours.

Times are those of clocks on the wall, so days on which the clocks change have one of each: a time that is skipped in
spring comes as much later, one that comes twice in autumn counts the first time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from notifications.config.receiver import Digest, Quiet, Receiver

CRITICAL = "critical"
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


def due(receiver: Receiver, severity: str, now: datetime) -> datetime | None:
    """Return when an alert that arrives `now` is to be sent, in UTC; None: at once.

    A digest that falls into the quiet hours waits for their end. What is critical does not wait for that.
    """
    when = _next_digest(receiver.digest, now) if receiver.digest else now
    if receiver.quiet and severity != CRITICAL:
        when = _end_of_quiet(receiver.quiet, when) or when
    return when.astimezone(UTC) if when > now else None


def flush_minutes(receiver: Receiver) -> set[tuple[int, str]]:
    """Return the minutes of the hour, with their time zones, at which alerts of the receiver may be due.

    Its outbox is looked at in every hour: so no change of the clocks is missed, and what failed is tried again. So is
    that of a receiver without digest and quiet hours: it may have had them, and something may still be held.
    """
    minutes = set()
    if receiver.digest:
        at, zone = receiver.digest.at, receiver.digest.zone
        minutes.add((at.minute if at else 0, zone.key if zone else "UTC"))
    if receiver.quiet:
        minutes.add((receiver.quiet.end.minute, receiver.quiet.zone.key))
    return minutes or {(0, "UTC")}


def _next_digest(digest: Digest, now: datetime) -> datetime:
    if digest.at is None:
        return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR
    zone = digest.zone or UTC
    return next(each for each in _moments(digest.at, zone, now) if each > now)


def _moments(clock: time, zone: tzinfo, now: datetime) -> Iterator[datetime]:
    """Give the moments at which a clock shows a time, in UTC, from the day before `now` on."""
    today = now.astimezone(zone).date()
    return (_moment(today + _DAY * days, clock, zone) for days in (-1, 0, 1, 2))


def _moment(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)  # fold 0: the first, or as much after the gap


def _end_of_quiet(quiet: Quiet, when: datetime) -> datetime | None:
    """Return the end of the quiet hours that `when` is in; None outside of them."""
    today = when.astimezone(quiet.zone).date()
    for day in (today - _DAY, today):
        ends_on = day if quiet.start < quiet.end else day + _DAY
        end = _moment(ends_on, quiet.end, quiet.zone)
        if _moment(day, quiet.start, quiet.zone) <= when < end:
            return end
    return None
