"""Reports a batch that is done: one log line with its counts, one at debug level an alert, and metrics.

Nothing from a product's item stands in a line above debug level. At debug level values travel as fields of their own,
which Lambda's JSON log format escapes; no message has one, so a product cannot forge a line.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from notifications.alerts.alert import TYPES
from notifications.batch import Batch, RecordState
from notifications.common.embedded_metrics import COUNT, FUNCTION, MILLISECONDS, NAMESPACE, WriteLine, document
from notifications.common.errors import RetryableError
from notifications.rules.rule import RuleOutcome
from notifications.stream.changes import sequence_number_of

RULE, TYPE, REASON = "Rule", "Type", "Reason"
_SUPPRESSED_BY = {RuleOutcome.COOLING_DOWN: "cool-down", RuleOutcome.LIMITED: "hourly limit"}
_MUTE = "mute"
_LONGEST_NUMBER = 40  # digits of a sequence number
_END_OF_TIME = 1e11  # epoch seconds: far beyond any record, and what is not a number fails the comparison

log = logging.getLogger(__name__)


class BatchReport:
    """Called once a batch; whatever goes wrong in it, the batch's response goes out."""

    def __init__(
        self, function_name: str = "", write: WriteLine | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Log, and `write` each line of metrics with the function's name; without `write` there are no metrics."""
        self._function_name = function_name
        self._write = write
        self._clock = clock

    def __call__(self, batch: Batch, seconds: float) -> None:
        """Report a batch that took `seconds`."""
        try:
            suppressed = _suppressed(batch)
            counts = _counts(batch, suppressed.total())
            _log(batch, counts, seconds)
            if self._write:
                for line in self._metrics(batch, counts, suppressed, seconds):
                    self._write(line + "\n")
        except Exception:
            log.exception("a batch could not be reported; its alerts are not affected")

    def _metrics(self, batch: Batch, counts: dict[str, int], suppressed: Counter[str], seconds: float) -> Iterator[str]:
        now = self._clock()
        function = {FUNCTION: self._function_name}
        metrics: dict[str, tuple[float, str]] = {
            "Records": (batch.size, COUNT),
            "Changes": (len(batch.records), COUNT),
            "Alerts": (counts["published"], COUNT),
            "Suppressed": (counts["suppressed"], COUNT),
            "Parked": (batch.parked, COUNT),
            "PublishFailures": (batch.publish_failures, COUNT),
            "BatchDuration": (round(seconds * 1000, 1), MILLISECONDS),
        }
        oldest = _created_at(batch.first)
        if oldest is not None:
            metrics["OldestRecordAge"] = (max(round((now - oldest) * 1000), 0), MILLISECONDS)
        yield document(NAMESPACE, metrics, function, now)
        by_rule = Counter((rule, kind) for record in batch.records for rule, kind, _ in _alerts(record))
        for (rule, kind), count in by_rule.items():
            yield document(NAMESPACE, {"Alerts": (count, COUNT)}, {**function, RULE: rule, TYPE: kind}, now)
        for reason, count in suppressed.items():
            yield document(NAMESPACE, {"Suppressed": (count, COUNT)}, {**function, REASON: reason}, now)


def _counts(batch: Batch, suppressed: int) -> dict[str, int]:
    records = batch.records
    return {
        "records": batch.size,
        "changes": len(records),
        "published": sum(len(record.published) for record in records),
        "repeated": sum(record.repeated for record in records),
        "suppressed": suppressed,
        "parked": batch.parked,
        "retried": sum(record.retry is not None for record in records),
        "publishFailures": batch.publish_failures,
    }


def _suppressed(batch: Batch) -> Counter[str]:
    evaluations = [evaluation for record in batch.records for evaluation in record.evaluations]
    return Counter(
        _MUTE if each.muted_until is not None else _SUPPRESSED_BY[each.outcome]
        for each in evaluations
        if each.muted_until is not None or each.outcome in _SUPPRESSED_BY
    )


def _alerts(record: RecordState) -> Iterator[tuple[str, str, str]]:
    """Yield rule, type and id of each alert that went out, the summary of an hour's limit included."""
    rules = {evaluation.alert_id: evaluation.rule for evaluation in record.evaluations}
    for evaluation in record.counted:
        if evaluation.limit_reached:
            rules[evaluation.summary_id] = evaluation.rule
    for alert_id in record.published:
        rule = rules[alert_id]
        yield rule.name, TYPES[rule.when], alert_id


def _log(batch: Batch, counts: dict[str, int], seconds: float) -> None:
    for record in batch.records:
        if record.given_up:
            where = {"sequenceNumber": _name_of(record), "error": record.given_up.error, "rule": record.given_up.rule}
            log.warning(
                "given up, sequence number %s: %s; the failures queue has the record and the reason",
                where["sequenceNumber"], where["error"], extra=where,
            )  # fmt: skip
            log.debug("why it was given up", extra={**where, "reason": record.given_up.reason})
        if log.isEnabledFor(logging.DEBUG):
            for rule, kind, alert_id in _alerts(record):
                log.debug("alert published", extra=_ids(record, rule, kind, alert_id))
    first = batch.first_retry
    if first:
        log.error(
            "handed back from sequence number %s on: %s", _name_of(first), _reason(first.retry),
            extra={"sequenceNumber": _name_of(first)},
        )  # fmt: skip
    log.info(
        "records %(records)d: alerts published %(published)d, sent before %(repeated)d, held back %(suppressed)d; "
        "records parked %(parked)d, handed back %(retried)d",
        counts,
        extra={**counts, "durationMs": round(seconds * 1000, 1)},
    )


def _ids(record: RecordState, rule: str, kind: str, alert_id: str) -> dict[str, Any]:
    raw = record.raw if isinstance(record.raw, dict) else {}
    return {
        "alertId": alert_id,
        "rule": rule,
        "type": kind,
        "sequenceNumber": _name_of(record),
        "eventId": str(raw.get("eventID", "")),
        "product": record.product,
    }


def _reason(error: Exception | None) -> str:
    """Return what AWS said; of any other error, which may quote a product, the kind alone."""
    return " ".join(str(error).split()) if isinstance(error, RetryableError) else type(error).__name__


def _name_of(record: RecordState) -> str:
    number = sequence_number_of(record.raw)
    return number if number.isdecimal() and number.isascii() and len(number) <= _LONGEST_NUMBER else "unknown"


def _created_at(raw: Any) -> float | None:
    change = raw.get("dynamodb") if isinstance(raw, dict) else None
    created = change.get("ApproximateCreationDateTime") if isinstance(change, dict) else None
    if isinstance(created, bool) or not isinstance(created, int | float):
        return None
    return float(created) if 0 <= created < _END_OF_TIME else None
