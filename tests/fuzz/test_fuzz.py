"""Whatever a stream could send, and whatever it could not: clear answers, nothing lost, and good neighbours alert."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from notifications.common.errors import ProductAlertsError, RefusedAlertError, ServiceError
from notifications.common.sns_limits import MOST_BYTES
from notifications.config.rules_file import load
from notifications.pipeline import Pipeline
from notifications.publishing.failures import Parked, SqsFailures
from notifications.publishing.fakes import MemoryLedger, MemoryTopic
from notifications.publishing.messages import AlertMessage
from notifications.rules.ruleset import Ruleset
from tests import soak
from tests.fuzz.events import CANARY, FIRST_CANARY, VALUES, canary, mutated, nested

pytestmark = pytest.mark.usefixtures("silence")

EVENTS = soak.length(100_000)
_SQS_LIMIT = 1_048_576
RULES = (load(Path(__file__).parents[2] / "alerts.toml"), load(Path(__file__).parent / "rules.toml"))


class Sqs:
    """Keeps bodies, as the queue would."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def send_message(self, MessageBody: str, **_: Any) -> None:  # noqa: N803 - boto3's name
        """Take a message that SQS would take."""
        assert len(MessageBody.encode("ascii")) <= _SQS_LIMIT
        self.bodies.append(json.loads(MessageBody))


class Once:
    """One event through a pipeline of its own."""

    def __init__(self, rules: Ruleset, event: Any, fate: ProductAlertsError | None = None) -> None:
        self.event = event
        self.sqs = Sqs()
        self.topic = MemoryTopic(lambda message: fate if message.alert.id[0] in "01234567" else None)
        self.parked: list[Parked] = []
        self.records = event["Records"] if isinstance(event, dict) and isinstance(event.get("Records"), list) else []
        pipeline = Pipeline(rules, self.topic, MemoryLedger(), self)
        self.answer: Any = pipeline.handle(event)

    def park(self, parked: Parked) -> None:
        """Keep it, and send it as the function does."""
        self.parked.append(parked)
        SqsFailures(self.sqs, "queue", "1").park(parked)

    def check(self) -> None:
        """Check what has to hold of every event."""
        json.dumps(self.answer)
        assert list(self.answer) == ["batchItemFailures"]
        failures = self.answer["batchItemFailures"]
        assert len(failures) <= 1
        first = self._first_handed_back(failures)
        for message in self.topic.published:
            _check_message(message)
        parked = [id(each.record) for each in self.parked]
        assert len(parked) == len(set(parked)) or _stands_twice(self.records)
        out = {message.alert.subject for message in self.topic.published}
        for position, record in enumerate(self.records[:first]):
            if _is_canary(record):
                refused = any(each.record is record for each in self.parked)
                assert record["dynamodb"]["Keys"]["id"]["S"] in out or refused, "a good neighbour was lost"
            elif _has_no_shape(record):
                assert id(record) in parked, f"record {position} was neither evaluated nor parked nor handed back"

    def _first_handed_back(self, failures: list[dict[str, str]]) -> int:
        if not failures:
            return len(self.records)
        named = failures[0]["itemIdentifier"]
        if named == "":
            return 0
        numbers = [_number_of(record) for record in self.records]
        assert named in numbers, "a sequence number that is not in the batch"
        return numbers.index(named)


def _number_of(record: Any) -> Any:
    change = record.get("dynamodb") if isinstance(record, dict) else None
    return change.get("SequenceNumber") if isinstance(change, dict) else None


def _is_canary(record: Any) -> bool:
    number = _number_of(record)
    if not isinstance(number, str) or not number.isdecimal() or int(number) < FIRST_CANARY:
        return False
    return bool(record == canary(int(number) - FIRST_CANARY))


def _has_no_shape(record: Any) -> bool:
    """Tell a record that no consumer could take for a change: no type of event, or no item that it is about."""
    if not isinstance(record, dict) or not isinstance(record.get("dynamodb"), dict):
        return True
    if record.get("eventName") not in ("INSERT", "MODIFY", "REMOVE"):
        return True
    keys = record["dynamodb"].get("Keys")
    return record["eventName"] != "MODIFY" and (not isinstance(keys, dict) or not keys)


def _stands_twice(records: list[Any]) -> bool:
    return len({id(record) for record in records}) < len(records)


def _check_message(message: AlertMessage) -> None:
    assert 1 <= len(message.subject) < 100
    assert message.subject.isprintable()
    body = message.body.encode()
    assert json.loads(body)["id"] == message.alert.id
    assert len(message.attributes) <= 10
    size = len(body) + len(message.subject.encode())
    for name, attribute in message.attributes.items():
        assert attribute["StringValue"]
        size += len(name) + sum(len(part.encode()) for part in attribute.values())
    assert size <= MOST_BYTES


@pytest.mark.soak
def test_a_hundred_thousand_spoilt_events_lose_and_stop_nothing() -> None:
    """No exception, a well-formed answer; every record is evaluated, parked or handed back; good neighbours alert."""
    parked = alerts = handed_back = 0
    for seed in range(EVENTS):
        dice = random.Random(seed)  # noqa: S311 - a test's dice
        event = mutated(dice)
        if isinstance(event, dict) and isinstance(event.get("Records"), list):
            event["Records"].insert(dice.randrange(len(event["Records"]) + 1), canary(seed))
        fate = dice.choice((None, None, ServiceError("not now"), RefusedAlertError("never")))
        once = Once(RULES[seed % 2], event, fate)
        try:
            once.check()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        parked += len(once.parked)
        alerts += len(once.topic.published)
        handed_back += bool(once.answer["batchItemFailures"])
    assert parked > EVENTS / 10
    assert alerts > EVENTS / 2
    assert handed_back > EVENTS / 20


@pytest.mark.parametrize(
    "event", [None, [], "x", 7, {}, {"Records": None}, {"Records": {}}, {"Records": []}, {"redrive": 1}]
)
def test_an_event_without_records_is_answered(event: Any) -> None:
    """Nothing to do is nothing to fail for."""
    assert Once(RULES[0], event).answer == {"batchItemFailures": []}


@pytest.mark.parametrize("rules", RULES, ids=["alerts.toml", "every attribute"])
@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_any_value_in_either_image_leaves_the_neighbours_alone(rules: Ruleset, value: Any) -> None:
    """As old value, as new value and as key, of an attribute that rules look at and of one that they do not."""
    records = []
    for number, (name, side) in enumerate(
        (name, side)
        for name in ("price", "stock", "name", "other", "alerts", "currency")
        for side in ("OldImage", "NewImage", "Keys")
    ):
        record = canary(number + 1)
        change = record["dynamodb"]
        change["OldImage"] = {**change["NewImage"], "price": {"N": "20"}}
        change["NewImage"] = {**change["NewImage"], "price": {"N": "10"}}
        record["eventName"] = "MODIFY"
        change[side] = {**change[side], name: value}
        records.append(record)
    once = Once(rules, {"Records": [*records, canary(0)]})
    once.check()
    assert once.answer == {"batchItemFailures": []}
    assert f"{CANARY}-0" in {message.alert.subject for message in once.topic.published}
    assert len(once.parked) <= len(records)


@pytest.mark.parametrize("levels", [32, 200, 900, 5000])
def test_a_deeply_nested_value_is_an_alert_or_parked(levels: int) -> None:
    """32 levels alert; what is deeper than the interpreter can follow is parked, and the neighbour alerts."""
    deep = canary(1)
    deep["dynamodb"]["NewImage"]["deep"] = nested(levels)
    once = Once(RULES[0], {"Records": [deep, canary(0)]})
    out = {message.alert.subject for message in once.topic.published}
    assert f"{CANARY}-0" in out
    if levels == 32:
        assert f"{CANARY}-1" in out
    assert f"{CANARY}-1" in out or len(once.parked) == 1


def test_a_record_with_a_bottomless_key_is_parked_as_far_as_it_can_be() -> None:
    """Not even the key can be written: the reason is kept, and the neighbour alerts."""
    bottomless = canary(1)
    bottomless["dynamodb"]["Keys"]["id"] = nested(5000)
    once = Once(RULES[0], {"Records": [bottomless, canary(0)]})
    assert {message.alert.subject for message in once.topic.published} == {f"{CANARY}-0"}
    assert [body["record"] for body in once.sqs.bodies] == [None]


def test_items_of_400_kb_on_both_images_alert_and_park() -> None:
    """Two images of the largest size make a message within SNS's limit, and a poison one fits the failures queue."""
    big = {f"attribute{number}": {"S": chr(9731) * 1300} for number in range(100)}  # 3 bytes a character
    records = []
    for number, extra in enumerate(({}, {"odd": {"Q": "1"}}), start=1):
        record = canary(number)
        record["eventName"] = "MODIFY"
        change = record["dynamodb"]
        change["OldImage"] = {**big, **change["NewImage"], "price": {"N": "20"}}
        change["NewImage"] = {**big, **change["NewImage"], "price": {"N": "10"}, **extra}
        records.append(record)
    once = Once(RULES[0], {"Records": [*records, canary(0)]})
    once.check()
    assert once.answer == {"batchItemFailures": []}
    assert {message.alert.subject for message in once.topic.published} == {f"{CANARY}-1", f"{CANARY}-0"}
    assert [parked.record for parked in once.parked] == [records[1]]


def test_the_same_record_twice_in_a_batch_alerts_once() -> None:
    """A duplicate within a batch is a duplicate."""
    once = Once(RULES[0], {"Records": [canary(1), canary(1)]})
    assert len(once.topic.published) == 1


def test_records_of_two_streams_are_two_products() -> None:
    """The same key in another table is another product, with alerts of its own."""
    other = canary(1)
    other["eventSourceARN"] = other["eventSourceARN"].replace("products", "others")
    once = Once(RULES[0], {"Records": [canary(1), other]})
    assert len({message.alert.id for message in once.topic.published}) == 2
    assert len({message.alert.source for message in once.topic.published}) == 2
