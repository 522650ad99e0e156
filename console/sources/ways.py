"""One record's way: what changed, what each rule made of it, what went out, and what became of that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from console.aws.logs import Logged, Logs
from console.sources.alerts import Alerts, Outcome, body_of
from console.sources.product_rows import shown
from console.sources.records import Records
from console.sources.seen import Attempt, MappingEvent, SeenRecord
from notifications.alerts.alert import Alert
from notifications.config.receiver import Receivers
from notifications.delivery.rendering.safe_text import clean, unambiguous, words
from notifications.delivery.rendering.what_changed import ChangeLine
from notifications.rules.product import Product
from notifications.rules.rule import SUPPRESSED, RuleOutcome
from notifications.stream.changes import INSERT, REMOVE, Change
from notifications.text.formatting import decimal_text
from operations.evaluation.verdicts import Verdict
from operations.ledger.alert_history import PastAlert
from operations.ledger.reading import as_object
from operations.terminal.moments import as_datetime

_MOST_LINES = 40
FIRED, HELD, QUIET = "fired", "held", "quiet"


@dataclass(frozen=True, slots=True)
class RuleStep:
    """What one rule made of the record."""

    rule: str
    when: str
    verdict: str
    """FIRED, HELD (it fires, and something suppresses the alert) or QUIET."""
    outcome: str
    """In a word: alert, quiet, cooling down, limited, muted, seen."""
    reason: str
    compared: tuple[tuple[str, str], ...] = ()
    """The numbers compared, each with its name."""


@dataclass(frozen=True, slots=True)
class AlertStep:
    """An alert of the record."""

    id: str
    title: str
    text: str
    severity: str
    rule: str
    published_at: str
    """RFC 3339; "" while it is on its way."""
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Way:
    """All of it."""

    number: str
    product_id: str
    name: str
    event_name: str
    happened: float | None
    """Epoch seconds."""
    lines: tuple[ChangeLine, ...] = ()
    more_lines: int = 0
    rules: tuple[RuleStep, ...] = ()
    alerts: tuple[AlertStep, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    events: tuple[MappingEvent, ...] = ()
    malformed: str = ""
    raw: dict[str, Any] = field(default_factory=dict)
    logged: Logged = Logged()  # noqa: RUF009 - a tuple
    """What the functions of a deployed stage logged of it; not part of what `find` looks for where there are alerts."""

    @property
    def shown_id(self) -> str:
        """The product's id as it is shown."""
        return unambiguous(self.product_id, 200)

    @property
    def title(self) -> str:
        """What the product is called; "" where nobody knows."""
        return self.name or self.shown_id

    @property
    def settled(self) -> bool:
        """Whether all alerts are out, so that nothing more is to be waited for but their deliveries."""
        done = not self.attempts or self.attempts[-1].outcome not in {"", "failed", "handed back"}
        return done and all(alert.published_at for alert in self.alerts)


class Ways:
    """Finds ways."""

    def __init__(self, records: Records, alerts: Alerts, logs: Logs) -> None:
        """Know what `records`, `alerts` and, of a deployed stage, `logs` know."""
        self._records = records
        self._alerts = alerts
        self._logs = logs

    def find(self, number: str, product_id: str, receivers: Receivers) -> Way | None:
        """Return the way of a record; None where nobody knows of it.

        A record that was not seen passing is put together from its alerts, of which `product_id` finds those.
        """
        seen = self._records.record(number)
        if seen:
            return self._of_seen(seen, receivers)
        product_id, past = self._past(number, product_id)
        if past:
            return self._of_alerts(number, product_id, past, receivers)
        logged = self._logs.of_record(number, (), None)
        # Nothing but the address says that the record is about `product_id`: so nothing is said of a product.
        return Way(number, "", "", "", None, logged=logged) if logged.anything else None

    def logged(self, number: str, product_id: str) -> Logged:
        """Give what the functions of a deployed stage logged of a record, of its alerts and their deliveries."""
        _, past = self._past(number, product_id)
        times = (as_datetime(alert.time or alert.published_at) for alert in past)
        return self._logs.of_record(number, [alert.id for alert in past], next(filter(None, times), None))

    def _past(self, number: str, product_id: str) -> tuple[str, list[PastAlert]]:
        """Give the alerts of a record, and its product; an address may name another than the ledger does."""
        past = self._alerts.of_record(product_id, number)
        if not past:
            product_id = self._alerts.product_of(number)
            past = self._alerts.of_record(product_id, number)
        return product_id, past

    def outline(self, seen: SeenRecord) -> Way:
        """Return what the record itself says: nothing is asked of the ledger."""
        change = next((verdict.change for verdict in seen.verdicts if verdict.change), None)
        if change is None:
            why = seen.verdicts[0].reason if seen.verdicts else "no rules run"
            return Way(seen.number, seen.product_id, "", "", None, malformed=why)
        lines = _lines(change)
        return Way(
            seen.number,
            seen.product_id,
            shown(change.current(self._records.ruleset.product.name), 120),
            change.event_name,
            change.created_at,
            tuple(lines[:_MOST_LINES]),
            max(len(lines) - _MOST_LINES, 0),
        )

    def _of_seen(self, seen: SeenRecord, receivers: Receivers) -> Way:
        way = replace(
            self.outline(seen),
            attempts=tuple(seen.attempts),
            events=tuple(self._records.events_of(seen.number)),
            raw=seen.raw,
        )
        if way.malformed:
            return way
        past = {alert.id: alert for alert in self._alerts.of_record(seen.product_id, seen.number)}
        return replace(
            way,
            rules=tuple(map(_rule_step, seen.verdicts)),
            alerts=tuple(self._alert_step(alert, past.get(alert.id), receivers) for alert in seen.alerts),
        )

    def _alert_step(self, alert: Alert, past: PastAlert | None, receivers: Receivers) -> AlertStep:
        outcome = self._alerts.outcome(alert.id, receivers) if past else Outcome([], body_of(alert))
        return AlertStep(
            alert.id, clean(alert.title, 300), clean(str(alert.data.get("text", "")), 1000), alert.severity, alert.rule,
            past.published_at if past else "", outcome,
        )  # fmt: skip

    def _of_alerts(self, number: str, product_id: str, past: list[PastAlert], receivers: Receivers) -> Way:
        """Put a way together from what its alerts say of the record: rules that were quiet are not known."""
        steps, rules = [], []
        data: dict[str, Any] = {}
        for alert in past:
            outcome = self._alerts.outcome(alert.id, receivers)
            said = as_object(outcome.body).get("data")
            said = said if isinstance(said, dict) else {}
            data = data or said
            compared = ((label, said.get(label)) for label in ("baseline", "threshold"))
            rules.append(
                RuleStep(
                    alert.rule,
                    alert.type,
                    HELD if alert.muted_until else FIRED,
                    "muted" if alert.muted_until else "alert", clean(str(said.get("text", alert.title)), 300),
                    tuple((label, clean(str(value), 60)) for label, value in compared if value is not None),
                )
            )  # fmt: skip
            if alert.muted_until:
                continue
            steps.append(
                AlertStep(
                    alert.id, clean(alert.title, 300), clean(str(said.get("text", "")), 1000), alert.severity,
                    alert.rule, alert.published_at, outcome,
                )
            )  # fmt: skip
        product = data.get("product")
        name = words(product.get("name"), 120) if isinstance(product, dict) else ""
        changes = data.get("changes")
        lines = [
            ChangeLine(clean(str(each.get("attribute", "")), 60), words(each.get("old")), words(each.get("new")))
            for each in (changes if isinstance(changes, list) else [])
            if isinstance(each, dict)
        ]
        return Way(
            number, product_id, name, clean(str(data.get("eventName", "")), 10), None,
            tuple(lines[:_MOST_LINES]), max(len(lines) - _MOST_LINES, 0), tuple(rules), tuple(steps),
        )  # fmt: skip


def _lines(change: Change) -> list[ChangeLine]:
    if change.event_name == INSERT:
        return [ChangeLine(clean(name, 60), "", shown(value)) for name, value in (change.new_image or {}).items()]
    if change.event_name == REMOVE:
        return [ChangeLine(clean(name, 60), shown(value), "") for name, value in (change.old_image or {}).items()]
    return [ChangeLine(clean(each.attribute, 60), shown(each.old), shown(each.new)) for each in change.fields()]


def _rule_step(verdict: Verdict) -> RuleStep:
    held = verdict.outcome in SUPPRESSED or verdict.outcome is RuleOutcome.MUTED
    compared = (
        ("baseline", verdict.judgement.baseline),
        ("new", verdict.judgement.latest),
        ("threshold", verdict.judgement.threshold),
    )
    numbers = tuple(
        (label, decimal_text(value) if isinstance(value, Decimal) else str(value))
        for label, value in compared
        if value is not None
    )
    return RuleStep(
        verdict.rule.name,
        verdict.rule.when,
        FIRED if verdict.fired else HELD if held else QUIET,
        verdict.outcome.value,
        clean(verdict.reason, 500),
        numbers,
    )


def what_changed(way: Way, product: Product) -> str:
    """Say what changed in one line."""
    named = {product.price.text: "price", product.stock.text: "stock"}
    if way.event_name == INSERT:
        return "new"
    if way.event_name == REMOVE:
        return "removed"
    return ", ".join(f"{named.get(line.attribute, line.attribute)} {line.old} → {line.new}" for line in way.lines[:3])
