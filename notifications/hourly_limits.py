"""Rules with a limit an hour: their alerts take a place in the hour before they are published."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from notifications.batch import Batch
from notifications.common.errors import ProductAlertsError, ServiceError
from notifications.publishing.ledger import Ledger, LedgerSnapshot, Reservation
from notifications.publishing.messages import AlertMessage
from notifications.rules.memory import Hour, HourlyCount

_MOST_ROUNDS = 10  # of deciding and reserving: two where others were quicker, a few where that changes more decisions

Decide = Callable[[Batch, LedgerSnapshot], list[AlertMessage]]
"""Decides about a whole batch by what the ledger says; returns what is to be published."""


def decide_with_limits(batch: Batch, snapshot: LedgerSnapshot, ledger: Ledger, decide: Decide) -> list[AlertMessage]:
    """Decide, and take the places that the decisions need; return what is to be published.

    Where other invocations were quicker, all is decided again with the places that are left. An hour that is full stays
    full, so that ends; were the ledger to give no place and not to be full either, what needs one comes again.
    """
    messages: list[AlertMessage] = []
    for _ in range(_MOST_ROUNDS):
        messages = decide(batch, snapshot.copy())
        if _reserve(batch, snapshot, ledger):
            break
    else:
        error = ServiceError(f"ledger reserve: asked {_MOST_ROUNDS} times, it gave other places than were decided on")
        for wanted in reservations(batch, snapshot):
            _hold_up(batch, wanted, error)
    return [message for message in messages if not batch.record_of[message.alert.id].retry]


def reservations(batch: Batch, snapshot: LedgerSnapshot) -> list[Reservation]:
    """List the places that the decisions need beyond those that the ledger has given already."""
    wanted: dict[Hour, Reservation] = {}
    for evaluation in [each for record in batch.open for each in record.counted]:
        hour, limit = evaluation.hour, evaluation.rule.max_per_hour
        if hour and limit:
            known = snapshot.hourly_counts.get(hour, HourlyCount())
            before = wanted.get(hour, Reservation(hour, limit, ()))
            if evaluation.limit_reached:
                wanted[hour] = before._replace(summary=evaluation.alert_id)
            elif evaluation.alert_id not in {*known.admitted, *before.alerts}:  # a record may stand twice
                wanted[hour] = before._replace(alerts=(*before.alerts, evaluation.alert_id))
    return [
        each for each in wanted.values() if not each.is_granted_by(snapshot.hourly_counts.get(each.hour, HourlyCount()))
    ]


def _reserve(batch: Batch, snapshot: LedgerSnapshot, ledger: Ledger) -> bool:
    """Take the places that the decisions need; tell whether the decisions hold."""
    hold = True
    for wanted in reservations(batch, snapshot):
        try:
            count = ledger.reserve(wanted, partial(batch.check_time, 3))  # to reserve, to publish, to write down
        except ProductAlertsError as error:
            _hold_up(batch, wanted, error)
        else:
            snapshot.hourly_counts[wanted.hour] = count
            hold = hold and wanted.is_granted_by(count)
    return hold


def _hold_up(batch: Batch, wanted: Reservation, error: ProductAlertsError) -> None:
    """Have those records come again that got no answer about their place, and what follows of their products."""
    for record in batch.open:
        if any(evaluation.hour == wanted.hour for evaluation in record.counted):
            batch.failed_products.setdefault(record.product, error)
            record.come_again(error)
