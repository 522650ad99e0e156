"""What the simulation found, each as the few records that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from notifications.common.errors import ProductAlertsError, RefusedAlertError, ServiceError
from notifications.publishing.failures import Parked
from notifications.publishing.fakes import MemoryFailures
from notifications.publishing.ledger import RuleMemory
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.publishing.messages import AlertMessage, to_message
from notifications.publishing.topic import SnsTopic
from tests.service import Service
from tests.simulation.changes import FIRST_NUMBER, Change, written
from tests.simulation.fake_aws import _client_error
from tests.simulation.test_fake_aws import _alert
from tests.simulation.world import RULES


class Simulated(Service):
    """The service with the simulation's rules, delivered its changes."""

    def __init__(self) -> None:
        super().__init__(RULES, failure_of=self._fate)
        self.down: set[str] = set()
        """Rules whose alerts fail and may be tried again."""
        self.refused: set[str] = set()

    def _fate(self, message: AlertMessage) -> ProductAlertsError | None:
        if message.alert.rule in self.refused:
            return RefusedAlertError("no")
        return ServiceError("not now") if message.alert.rule in self.down else None

    def deliver(self, events: Sequence[Any], *, redrive: bool = False) -> list[int]:
        """Hand records to the function; return the positions that its answer names."""
        answer = self.handle(*events, redrive=redrive)
        numbers = [event["dynamodb"]["SequenceNumber"] for event in events]
        return [numbers.index(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]

    @property
    def sent(self) -> list[tuple[str, int]]:
        """Rule and change of every alert that is out."""
        return [
            (message.alert.rule, (int(message.alert.sequence_number) - FIRST_NUMBER) // 10)
            for message in self.topic.published
        ]


def _events(*changes: Change) -> list[Any]:
    return [dict(record.stream_record().event) for record in written(changes)]


def _set(product: int = 0, at: float = 0, clock: float = 0, poison: str = "", **sets: Any) -> Change:
    return Change(at, product, tuple(sets.items()), clock, poison)


def _n(value: float) -> Any:
    from decimal import Decimal  # noqa: PLC0415 - the one place that writes numbers

    return Decimal(str(value))


def test_a_ledger_write_that_times_out_is_an_outage() -> None:
    """Botocore's time-outs have no response, and the handler does not raise because of them."""

    class Silent:
        def transact_write_items(self, **_: Any) -> None:
            raise ReadTimeoutError(endpoint_url="here")

    with pytest.raises(ServiceError, match="Read timeout"):
        DynamoDbLedger(Silent(), "ledger", 1).write([RuleMemory("p", {})])


def test_a_rule_without_cool_down_does_not_wait_for_a_clock_that_jumped() -> None:
    """After an alert from the future, the next one goes out at once."""
    service = Simulated()
    service.deliver(
        _events(
            _set(clock=7200, stock=_n(7)),
            _set(clock=7200, stock=_n(0)),
            _set(stock=_n(12)),
            _set(stock=_n(1)),
        )
    )
    assert [sent for sent in service.sent if sent[0] == "low"] == [("low", 1), ("low", 3)]


def test_a_stock_that_comes_back_from_nothing_arms_the_rule() -> None:
    """From no number to the re-arming stock counts as back."""
    service = Simulated()
    service.deliver(_events(_set(stock=_n(7)), *(_set(stock=value) for value in (_n(0), None, _n(12), _n(1)))))
    assert [sent for sent in service.sent if sent[0] == "low"] == [("low", 1), ("low", 4)]


def test_nothing_is_remembered_past_a_failed_alert_behind_a_removal() -> None:
    """A removal, the product again, and an alert that fails: what follows comes again and alerts."""
    service = Simulated()
    events = _events(_set(stock=_n(7)), Change(0, 0), _set(price=_n(24)), _set(price=_n(30)))
    service.deliver(events[:1])
    service.down = {"added"}
    assert service.deliver(events[1:]) == [1]
    service.down = set()
    assert service.deliver(events[2:]) == []
    assert ("calm", 3) in service.sent


def test_a_removal_that_comes_again_takes_nothing_from_the_product_s_next_life() -> None:
    """What rules have seen since the removal, they keep, and the ledger keeps for good."""
    service = Simulated()
    events = _events(_set(price=_n(24)), Change(0, 0), _set(price=_n(24)), _set(price=_n(30)), _set(price=_n(31)))
    service.deliver(events[:4])
    before = dict(service.ledger.memories)
    service.deliver(events[1:2])
    assert service.ledger.memories == before
    service.deliver(events[4:])
    assert [sent for sent in service.sent if sent[0] == "calm"] == [("calm", 3)]


def test_a_redriven_removal_is_a_removal() -> None:
    """Played in its turn, it ends what rules remember of the product's life before."""
    service = Simulated()
    events = _events(
        _set(price=_n(30)), _set(price=_n(10)), Change(0, 0), _set(price=_n(30)), _set(price=_n(28)), _set(price=_n(26))
    )
    service.deliver(events[:2])
    service.deliver(events[2:], redrive=True)
    assert ("steps", 5) in service.sent


def test_a_record_that_could_not_be_parked_is_not_taken_for_seen() -> None:
    """With the failures queue down, a poison record comes again, and so does what rules would remember behind it."""

    class Down(MemoryFailures):
        def park(self, _: Parked) -> None:
            raise ServiceError("not now")

    service = Simulated()
    events = _events(
        _set(price=_n(24)),
        _set(price=_n(22)),
        _set(price=_n(21), poison="value"),
        _set(price=_n(20.5)),
    )
    service.deliver(events[:2])
    working, service.failures = service.failures, Down()
    assert service.deliver(events[2:]) == [0]
    service.failures = working
    assert service.deliver(events[2:]) == []
    assert [parked.record["eventID"] for parked in working.parked] == [events[2]["eventID"]]


def test_an_alert_that_is_out_counts_though_its_record_comes_again() -> None:
    """The hourly limit holds when another alert of the same record failed."""
    service = Simulated()
    service.down = {"edited"}
    events = _events(_set(stock=_n(7)), *(_set(at=1, views=_n(number), tags=(str(number),)) for number in range(1, 4)))
    service.deliver(events[:1])
    service.deliver(events[1:2])
    service.down = set()
    service.deliver(_events(_set(1, stock=_n(7)), *(_set(1, at=1, views=_n(number)) for number in range(7, 9)))[1:])
    service.deliver(events[1:2])
    limited = [message.alert for message in service.topic.published if message.alert.rule == "busy"]
    assert len([alert for alert in limited if "summary" not in alert.data]) == 2


def test_a_summary_goes_out_once_though_its_record_comes_again() -> None:
    """The alert that says that the limit is reached is one."""
    service = Simulated()
    events = _events(_set(stock=_n(7)), *(_set(views=_n(number), tags=(str(number),)) for number in range(1, 4)))
    service.deliver(events[:3])
    service.down = {"edited"}
    service.deliver(events[3:])
    service.down = set()
    service.deliver(events[3:])
    assert len([message for message in service.topic.published if "summary" in message.alert.data]) == 1


def test_a_record_is_parked_in_one_message() -> None:
    """Two refused alerts of a record are one message that names both rules."""
    service = Simulated()
    service.refused = {"drop", "steps"}
    events = _events(_set(price=_n(30)), _set(price=_n(20)))
    assert service.deliver(events) == []
    (parked,) = service.failures.parked
    assert (parked.record, parked.rule) == (events[1], "drop, steps")


def test_a_record_that_redrive_cannot_play_lets_rules_go_on_behind_it() -> None:
    """What stands behind it in one message is remembered, as it would have been had it been parked."""
    service = Simulated()
    events = _events(_set(price=_n(24)), _set(price=_n(22), poison="value", stock=_n(0)), _set(price=_n(30)))
    service.deliver(events[:1])
    assert service.deliver(events[1:], redrive=True) == [0]
    (memories,) = service.ledger.memories.values()
    assert memories["calm"].sequence_number == events[2]["dynamodb"]["SequenceNumber"]


def test_a_slow_topic_is_not_asked_ten_times() -> None:
    """A batch that is refused as a whole by a topic that takes its time ends within the time of one call."""
    clock = [0.0]
    calls: list[int] = []

    class Slow:
        def publish_batch(self, PublishBatchRequestEntries: list[Any], **_: Any) -> None:  # noqa: N803 - boto3's name
            calls.append(len(PublishBatchRequestEntries))
            clock[0] += 9.5
            raise _client_error("InvalidParameter", "PublishBatch")

    outcomes = SnsTopic(Slow(), "topic", now=lambda: clock[0]).publish([to_message(_alert(n)) for n in range(10)])
    assert calls == [10]
    assert all(isinstance(outcome.error, ServiceError) for outcome in outcomes)
