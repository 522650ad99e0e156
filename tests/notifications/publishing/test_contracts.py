"""What every topic, ledger and failures queue keeps to: the fakes in memory and the real ones on AWS alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from notifications.publishing.failures import FailuresQueue, Parked, SqsFailures, record_in
from notifications.publishing.fakes import MemoryFailures, MemoryLedger, MemoryTopic
from notifications.publishing.ledger import AlertKey, Ledger, LedgerQuery, Reservation, RuleMemory, SentAlert
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.publishing.messages import cloud_event
from notifications.publishing.mutes_item import MUTES, attribute_of, to_attribute
from notifications.publishing.topic import SnsTopic, Topic
from notifications.rules.memory import NOTHING, Hour, HourlyCount, Memory
from notifications.rules.mutes import Mute, ends_of
from tests.aws_in_memory import LEDGER
from tests.builders import TABLE, added, alert, message, sequence_number

KINDS = ["memory", "aws"]

# A topic


@pytest.fixture(params=KINDS)
def topic(request: pytest.FixtureRequest) -> Topic:
    """Give each kind of topic."""
    if request.param == "memory":
        return MemoryTopic()
    return SnsTopic(request.getfixturevalue("sns"), request.getfixturevalue("topic_arn"))


def test_a_topic_answers_for_each_message_in_order(topic: Topic) -> None:
    """One outcome a message, published, with the id that the topic gave it."""
    messages = [message(f"p{position}", position) for position in range(10)]
    outcomes = topic.publish(messages)
    assert [outcome.message for outcome in outcomes] == messages
    assert [outcome.error for outcome in outcomes] == [None] * 10
    assert len({outcome.message_id for outcome in outcomes} - {""}) == 10


def test_a_topic_takes_whatever_a_message_can_hold(topic: Topic) -> None:
    """Long texts, other languages, control characters and every kind of attribute."""
    attributes = {"a": {"S": "x\ny"}, "b": {"N": "5.5"}, "c": {"SS": ["x", "y"]}, "d": {"BOOL": True}}
    long = message("Größe/🙂", 1, title="T\n\x00" * 200, text="x" * 300_000, message_attributes=attributes)
    (outcome,) = topic.publish([long])
    assert outcome.error is None


def test_an_alert_reaches_a_queue_with_its_attributes(sns: Any, topic_arn: str, sqs: Any, queue_url: str) -> None:
    """A subscriber gets the CloudEvent as the message, and the attributes to filter by beside it."""
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
    sent = message("prod-1", 1, message_attributes={"category": {"S": "Home"}})
    SnsTopic(sns, topic_arn).publish([sent])
    (received,) = sqs.receive_message(QueueUrl=queue_url)["Messages"]
    envelope = json.loads(received["Body"])
    assert json.loads(envelope["Message"]) == cloud_event(sent.alert)
    assert envelope["Subject"] == "A title"
    assert envelope["MessageAttributes"]["category"] == {"Type": "String", "Value": "Home"}


# A ledger


@pytest.fixture(params=KINDS)
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """Give each kind of ledger."""
    if request.param == "memory":
        return MemoryLedger()
    return DynamoDbLedger(request.getfixturevalue("dynamodb"), LEDGER, 90, sleep=lambda _: None)


def sent(product: str = "prod-1", at: int = 1, rule: str = "r") -> SentAlert:
    """Make the entry of a published alert."""
    return SentAlert(f"{TABLE}#{product}", alert(product, at, rule))


def about(*entries: SentAlert) -> LedgerQuery:
    """Ask for alerts."""
    return LedgerQuery({AlertKey(entry.product, entry.alert.sequence_number, entry.alert.id) for entry in entries})


def test_an_empty_ledger_knows_nothing(ledger: Ledger) -> None:
    """What was never written is not in the answer."""
    hour = Hour("r", 3600)
    known = ledger.read(LedgerQuery(about(sent()).alerts, {"p"}, {hour}))
    assert (known.sent, known.memories, known.hourly_counts) == (set(), {}, {})


def test_a_ledger_knows_what_was_sent_and_nothing_else(ledger: Ledger) -> None:
    """Another product, record or rule is another alert."""
    ledger.write([sent("a", 1, "r")])
    others = [sent("b", 1, "s"), sent("a", 2, "r"), sent("a", 1, "s")]
    assert ledger.read(about(sent("a", 1, "r"), *others)).sent == {sent("a", 1, "r").alert.id}


def test_a_ledger_takes_a_hundred_entries_and_answers_for_more(ledger: Ledger) -> None:
    """A question may be bigger than one call to DynamoDB."""
    entries = [sent(f"p{at}", at) for at in range(250)]
    for start in range(0, 250, 100):
        ledger.write(entries[start : start + 100])
    assert len(ledger.read(about(*entries)).sent) == 250


def test_writing_an_alert_twice_is_writing_it_once(ledger: Ledger) -> None:
    """A repeat after a lost answer does no harm."""
    ledger.write([sent()])
    ledger.write([sent()])
    assert ledger.read(about(sent())).sent == {sent().alert.id}


@pytest.mark.parametrize("product", ["x" * 2000, "🙂" * 2000, "a/b#c d\n"])
def test_a_product_may_be_called_anything(ledger: Ledger, product: str) -> None:
    """Also ids longer than a key of DynamoDB, which differ in their last letter only."""
    ledger.write([sent(product)])
    assert ledger.read(about(sent(product), sent(product + "y"))).sent == {sent(product).alert.id}


def test_alerts_recorded_by_themselves_are_known_as_those_of_a_transaction(ledger: Ledger) -> None:
    """25 at once; twice is once, also beside one that was written in a transaction."""
    entries = [sent(f"p{at}", at) for at in range(25)]
    ledger.write(entries[:1])
    ledger.record(entries)
    ledger.record(entries[20:])
    assert ledger.read(about(*entries, sent("p25", 25))).sent == {entry.alert.id for entry in entries}


MEMORY = Memory(
    sequence_number=sequence_number(7),
    baseline=Decimal("9" * 38),
    extreme=Decimal("1E-130"),
    currency="EUR",
    armed=False,
    alerted_at=1795251720.25,
    held=3,
    held_title="Größe: 5 €",
    held_sequence_number=sequence_number(6),
    held_time="2026-11-21T09:02:00Z",
)


@pytest.mark.parametrize("memory", [MEMORY, NOTHING, Memory(baseline=Decimal(0), extreme=Decimal("-5.50"))])
def test_a_ledger_remembers_exactly(ledger: Ledger, memory: Memory) -> None:
    """What a rule knows of a product comes back with every digit."""
    ledger.write([RuleMemory("p", {"r": memory, "s": NOTHING})])
    assert ledger.read(LedgerQuery(products={"p", "q"})).memories == {"p": {"r": memory, "s": NOTHING}}


def test_the_last_memory_counts(ledger: Ledger) -> None:
    """A memory replaces the one before it, whole."""
    ledger.write([RuleMemory("p", {"r": MEMORY, "s": MEMORY})])
    ledger.write([RuleMemory("p", {"r": NOTHING})])
    assert ledger.read(LedgerQuery(products={"p"})).memories == {"p": {"r": NOTHING}}


def test_an_hour_adds_up_over_writers_and_counts_an_alert_once(ledger: Ledger) -> None:
    """Several invocations count towards one limit."""
    hour = Hour("r", 3600)
    assert ledger.reserve(Reservation(hour, 3, ("a", "b"))) == HourlyCount({"a", "b"})
    assert ledger.reserve(Reservation(hour, 3, ("b", "c"), "d")) == HourlyCount({"a", "b", "c"}, "d")
    assert ledger.reserve(Reservation(hour, 3, ("a",), "e")) == HourlyCount({"a", "b", "c"}, "d")
    known = ledger.read(LedgerQuery(hours={hour, Hour("r", 7200), Hour("s", 3600)})).hourly_counts
    assert known == {hour: HourlyCount({"a", "b", "c"}, "d")}


def test_an_hour_gives_the_places_that_are_left_and_no_more(ledger: Ledger) -> None:
    """In the order in which they are asked for; and no summary in the place of an alert that found one."""
    hour = Hour("r", 3600)
    ledger.reserve(Reservation(hour, 3, ("a",)))
    assert ledger.reserve(Reservation(hour, 3, ("b", "c", "d"), "e")) == HourlyCount({"a", "b", "c"})
    assert ledger.reserve(Reservation(hour, 3, ("c",), "d")) == HourlyCount({"a", "b", "c"}, "d")
    assert ledger.reserve(Reservation(hour, 2, ("x",), "y")) == HourlyCount({"a", "b", "c"}, "d")


def mute_in(ledger: Ledger, *mutes: Mute) -> None:
    """Mute as an operator does."""
    if isinstance(ledger, MemoryLedger):
        ledger.mutes = ends_of(mutes)
        return
    assert isinstance(ledger, DynamoDbLedger)
    entries = {attribute_of(mute.rule, mute.product): to_attribute(mute, 0) for mute in mutes}
    item = {"product": {"S": MUTES}, "alert": {"S": MUTES}, **entries}
    ledger._client.put_item(TableName=LEDGER, Item=item)


def test_a_ledger_says_what_is_muted_to_who_asks(ledger: Ledger) -> None:
    """Beside whatever else is asked, and as it is now."""
    assert ledger.read(LedgerQuery(mutes=True)).mutes == {}
    mutes = [Mute("r", "", 5), Mute("", "Größe/🙂", 1795251720), Mute("r", "p", 7)]
    mute_in(ledger, *mutes)
    asked = LedgerQuery(about(sent()).alerts, {"p"}, {Hour("r", 3600)}, mutes=True)
    assert ledger.read(asked).mutes == ends_of(mutes)
    assert ledger.read(LedgerQuery(about(sent()).alerts)).mutes == {}
    mute_in(ledger)
    assert ledger.read(asked).mutes == {}


def test_an_alert_that_was_muted_is_known_as_one_that_was_sent(ledger: Ledger) -> None:
    """By either way of writing: its record asks for no other."""
    muted = [sent(f"p{at}", at)._replace(muted_until=1795251720.0) for at in (1, 2)]
    ledger.write(muted[:1])
    ledger.record(muted[1:])
    assert ledger.read(about(*muted)).sent == {entry.alert.id for entry in muted}


def test_an_answer_is_a_copy(ledger: Ledger) -> None:
    """Who changes what was read changes nothing that was written."""
    hour = Hour("r", 3600)
    ledger.write([RuleMemory("p", {"r": MEMORY})])
    ledger.reserve(Reservation(hour, 1, ("a",)))
    question = LedgerQuery(products={"p"}, hours={hour})
    known = ledger.read(question)
    known.memories["p"].clear()
    known.hourly_counts[hour].admitted.add("b")
    again = ledger.read(question)
    assert (again.memories["p"], again.hourly_counts[hour].admitted) == ({"r": MEMORY}, {"a"})


# A failures queue


@pytest.fixture(params=KINDS)
def failures(request: pytest.FixtureRequest) -> tuple[FailuresQueue, Callable[[], list[Any]]]:
    """Give each kind of failures queue, and a way to see the records in it."""
    if request.param == "memory":
        memory = MemoryFailures()
        return memory, lambda: [parked.record for parked in memory.parked]
    sqs, url = request.getfixturevalue("sqs"), request.getfixturevalue("queue_url")

    def records() -> list[Any]:
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [record_in(json.loads(found["Body"])) for found in received]

    return SqsFailures(sqs, url, "1.0"), records


@pytest.mark.parametrize(
    "record",
    [added(name="Größe 🙂"), None, 5, "x\x00\ud800", [], {}, {"dynamodb": "x" * 2_000_000}],
    ids=lambda r: str(r)[:20],
)
def test_a_parked_record_comes_back_whole(failures: tuple[FailuresQueue, Callable[[], list[Any]]], record: Any) -> None:
    """Whatever came in the event can be played again, even if it is not a record or very long."""
    queue, records = failures
    queue.park(Parked(record, "reason", "MalformedRecordError"))
    assert records() == [record]
