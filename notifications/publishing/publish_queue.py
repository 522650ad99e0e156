"""Messages that wait to be published: which of them may share the next call, and which have to wait for one under way."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable

from notifications.common.sns_limits import MOST_BYTES, MOST_ENTRIES
from notifications.publishing.messages import Message


class PublishQueue:
    """Keeps each item's changes in order while calls go out side by side.

    A call may fail in part. With two changes of an item in it, or one in each of two calls under way, the later could go
    out while the earlier waits for the retry; so a change waits until all alerts about the one before it have their
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
        self._ready_bytes += sum(message.size for message in change)
