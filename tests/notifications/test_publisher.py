"""Publishing side by side: what shares a call, what waits for one under way, and what is left when something fails."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notifications.common.sns_limits import MOST_BYTES, MOST_ENTRIES
from notifications.publishing.fakes import MemoryTopic
from notifications.publishing.messages import AlertMessage, PublishQueue
from notifications.publishing.side_by_side import InThreads, NewCalls
from notifications.publishing.topic import PublishResult
from tests.builders import added, message, priced
from tests.service import DOWN, Service, from_


def sized(product: str, at: int, size: int, rule: str = "r") -> AlertMessage:
    """Make a message that counts as `size` bytes."""
    made = message(product, at, rule)
    return AlertMessage(made.alert, made.subject, made.body, made.attributes, size)


def queue_of(messages: Iterable[AlertMessage]) -> PublishQueue:
    """Let messages wait, each item being the product that an alert is about."""
    return PublishQueue(messages, lambda made: made.alert.subject)


def one_by_one(messages: Iterable[AlertMessage]) -> list[list[AlertMessage]]:
    """Take every group, each when the one before it is done."""
    queue, groups = queue_of(messages), []
    while group := queue.take():
        groups.append(group)
        for taken in group:
            queue.done(taken)
    return groups


# What shares a call

DRAWN = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 3), st.sampled_from([500, 90_000, 200_000, MOST_BYTES])), max_size=40
)


@given(DRAWN, st.randoms(use_true_random=False), st.integers(1, 4))
def test_calls_under_way_keep_every_limit_and_every_order(
    drawn: list[tuple[int, int, int]], dice: random.Random, most: int
) -> None:
    """At most ten and 256 KB; no two changes of a product under way at once; each in order, none lost, none doubled."""
    messages = [
        sized(f"p{product}", at, size, f"rule-{rule}")
        for at, (product, count, size) in enumerate(drawn)
        for rule in range(count)
    ]
    queue = queue_of(messages)
    under_way: list[list[AlertMessage]] = []
    taken: list[AlertMessage] = []
    while True:
        while len(under_way) < most and (group := queue.take()):
            assert len(group) <= MOST_ENTRIES
            assert len(group) == 1 or sum(each.size for each in group) <= MOST_BYTES
            under_way.append(group)
            taken += group
        if not under_way:
            break
        changes = {(each.alert.subject, each.alert.sequence_number) for group in under_way for each in group}
        assert len(changes) == len({product for product, _ in changes})
        for each in under_way.pop(dice.randrange(len(under_way))):
            queue.done(each)
    assert _by_product(taken) == _by_product(messages)


def _by_product(messages: Iterable[AlertMessage]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for entry in messages:
        found[entry.alert.subject].append(entry.alert.id)
    return found


def test_different_products_fill_batches_of_ten() -> None:
    """500 products are 50 calls, not 500."""
    assert [len(group) for group in one_by_one(message(f"p{at}", at) for at in range(500))] == [10] * 50


def test_several_alerts_about_one_record_share_a_batch() -> None:
    """Two rules of one record do not wait for each other."""
    assert [len(group) for group in one_by_one([message("a", 1, "x"), message("a", 1, "y")])] == [2]


def test_changes_of_one_product_go_out_one_after_the_other() -> None:
    """The later change of a product is in a later call."""
    groups = one_by_one(message("a", at) for at in (1, 2))
    assert [[entry.alert.sequence_number[-1] for entry in group] for group in groups] == [["1"], ["2"]]


def test_a_batch_is_full_at_exactly_256_kb() -> None:
    """262,144 bytes fit, one more does not."""
    half = MOST_BYTES // 2
    assert [len(group) for group in one_by_one([sized("a", 1, half), sized("b", 2, half)])] == [2]
    assert [len(group) for group in one_by_one([sized("a", 1, half), sized("b", 2, half + 1)])] == [1, 1]


def test_a_call_leaves_full_while_others_are_under_way() -> None:
    """What is left over waits for what the calls under way set free: side by side costs no more calls."""
    queue = queue_of([message(f"p{product}", 100 * change + product) for change in (0, 1) for product in range(15)])
    first = queue.take()
    assert (len(first), queue.take()) == (10, [])
    for each in first:
        queue.done(each)
    assert [len(queue.take()) for _ in range(3)] == [10, 0, 0]


# Side by side


class Slow(MemoryTopic):
    """A topic that takes its time, and notes what was under way together."""

    def __init__(self, seconds: float = 0.02, failure_of: Callable[[AlertMessage], Any] = lambda _: None) -> None:
        """Answer after `seconds`."""
        super().__init__(failure_of)
        self.seconds = seconds
        self.lock = threading.Lock()
        self.under_way: list[str] = []
        self.most = 0
        self.overtaking: list[str] = []

    def publish(self, messages: Sequence[AlertMessage]) -> list[PublishResult]:
        """Publish after a while."""
        products = [each.alert.subject for each in messages]
        with self.lock:
            self.overtaking += set(products) & set(self.under_way)
            self.under_way += products
            self.most = max(self.most, len(self.under_way))
        time.sleep(self.seconds)
        with self.lock:
            for product in products:
                self.under_way.remove(product)
            return super().publish(messages)


class Threaded(Service):
    """The service with calls side by side, in threads."""

    new_calls: NewCalls = staticmethod(lambda: InThreads(4))


def test_different_products_go_out_at_once_and_one_product_in_order() -> None:
    """Four calls of ten at a time; no product is in two of them, and each is told in the order of its changes."""
    topic = Slow()
    service = Threaded(topic=topic)
    batch = [priced(100 - change, 90 - change, f"p{n}", 100 * change + n) for change in range(3) for n in range(60)]
    service.handle(*batch)
    assert topic.most == 40
    assert topic.overtaking == []
    assert topic.calls == 18
    assert len(service.published) == 180
    numbers = defaultdict(list)
    for alert in service.alerts:
        numbers[alert.subject].append(alert.sequence_number)
    assert all(found == sorted(found) for found in numbers.values())


def test_a_failed_alert_holds_up_its_product_and_nobody_else() -> None:
    """What is under way beside it, and what starts after it, goes out."""
    topic = Slow(failure_of=lambda made: DOWN if made.alert.subject == "p7" else None)
    service = Threaded(topic=topic)
    batch = [priced(100 - change, 90 - change, f"p{n}", 100 * change + n) for change in range(2) for n in range(40)]
    assert service.handle(*batch) == from_(7)
    assert len(service.published) == 78
    assert len(service.ledger.alerts) == 78


def test_an_outage_stops_what_has_not_started() -> None:
    """Calls under way are waited for, and written down; no further one starts."""

    class Down(Slow):
        def publish(self, messages: Sequence[AlertMessage]) -> list[PublishResult]:
            if messages[0].alert.subject == "p10":  # the second call
                raise DOWN
            return super().publish(messages)

    topic = Down()
    service = Threaded(topic=topic)
    assert service.handle(*(added(f"p{n}", n) for n in range(200))) == from_(10)
    assert topic.calls == 3
    assert len(service.ledger.alerts) == len(service.published) == 30


def test_the_deadline_holds_with_calls_under_way() -> None:
    """Nothing starts once too little time is left; what is under way has its result."""
    left = iter([60_000] * 8)  # to begin with, to read, and for the first calls
    topic = Slow()
    service = Threaded(topic=topic, longest_call=12_000)
    answer = service.handle(*(added(f"p{n}", n) for n in range(200)), remaining_time=lambda: next(left, 13_000))
    assert 0 < len(service.published) < 200
    assert answer == from_(len(service.published))
    assert len(service.ledger.alerts) == len(service.published)


def test_a_fault_of_ours_leaves_no_call_under_way() -> None:
    """An exception that nobody expects ends the invocation only after every call has ended."""

    class Broken(Slow):
        def publish(self, messages: Sequence[AlertMessage]) -> list[PublishResult]:
            if messages[0].alert.subject == "p0":
                raise ZeroDivisionError
            return super().publish(messages)

    topic = Broken(0.05)
    service = Threaded(topic=topic)
    try:
        service.handle(*(added(f"p{n}", n) for n in range(40)))
    except ZeroDivisionError:
        assert topic.under_way == []
        assert len(service.published) == 30
    else:
        raise AssertionError("it should have been raised")
