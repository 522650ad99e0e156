"""What the pipeline promises: nothing is lost, nothing is told twice, and nobody waits for somebody else's trouble."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.common.errors import ProductAlertsError, RefusedAlertError, ServiceError
from notifications.publishing.failures import Parked
from notifications.publishing.fakes import MemoryFailures, MemoryLedger, MemoryTopic
from notifications.publishing.ledger import BeforeCall, Entry, LedgerQuery, LedgerSnapshot, nothing
from notifications.publishing.messages import AlertMessage
from notifications.publishing.topic import PublishResult
from notifications.rules.rule import Rule
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import Change
from tests.builders import (
    added,
    image,
    modified,
    priced,
    raw,
    records,
    removed,
    rules,
    sequence_number,
)
from tests.service import DONE, DOWN, Service, from_

REFUSED = RefusedAlertError("SNS refuses this message")


class Failing(MemoryFailures):
    """A failures queue that does not answer."""

    def park(self, parked: Parked) -> None:
        """Fail."""
        raise ServiceError(f"SQS did not answer for {parked.error}")


class Unreadable(MemoryLedger):
    """A ledger that cannot be read."""

    def read(self, question: LedgerQuery, before_call: BeforeCall = nothing) -> LedgerSnapshot:
        """Fail."""
        before_call()
        raise ServiceError(f"DynamoDB did not answer for {len(question.alerts)}")


class Unwritable(MemoryLedger):
    """A ledger that cannot be written."""

    def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
        """Fail."""
        before_call()
        raise ServiceError(f"DynamoDB did not answer for {len(entries)}")


def fail_for(error: ProductAlertsError, *products: str) -> Callable[[AlertMessage], ProductAlertsError | None]:
    """Fail the alerts of some products."""
    return lambda message: error if message.alert.subject in products else None


# What goes well


def test_a_batch_that_goes_well_is_done() -> None:
    """With all alerts out, the response names no failure."""
    service = Service()
    assert service.handle(added("a", 1), priced(10, 5, "b", 2), removed("c", 3)) == DONE
    assert service.published == [("a", "added"), ("b", "drop"), ("c", "removed")]
    assert service.parked == []


def test_several_rules_for_one_record_alert_in_the_order_of_the_file() -> None:
    """A record that two rules match makes two alerts, with two ids."""
    service = Service()
    service.handle(modified({"price": 9, "name": "a"}, {"price": 8, "name": "b"}))
    assert service.published == [("prod-1", "changed"), ("prod-1", "drop")]
    assert len({message.alert.id for message in service.topic.published}) == 2


def test_a_record_that_no_rule_cares_about_costs_no_call() -> None:
    """Where nothing fires, neither the topic nor the ledger is asked."""
    service = Service(ledger=Unreadable(), failures=Failing())
    assert service.handle(modified({"views": 1}, {"views": 2})) == DONE
    assert service.topic.calls == 0


def test_a_skipped_record_goes_no_further() -> None:
    """Nearly every record changes nothing that a rule names: it is not even decoded."""
    entry = modified({"views": 1, "price": 2}, {"views": 2, "price": 2})
    del entry["dynamodb"]["Keys"]  # decoding would find it malformed
    service = Service()
    assert service.handle(entry) == DONE
    assert service.parked == []


def test_ten_alerts_are_one_call() -> None:
    """Alerts of different products share calls, ten at a time."""
    service = Service()
    service.handle(*(added(f"p{position}", position) for position in range(20)))
    assert service.topic.calls == 2


# Partial failures


def test_a_partial_failure_names_the_record_whose_alert_is_not_out() -> None:
    """The response names the failed alert's record, not its neighbours."""
    service = Service(failure_of=fail_for(DOWN, "b"))
    assert service.handle(added("a", 1), added("b", 2), added("c", 3)) == from_(2)
    assert service.published == [("a", "added"), ("c", "added")]


def test_of_several_failures_the_first_is_named() -> None:
    """Lambda starts again at one record: the earliest whose alerts are not safe."""
    service = Service(failure_of=fail_for(DOWN, "c", "b"))
    assert service.handle(added("a", 1), added("b", 2), added("c", 3)) == from_(2)


def test_a_failed_alert_holds_up_the_later_ones_of_its_product() -> None:
    """No later change of a product is told before an earlier one."""
    service = Service(failure_of=lambda message: DOWN if message.alert.rule == "added" else None)
    assert service.handle(added("a", 1), priced(9, 8, "a", 2), priced(8, 7, "a", 3)) == from_(1)
    assert service.published == []


def test_a_failed_alert_holds_up_no_other_product() -> None:
    """A product whose alert failed waits alone."""
    service = Service(failure_of=fail_for(DOWN, "a"))
    answer = service.handle(
        priced(9, 8, "a", 1), priced(9, 8, "b", 2), priced(8, 7, "a", 3), priced(8, 7, "b", 4), priced(9, 8, "c", 5)
    )
    assert answer == from_(1)
    assert sorted(service.published) == [("b", "drop"), ("b", "drop"), ("c", "drop")]


def test_a_failed_alert_that_was_alone_in_its_batch_holds_up_no_other_product() -> None:
    """That one alert fails says nothing of the others, however the alerts fell into batches."""
    service = Service(failure_of=fail_for(DOWN, "p10"))
    first = [priced(9, 8, f"p{position}", position) for position in range(11)]
    second = [priced(8, 7, f"p{position}", 11 + position) for position in range(11)]
    assert service.handle(*first, *second) == from_(10)
    assert service.published == [(f"p{position}", "drop") for position in range(10)] * 2


class Broken(MemoryTopic):
    """A topic that stops answering after so many calls."""

    def __init__(self, calls: int) -> None:
        """Answer the first `calls`."""
        super().__init__()
        self.answers = calls

    def publish(self, messages: Sequence[AlertMessage]) -> list[PublishResult]:
        """Publish, or fail as a whole."""
        if self.calls >= self.answers:
            self.calls += 1
            raise DOWN
        return super().publish(messages)


def test_when_the_topic_is_down_it_is_not_asked_again_and_again() -> None:
    """A call that fails as a whole ends the publishing of this invocation; the rest is handed back."""
    service = Service(topic=Broken(0))
    assert service.handle(*(added(f"p{position}", position) for position in range(50))) == from_(0)
    assert service.topic.calls == 1


def test_what_went_out_before_an_outage_is_in_the_ledger() -> None:
    """An outage in the middle of a batch makes nobody hear the first half twice."""
    topic = Broken(1)
    service = Service(topic=topic)
    entries = [added(f"{position:02}", position) for position in range(30)]
    assert service.handle(*entries) == from_(10)
    assert len(service.ledger.alerts) == 10
    topic.answers = 100
    assert service.handle(*entries[5:]) == DONE
    assert service.published == [(f"{position:02}", "added") for position in range(30)]


def test_an_outage_holds_the_later_changes_of_a_product_back() -> None:
    """What could not go out in the first call does not go out in a later one either."""
    service = Service(topic=Broken(0))
    assert service.handle(priced(9, 8, "a", 1), priced(8, 7, "a", 2), priced(9, 8, "b", 3)) == from_(1)
    assert service.published == []


# Repeats


def test_a_repeated_batch_alerts_once() -> None:
    """The same batch again publishes nothing again."""
    service = Service()
    batch = (added("a", 1), priced(9, 8, "b", 2))
    service.handle(*batch)
    assert service.handle(*batch) == DONE
    assert len(service.published) == 2


def test_a_retry_after_a_partial_failure_sends_only_what_is_missing() -> None:
    """The failed alert comes with the retry, its neighbours do not come twice."""
    service = Service(failure_of=fail_for(DOWN, "b"))
    batch = (added("a", 1), added("b", 2), added("c", 3))
    service.handle(*batch)
    service.topic.failure_of = lambda _: None
    assert service.handle(*batch[1:]) == DONE
    assert service.published == [("a", "added"), ("c", "added"), ("b", "added")]


def test_the_same_record_twice_in_a_batch_alerts_once() -> None:
    """Duplicates inside one batch are one alert, before any ledger could know it."""
    service = Service()
    service.handle(added("a", 1), added("a", 1))
    assert service.published == [("a", "added")]


def test_a_ledger_that_cannot_be_read_hands_the_batch_back() -> None:
    """Without knowing what was sent nothing is published, and the first record with an alert comes again."""
    service = Service(ledger=Unreadable())
    assert service.handle(modified({"views": 1}, {"views": 2}, "z", 1), added("a", 2), added("b", 3)) == from_(2)
    assert service.topic.calls == 0


def test_a_ledger_that_cannot_be_written_is_logged_and_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The alerts are out: to fail the batch would only send them again."""
    service = Service(ledger=Unwritable())
    assert service.handle(added("a", 1)) == DONE
    assert service.published == [("a", "added")]
    assert "the ledger misses 1 entries" in caplog.text


def test_a_refused_alert_is_not_in_the_ledger() -> None:
    """What nobody received does not count as sent."""
    service = Service(failure_of=fail_for(REFUSED, "a"))
    service.handle(added("a", 1), added("b", 2))
    assert [alert.subject for alert in service.ledger.alerts.values()] == ["b"]


def test_every_published_alert_of_a_big_batch_is_recorded() -> None:
    """However the ledger's writes are cut, none is forgotten."""
    service = Service()
    service.handle(*(added(f"p{position}", position) for position in range(57)))
    assert len(service.ledger.alerts) == 57


def test_the_ledger_is_written_while_a_long_batch_is_published() -> None:
    """A crash near the end of a thousand alerts repeats the last few, not all."""
    calls: list[str] = []

    class Topic(MemoryTopic):
        def publish(self, messages: Sequence[AlertMessage]) -> list[PublishResult]:
            calls.append("publish")
            return super().publish(messages)

    class Ledger(MemoryLedger):
        def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
            calls.append("write")
            super().write(entries, before_call)

    service = Service(topic=Topic(), ledger=Ledger())
    service.handle(*(added(f"p{position}", position) for position in range(250)))
    assert calls == [*["publish"] * 3, "write", *["publish"] * 2, "write"] * 5
    assert len(service.ledger.alerts) == 250


# Poison records

POISON: dict[str, Any] = {
    "no dynamodb block": {"eventName": "MODIFY", "eventSourceARN": "x"},
    "an image that is not a map": raw("MODIFY", old={}, at=2)
    | {"dynamodb": raw(at=2)["dynamodb"] | {"NewImage": "no"}},
    "an unknown event": raw("UPSERT", at=2),
    "a value of no type": raw("INSERT", new={"name": {"X": "?"}}, at=2),
    "a value of two types": raw("INSERT", new={"specs": {"S": "a", "N": "1"}}, at=2),
    "a value that is not a map": raw("INSERT", new={"specs": "bare"}, at=2),
    "a key that is not a value": raw("INSERT", new={}, keys={"productId": {"S": 5}}, at=2),
    "no keys": raw("INSERT", new={}, at=2) | {"dynamodb": {"SequenceNumber": sequence_number(2)}},
    "None": None,
    "a number": 1,
    "a text": "x",
    "a list": [],
    "nothing": {},
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
def test_a_poison_record_is_parked_whole_and_its_neighbours_alert(poison: Any) -> None:
    """A record that cannot be processed is kept as it came, and holds up nobody."""
    service = Service()
    assert service.handle(added("a", 1), poison, added("c", 3)) == DONE
    assert service.published == [("a", "added"), ("c", "added")]
    assert service.parked == [poison]
    assert service.failures.parked[0].error == "MalformedRecordError"
    assert service.failures.parked[0].reason


@pytest.mark.parametrize("poison", [POISON["an unknown event"], POISON["no keys"]])
def test_a_record_that_could_not_be_parked_comes_again(poison: Any) -> None:
    """With the failures queue down, the stream keeps the record instead."""
    service = Service(failures=Failing())
    assert service.handle(added("a", 1), poison, added("c", 3)) == from_(2)
    assert service.published == [("a", "added"), ("c", "added")]


def test_a_record_without_a_name_that_could_not_be_parked_brings_the_whole_batch_again() -> None:
    """Without a sequence number there is nothing to name: the empty name means everything."""
    service = Service(failures=Failing())
    answer = service.handle(added("a", 1), POISON["no dynamodb block"], added("c", 3))
    assert answer == {"batchItemFailures": [{"itemIdentifier": ""}]}


def test_a_poison_record_behind_a_failure_is_parked_once() -> None:
    """What comes again anyway is not parked yet, or every retry would park it again."""
    service = Service(failure_of=fail_for(DOWN, "b"))
    poison = POISON["a value of no type"]
    batch = (added("a", 0), added("b", 1), poison)
    assert service.handle(*batch) == from_(1)
    assert service.parked == []
    service.topic.failure_of = lambda _: None
    assert service.handle(*batch[1:]) == DONE
    assert service.parked == [poison]


def test_a_poison_record_before_a_failure_is_parked_at_once() -> None:
    """What is acknowledged now is parked now."""
    service = Service(failure_of=fail_for(DOWN, "c"))
    assert service.handle(POISON["a value of no type"], added("c", 3)) == from_(3)
    assert service.parked == [POISON["a value of no type"]]


def test_a_record_with_a_refused_and_a_failed_alert_is_parked_once() -> None:
    """One alert refused for good, another that waits: the record comes again, so it is parked when it is done."""
    outcomes: dict[str, ProductAlertsError | None] = {"changed": REFUSED, "drop": DOWN}
    service = Service(failure_of=lambda message: outcomes[message.alert.rule])
    record = modified({"price": 9, "name": "a"}, {"price": 8, "name": "b"})
    assert service.handle(record) == from_(1)
    assert service.parked == []
    outcomes["drop"] = None
    assert service.handle(record) == DONE
    assert service.parked == [record]
    assert service.published == [("prod-1", "drop")]


def test_a_refused_alert_is_parked_with_its_record_and_rule() -> None:
    """An alert that SNS refuses for good is given up alone; the record says what it was about."""
    service = Service(failure_of=lambda message: REFUSED if message.alert.rule == "drop" else None)
    record = modified({"price": 9, "name": "a"}, {"price": 8, "name": "b"}, "a", 1)
    assert service.handle(record, added("b", 2)) == DONE
    assert service.published == [("a", "changed"), ("b", "added")]
    (parked,) = service.failures.parked
    assert (parked.record, parked.rule, parked.error) == (record, "drop", "RefusedAlertError")
    assert parked.reason == "SNS refuses this message"


def test_a_fault_of_our_own_parks_the_record_and_spares_its_neighbours(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever one record does to the code, the others go on."""

    class Faulty(Ruleset):
        def concerned(self, record: Change) -> list[Rule]:
            if record.keys["productId"] == {"S": "b"}:
                raise ZeroDivisionError("a fault of ours")
            return super().concerned(record)

    every_kind = rules()
    service = Service(Faulty(every_kind.rules, every_kind.product))
    assert service.handle(added("a", 1), added("b", 2), added("c", 3)) == DONE
    assert service.published == [("a", "added"), ("c", "added")]
    assert service.failures.parked == [Parked(added("b", 2), "a fault of ours", "ZeroDivisionError")]
    assert "a record could not be evaluated" in caplog.text


def test_a_price_that_is_not_a_number_is_not_an_error() -> None:
    """A price of {"S": "abc"} fires no rule, parks nothing, and hides no neighbour."""
    service = Service()
    assert service.handle(priced({"S": "abc"}, 5, "a", 1), priced(5, {"S": "abc"}, "b", 2), added("c", 3)) == DONE
    assert service.published == [("c", "added")]
    assert service.parked == []


def test_a_thousand_unknown_attributes_are_not_an_error() -> None:
    """An item may hold whatever it likes beside what the rules name."""
    service = Service()
    many = image(**{f"attribute{number}": "x" * 50 for number in range(1000)})
    record = raw("MODIFY", old={**many, "price": {"N": "9"}}, new={**many, "price": {"N": "8"}})
    assert service.handle(record) == DONE
    assert service.published == [("prod-1", "drop")]


def test_an_item_nested_too_deeply_to_compare_is_parked() -> None:
    """An image deeper than Python's own limit stops nobody."""
    old: Any = {"S": "a"}
    new: Any = {"S": "b"}
    for _ in range(3000):
        old, new = {"L": [old]}, {"L": [new]}
    record = raw("MODIFY", old={"name": old}, new={"name": new}, at=1)
    service = Service()
    assert service.handle(record, added("b", 2)) == DONE
    assert service.published == [("b", "added")]


# Events that come from no stream


@pytest.mark.parametrize("strange", [None, [], {}, {"Records": None}, {"Records": {}}, "x", 5])
def test_an_event_without_records_is_answered(strange: Any, caplog: pytest.LogCaptureFixture) -> None:
    """An event that no stream sends is a warning, not an error, and nothing is done."""
    service = Service()
    assert service.invoke(strange) == DONE
    assert "no list of Records" in caplog.text


def test_entries_that_are_not_records_are_each_parked() -> None:
    """Entries of every wrong shape are parked, and the batch goes on."""
    service = Service()
    assert service.handle(None, 1, "x", [], {}) == DONE
    assert service.parked == [None, 1, "x", [], {}]


# Time


class Clock:
    """An invocation's time, which calls use up."""

    def __init__(self, milliseconds: int) -> None:
        """Start with what is left."""
        self.left = milliseconds

    def __call__(self) -> int:
        """Tell what is left."""
        return self.left


def test_what_there_is_no_time_for_is_handed_back() -> None:
    """Near the end of the invocation no further call starts; the first record not done is named."""
    clock = Clock(60_000)

    class SlowTopic(MemoryTopic):
        def publish(self, messages: Sequence[AlertMessage]) -> list[PublishResult]:
            clock.left -= 12_000
            return super().publish(messages)

    service = Service(topic=SlowTopic(), longest_call=12_000)
    entries = [added(f"p{position}", position) for position in range(60)]
    assert service.handle(*entries, remaining_time=clock) == from_(40)
    assert len(service.published) == 40
    assert len(service.ledger.alerts) == 40


def test_a_record_that_there_is_no_time_to_park_is_handed_back() -> None:
    """Parking is a call, too."""
    clock = Clock(60_000)

    def slow(_: AlertMessage) -> None:
        clock.left -= 55_000

    service = Service(failure_of=slow, longest_call=12_000)
    poison = POISON["a value of no type"]
    assert service.handle(added("a", 1), poison, remaining_time=clock) == from_(2)
    assert service.parked == []


def test_a_short_invocation_still_publishes() -> None:
    """With less time than the longest call could take in all, the function does not give up before it began."""
    service = Service(longest_call=12_000)
    assert service.handle(added("a", 1), remaining_time=lambda: 3_000) == DONE
    assert service.published == [("a", "added")]


def test_the_answer_goes_out_in_time_though_every_call_takes_as_long_as_it_may() -> None:
    """However many calls follow one another, the invocation never outlasts its time."""
    clock = Clock(60_000)

    class SlowTopic(MemoryTopic):
        def publish(self, messages: Sequence[AlertMessage]) -> list[PublishResult]:
            clock.left -= 12_000
            return super().publish(messages)

    class SlowLedger(MemoryLedger):
        def read(self, question: LedgerQuery, before_call: BeforeCall = nothing) -> LedgerSnapshot:
            before_call()
            clock.left -= 12_000
            return super().read(question)

        def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
            before_call()
            clock.left -= 12_000
            super().write(entries)

    service = Service(topic=SlowTopic(), ledger=SlowLedger(), longest_call=12_000)
    service.handle(*(added(f"p{position}", position) for position in range(60)), remaining_time=clock)
    assert clock.left >= 0


# What is logged


def test_a_batch_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The counts of a batch stand in one line."""
    caplog.set_level(logging.INFO, logger="notifications")
    service = Service(failure_of=fail_for(DOWN, "b"))
    service.handle(added("a", 1), added("b", 2))
    service.handle(added("a", 1))
    assert "records 2: alerts published 1, sent before 0, held back 0; records parked 0, handed back 1" in caplog.text
    assert "records 1: alerts published 0, sent before 1, held back 0; records parked 0, handed back 0" in caplog.text


def test_the_log_names_what_was_given_up_and_what_was_handed_back(caplog: pytest.LogCaptureFixture) -> None:
    """Sequence numbers and reasons are in the log, so that an operator finds the record."""
    service = Service(failure_of=fail_for(DOWN, "c"))
    service.handle(POISON["a value of no type"], added("c", 3))
    assert f"given up, sequence number {sequence_number(2)}: " in caplog.text
    assert f"handed back from sequence number {sequence_number(3)} on: SNS did not answer" in caplog.text


# Whatever happens

ENTRIES = st.one_of(records(), st.sampled_from(list(POISON.values())))
FATES = st.sampled_from([None, None, None, DOWN, REFUSED])


@given(st.lists(ENTRIES, max_size=8), st.lists(FATES, min_size=1, max_size=7), st.booleans(), st.booleans())
def test_every_record_is_safe_or_comes_again(
    entries: list[Any], fates: list[ProductAlertsError | None], ledger_down: bool, parking_down: bool
) -> None:
    """Retried as Lambda does until it is done, every batch alerts and parks exactly what a perfect day would."""
    entries = [_renamed(entry, position) for position, entry in enumerate(entries)]
    perfect = Service()
    perfect.handle(*entries)

    service = Service(failure_of=lambda message: fates[int(message.alert.id[:6], 16) % len(fates)])
    ledger, failures = service.ledger, service.failures
    service.ledger = Unreadable() if ledger_down else ledger
    service.failures = Failing() if parking_down else failures
    rest = _rest(entries, service.handle(*entries))
    service.ledger, service.failures = ledger, failures
    service.topic.failure_of = lambda _: None
    assert service.handle(*rest) == DONE

    refused = {parked.rule for parked in service.failures.parked} - {""}
    wanted = {message.alert.id for message in perfect.topic.published}
    out = [message.alert.id for message in service.topic.published]
    assert len(out) == len(set(out))
    assert set(out) <= wanted
    assert set(out) == wanted or refused
    _assert_in_order(service.topic.published)


def _renamed(entry: Any, position: int) -> Any:
    """Give a record a place of its own in the shard, and one of three products."""
    if not isinstance(entry, dict) or "Keys" not in entry.get("dynamodb", {}):
        return entry
    change = {**entry["dynamodb"], "SequenceNumber": sequence_number(position)}
    if change["Keys"] == {"productId": {"S": "prod-1"}}:
        change["Keys"] = {"productId": {"S": f"prod-{position % 3}"}}
        for name in ("OldImage", "NewImage"):
            if isinstance(change.get(name), dict):
                change[name] = {**change[name], **change["Keys"]}
    return {**entry, "dynamodb": change}


def _rest(entries: list[Any], answer: Any) -> list[Any]:
    """Give what Lambda delivers again."""
    failures = answer["batchItemFailures"]
    if not failures:
        return []
    named = failures[0]["itemIdentifier"]
    for position, entry in enumerate(entries):
        if named and isinstance(entry, dict) and entry.get("dynamodb", {}).get("SequenceNumber") == named:
            return entries[position:]
    return entries


def _assert_in_order(messages: list[AlertMessage]) -> None:
    latest: dict[str, str] = {}
    for message in messages:
        alert = message.alert
        assert latest.get(alert.subject, "") <= alert.sequence_number
        latest[alert.subject] = alert.sequence_number
