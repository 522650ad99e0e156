"""Publishes a batch side by side, each item's changes in order, and has written down meanwhile what is out."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from notifications.batch import Batch
from notifications.common.errors import PermanentError, RetryableError
from notifications.common.sns_limits import MOST_BYTES, MOST_ENTRIES
from notifications.publishing.ledger import SentAlert
from notifications.publishing.messages import Message
from notifications.publishing.side_by_side import NewCalls
from notifications.publishing.topic import PublishResult, Topic
from notifications.recorder import Recorder, Written

Settle = Callable[[], None]
"""What a call that has ended leaves to do, in the one thread that knows the batch."""


class Publisher:
    """The publishing of one batch.

    A failed alert holds up those behind it of its item. A call that fails as a whole, a ledger that cannot be written,
    or time that is nearly up hold up all that has not started: what is under way is waited for.
    """

    def __init__(self, topic: Topic, recorder: Recorder, batch: Batch) -> None:
        """Publish the messages of `batch` to `topic`, and have `recorder` write them down."""
        self._topic = topic
        self._recorder = recorder
        self._batch = batch

    def publish(self, messages: Sequence[Message], new_calls: NewCalls) -> None:
        """Publish `messages`, which come in the order of their records.

        What more than one call publishes is written down meanwhile, as soon as it fills a write.
        """
        self._queue = PublishQueue(messages, self._batch.product_of)
        group = self._next_group()
        if len(group) < len(messages):
            self._side_by_side(group, new_calls)
        elif group:
            self._publish_group(group)()

    def _side_by_side(self, first: list[Message], new_calls: NewCalls) -> None:
        with new_calls() as calls:
            if first:
                calls.start(partial(self._publish_group, first))
            while True:
                while calls.under_way < calls.most and (call := self._next_call()):
                    calls.start(call)
                if not calls.under_way:
                    return
                settle: Settle = calls.next_ended()
                settle()

    def _next_call(self) -> Callable[[], Settle] | None:
        """Choose what to start next; None where nothing may start now."""
        write = None if self._batch.outage else self._recorder.take_full()
        if write:
            return lambda: partial(self._settle_write, self._recorder.write(write, partial(self._batch.check_time, 1)))
        group = self._next_group()
        return partial(self._publish_group, group) if group else None

    def _next_group(self) -> list[Message]:
        while taken := self._queue.take():
            group = self._sendable(taken)
            if group:
                return group
        return []

    def _sendable(self, taken: list[Message]) -> list[Message]:
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

    def _publish_group(self, group: list[Message]) -> Settle:
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

    def _settle_outage(self, group: list[Message], error: RetryableError) -> None:
        self._batch.outage = self._batch.outage or error  # to go on would cost a timeout for every group to come
        self._batch.publish_failures += len(group)
        self._batch.sendable(group)
        for message in group:
            self._queue.done(message)

    def _settle_write(self, written: Written) -> None:
        self._recorder.settle(self._batch, written)
        if written.error:  # what goes out now could not be written down
            self._batch.outage = self._batch.outage or written.error


class PublishQueue:
    """Keeps each item's changes in order while calls go out side by side.

    A call may fail in part. With two changes of an item in it, or one in each of two calls under way, the later could
    go out while the earlier waits for the retry; so a change waits until all alerts about the one before it have their
    result. Alerts about one record have no order among themselves.
    """

    def __init__(self, messages: Iterable[Message], item_of: Callable[[Message], str]) -> None:
        """Take messages in the order of their records; `item_of` tells which item one is about."""
        self._item_of = item_of
        self._changes: dict[str, deque[deque[Message]]] = {}
        """By item, of each change that is not done the messages not taken yet."""
        for message in messages:
            changes = self._changes.setdefault(item_of(message), deque())
            if not changes or changes[-1][-1].alert.sequence_number != message.alert.sequence_number:
                changes.append(deque())
            changes[-1].append(message)
        self._under_way: Counter[str] = Counter()
        """By item, messages taken and without a result."""
        self._ready: deque[str] = deque()
        """Items whose earliest change may go, in the order in which they became so."""
        self._ready_messages = self._ready_bytes = 0
        for item in self._changes:
            self._make_ready(item)

    def take(self) -> list[Message]:
        """Take what the next call publishes, at most ten messages and 256 KB; empty where nothing may go now.

        A call leaves full while others are under way: what they free may fill it.
        """
        full = self._ready_messages >= MOST_ENTRIES or self._ready_bytes > MOST_BYTES
        if self._under_way and not full:
            return []
        group: list[Message] = []
        size = 0
        while self._ready:
            item = self._ready[0]
            change = self._changes[item][0]
            while change:
                if group and (len(group) == MOST_ENTRIES or size + change[0].size > MOST_BYTES):
                    return group
                message = change.popleft()
                group.append(message)
                size += message.size
                self._under_way[item] += 1
                self._ready_messages -= 1
                self._ready_bytes -= message.size
            self._ready.popleft()
        return group

    def done(self, message: Message) -> None:
        """Note that a message that was taken has its result, whatever it is."""
        item = self._item_of(message)
        self._under_way[item] -= 1
        if self._under_way[item]:
            return
        del self._under_way[item]
        changes = self._changes[item]
        if changes[0]:  # the rest of the change is ready already
            return
        changes.popleft()
        if changes:
            self._make_ready(item)
        else:
            del self._changes[item]

    def _make_ready(self, item: str) -> None:
        change = self._changes[item][0]
        self._ready.append(item)
        self._ready_messages += len(change)
        for message in change:
            self._ready_bytes += message.size
