"""Publishes a batch side by side, each item's changes in order, and writes down what is out and what rules remember."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from notifications.batch import Batch
from notifications.common.errors import OutOfTimeError, PermanentError, ProductAlertsError, RetryableError
from notifications.publishing.ledger import (
    MOST_ALERTS,
    MOST_ENTRIES,
    BeforeCall,
    Entry,
    Ledger,
    RuleMemory,
    SentAlert,
    in_transactions,
)
from notifications.publishing.messages import AlertMessage, PublishQueue
from notifications.publishing.side_by_side import NewCalls, Settle, results_of, run
from notifications.publishing.topic import PublishResult, Topic
from notifications.text.formatting import one_line

log = logging.getLogger(__name__)
MOST_KEPT = 1000
"""Alerts that could not be written down and are kept from one invocation to the next."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds


class Publisher:
    """Publishes one batch.

    A failed alert holds up those behind it of its item. A call that fails as a whole, a ledger that cannot be written,
    or time that is nearly up hold up all that has not started: what is under way is waited for.
    """

    def __init__(self, topic: Topic, recorder: Recorder, batch: Batch) -> None:
        """Publish the messages of `batch` to `topic`, and have `recorder` write them down."""
        self._topic = topic
        self._recorder = recorder
        self._batch = batch

    def publish(self, messages: Sequence[AlertMessage], new_calls: NewCalls) -> None:
        """Publish `messages`, which come in the order of their records.

        What more than one call publishes is written down meanwhile, as soon as it fills a write.
        """
        self._queue = PublishQueue(messages, self._batch.product_of)
        group = self._next_group()
        if len(group) < len(messages):
            first = partial(self._publish_group, group) if group else None
            run(new_calls, first, self._next_call)
        elif group:
            self._publish_group(group)()

    def _next_call(self) -> Callable[[], Settle] | None:
        """Choose what to start next; None where nothing may start now."""
        write = None if self._batch.outage else self._recorder.take_full()
        if write:
            return lambda: partial(self._settle_write, self._recorder.write(write, partial(self._batch.check_time, 1)))
        group = self._next_group()
        return partial(self._publish_group, group) if group else None

    def _next_group(self) -> list[AlertMessage]:
        while taken := self._queue.take():
            group = self._sendable(taken)
            if group:
                return group
        return []

    def _sendable(self, taken: list[AlertMessage]) -> list[AlertMessage]:
        try:
            self._batch.check_time(2)  # to publish, to write down
        except RetryableError as error:
            self._batch.outage = self._batch.outage or error
        group = self._batch.sendable(taken)
        if len(group) < len(taken):
            going = {message.alert.id for message in group}
            for message in taken:
                if message.alert.id not in going:
                    self._queue.done(message)
        return group

    def _publish_group(self, group: list[AlertMessage]) -> Settle:
        try:
            return partial(self._settle_results, self._topic.publish(group))
        except RetryableError as error:
            return partial(self._settle_outage, group, error)

    def _settle_results(self, results: Sequence[PublishResult]) -> None:
        for message, _, error in results:
            alert = message.alert
            record = self._batch.record_of[alert.id]
            self._batch.publish_failures += error is not None
            if error is None:
                record.published.append(alert.id)
                self._recorder.note(SentAlert(record.history, alert, record.memories is not None))
            elif isinstance(error, PermanentError):
                record.give_up(error, alert.rule)
            else:
                self._batch.failed_products[record.product] = error
                record.come_again(error)
        for result in results:
            self._queue.done(result.message)

    def _settle_outage(self, group: list[AlertMessage], error: RetryableError) -> None:
        self._batch.outage = self._batch.outage or error  # to go on would cost a timeout for every group to come
        self._batch.publish_failures += len(group)
        self._batch.sendable(group)
        for message in group:
            self._queue.done(message)

    def _settle_write(self, written: Written) -> None:
        self._recorder.settle(self._batch, written)
        if written.error:  # what goes out now could not be written down
            self._batch.outage = self._batch.outage or written.error


class Write(NamedTuple):
    """What goes into one call."""

    send: Callable[[Sequence[Any], BeforeCall], None]
    """The ledger's `record` or `write`."""
    entries: Sequence[Entry]


class Written(NamedTuple):
    """What became of some entries."""

    missing: list[Entry]
    """Not written, or not known to be."""
    error: ProductAlertsError | None
    """Why."""
    refused: list[tuple[Entry, PermanentError]]
    """Those that the ledger will never take."""


class Recorder:
    """Writes to the ledger; lives as long as the process.

    An alert about a record that rules remember nothing of is written by itself, at half the price. Another goes into a
    transaction, with that memory or before it: a memory without the alert would take the change for seen, and nobody
    would know that the alert is out.
    """

    def __init__(self, ledger: Ledger, new_calls: NewCalls, sleep: Callable[[float], None] = time.sleep) -> None:
        """Write to `ledger`, side by side as `new_calls` has it, and `sleep` between attempts."""
        self._ledger = ledger
        self._new_calls = new_calls
        self._sleep = sleep
        self._plain: dict[str, SentAlert] = {}
        self._with_memory: dict[str, SentAlert] = {}

    @property
    def unwritten(self) -> set[str]:
        """Ids of the alerts that are out and not in the ledger, as far as this process knows."""
        return self._plain.keys() | self._with_memory.keys()

    def note(self, sent: SentAlert) -> None:
        """Take an alert that is out."""
        kept = self._with_memory if sent.with_memory else self._plain
        kept[sent.alert.id] = sent

    def take_full(self) -> Write | None:
        """Take alerts for a write that is as full as it may be; None where there are too few."""
        for send, kept, most in (
            (self._ledger.record, self._plain, MOST_ALERTS),
            (self._ledger.write, self._with_memory, MOST_ENTRIES),
        ):
            if len(kept) >= most:
                return Write(send, [kept.pop(alert_id) for alert_id in list(kept)[:most]])
        return None

    def write(self, write: Write, before_call: BeforeCall) -> Written:
        """Make one call; where it is refused, write the halves, until the entry at fault stands alone."""
        send, entries = write
        try:
            send(entries, before_call)
        except PermanentError as error:
            middle = len(entries) // 2
            if not middle:
                return Written([], None, [(entries[0], error)])
            before = self.write(Write(send, entries[:middle]), before_call)
            behind = self.write(Write(send, entries[middle:]), before_call)
            return Written(
                before.missing + behind.missing, before.error or behind.error, before.refused + behind.refused
            )
        except ProductAlertsError as error:
            return Written(list(entries), error, [])
        return Written([], None, [])

    def settle(self, batch: Batch, written: Written) -> None:
        """Note the outcome of a write."""
        for entry, error in written.refused:
            log.warning("the ledger refuses an entry: %s", one_line(error))
            batch.refused = True
            batch.not_taken(entry, error)
        for entry in written.missing:
            if isinstance(entry, SentAlert):
                self.note(entry)

    def finish(self, batch: Batch) -> None:
        """Write what is left, and try until it is written or the time is up: the alerts are out already.

        A failure does not take them back. But what a rule should remember and does not would lose or repeat later
        alerts: those records come again.
        """
        muted, memories = batch.to_write()
        for alert in muted:
            self.note(alert)
        patient = batch.remaining_time and (memories or any(record.published for record in batch.records))
        left, error = self._write_all(batch, memories)
        pause = _FIRST_PAUSE
        while error and patient and not isinstance(error, OutOfTimeError):
            self._sleep(pause * (0.5 + random.random() / 2))  # noqa: S311 - it keeps no secret
            pause = min(2 * pause, _LONGEST_PAUSE)
            left, error = self._write_all(batch, left)
        if error:
            missing = len(left) + len(self._plain) + len(self._with_memory)
            log.warning("the ledger misses %d entries, a repeat may alert again: %s", missing, one_line(error))
            batch.not_written(left, error)
            for kept in (self._plain, self._with_memory):
                for alert_id in list(kept)[:-MOST_KEPT]:
                    del kept[alert_id]

    def _write_all(self, batch: Batch, memories: Sequence[Entry]) -> tuple[list[Entry], ProductAlertsError | None]:
        """Write alerts, and then what are memories alone; return the memories that are left, and why."""
        plain, together = list(self._plain.values()), [*self._with_memory.values(), *memories]
        self._plain, self._with_memory = {}, {}
        starts = range(0, len(plain), MOST_ALERTS)
        alerts = [Write(self._ledger.record, plain[start : start + MOST_ALERTS]) for start in starts]
        memories_alone: list[Write] = []
        for part in in_transactions(together) if together else ():
            writes = alerts if isinstance(part[0], SentAlert) else memories_alone
            writes.append(Write(self._ledger.write, part))
        left: list[Entry] = []
        error: ProductAlertsError | None = None
        for writes in (alerts, memories_alone):
            if error:
                for write in writes:
                    left += write.entries
            elif writes:
                for written in self._results(writes, partial(batch.check_time, 1)):
                    self.settle(batch, written)
                    left += [entry for entry in written.missing if isinstance(entry, RuleMemory)]
                    error = written.error or error
        return left, error

    def _results(self, writes: Sequence[Write], before_call: BeforeCall) -> Iterable[Written]:
        if len(writes) == 1:  # as nearly always
            return [self.write(writes[0], before_call)]
        return results_of(self._new_calls, [partial(self.write, each, before_call) for each in writes])
