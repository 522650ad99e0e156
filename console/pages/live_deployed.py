"""Live, of a deployed stage: what its functions logged and its ledger has; the stream is not read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from console.aws.logs import BACK, SeenEntry, Wanted, is_bad
from console.pages.page import link
from console.sources.console import Console
from notifications.delivery.rendering.safe_text import clean
from operations.ledger.alert_history import PastAlert
from operations.logs.log_entries import ALERT, BATCH, DELIVERY, ENDED, TROUBLE, LogEntry
from operations.terminal.moments import as_datetime

MOST_ROWS = 60
SHOWS = ("all", "batches", "alerts", "deliveries", "trouble")
_KINDS = {
    "batches": {BATCH, ENDED},
    "alerts": {ALERT},
    "deliveries": {DELIVERY},
    "trouble": {TROUBLE, ENDED},
}


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A line of the page."""

    at: float
    what: str
    """In a word or two: a product, a receiver, or the kind of entry."""
    text: str
    address: str = ""
    """Where it leads; "" where nothing more is known of it."""
    outcome: str = ""
    bad: bool = False
    severity: str = ""
    quiet: bool = False
    """Whether nothing came of it."""


def rows(console: Console, show: str) -> list[LiveRow]:
    """List what happened last, the latest first: entries of the logs, and alerts of the ledger."""
    past = {alert.id: alert for alert in console.alerts.all()}
    found = [
        _row(seen, past)
        for seen in console.logs.latest(10 * MOST_ROWS, wanted(show))
        if not (seen.entry.kind == ALERT and seen.entry.alert_id in past)
    ]
    if show in {"all", "alerts"}:
        found += _alert_rows(console, past.values())
    return sorted(found, key=lambda row: row.at, reverse=True)[:MOST_ROWS]


def reached(console: Console) -> datetime | None:
    """Return how far back the logs were read; None: all of the six hours, or nothing yet."""
    logs = console.logs
    if logs.read_from is None or logs.read_until is None or logs.read_until - logs.read_from >= BACK[-1]:
        return None
    return logs.read_from


def wanted(show: str) -> Wanted:
    """Return what tells whether an entry is shown."""
    return lambda entry: show == "all" or entry.kind in _KINDS[show] or (show == "trouble" and is_bad(entry))


def _row(seen: SeenEntry, past: dict[str, PastAlert]) -> LiveRow:
    entry = seen.entry
    bad = is_bad(entry)
    alert = past.get(entry.alert_id)
    address = _way(alert) if alert else link(f"/records/{entry.sequence_number}") if entry.sequence_number else ""
    if entry.kind == BATCH:
        return LiveRow(entry.at, "Batch", _of_batch(entry), "", entry.outcome, bad, quiet=not entry.counts["changes"])
    if entry.kind == DELIVERY:
        attempts = f", attempt {entry.attempts}" if entry.attempts > 1 else ""
        said = f": {entry.text}" if bad else ""
        title = clean(alert.title, 200) if alert else entry.alert_id or "An alert"
        address = address or (link(f"/alerts/{quote(entry.alert_id, safe='')}") if entry.alert_id else "")
        return LiveRow(entry.at, title, f"to {entry.receiver}{attempts}{said}", address, entry.outcome, bad)
    if entry.kind == ALERT:
        return LiveRow(entry.at, "Alert", f"rule {entry.rule}", address)
    what = f"Invocation of {seen.function}" if entry.kind == ENDED else "Trouble"
    return LiveRow(entry.at, what, entry.text, address, entry.outcome, bad=True)


def _of_batch(entry: LogEntry) -> str:
    counts = entry.counts
    said = [f"{counts['records']:,} {'record' if counts['records'] == 1 else 'records'}"]
    for name, one, many in (
        ("published", "alert", "alerts"),
        ("repeated", "sent before", "sent before"),
        ("suppressed", "held back", "held back"),
        ("parked", "parked", "parked"),
        ("retried", "handed back", "handed back"),
        ("publishFailures", "not taken by the topic", "not taken by the topic"),
    ):
        if counts[name]:
            said.append(f"{counts[name]:,} {one if counts[name] == 1 else many}")
    took = f", in {entry.milliseconds:,.0f} ms" if entry.milliseconds is not None else ""
    return f"{', '.join(said)}{took}"


def _alert_rows(console: Console, past: Iterable[PastAlert]) -> list[LiveRow]:
    earliest = console.now() - BACK[-1].total_seconds()
    found = []
    for alert in past:
        when = as_datetime(alert.published_at)
        if when and when.timestamp() >= earliest:
            outcome, title = "muted" if alert.muted_until else "", clean(alert.title, 200)
            row = LiveRow(when.timestamp(), title, f"rule {alert.rule}", _way(alert), outcome, severity=alert.severity)
            found.append(row)
    return found


def _way(alert: PastAlert) -> str:
    return link(f"/records/{alert.sequence_number}", product=alert.product_id)
