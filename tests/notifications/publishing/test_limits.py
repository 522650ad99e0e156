"""What AWS takes of one record, one entry and one call, and whose fault it is if something does not fit."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from notifications.common.errors import RefusedAlertError, ServiceError
from notifications.pipeline import Pipeline
from notifications.publishing.fakes import MemoryFailures, MemoryLedger, MemoryTopic
from notifications.publishing.ledger import Entry, LedgerQuery, LedgerSnapshot, RuleMemory, SentAlert, in_transactions
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.rules.memory import HourlyCount, Memory
from tests.aws_in_memory import LEDGER
from tests.builders import TABLE, added, alert, event, modified, priced, rules, sequence_number
from tests.rules.scenario import rule
from tests.service import DONE, Service, from_

LIMITED = rules(rule("added", "max_per_hour = 10"))
COOLING = rule("price_drop", 'cooldown = "1h"')


class AtTheSameTime(MemoryLedger):
    """A ledger that all invocations read before any of them writes."""

    def __init__(self, readers: int) -> None:
        super().__init__()
        self.barrier = threading.Barrier(readers)

    def read(self, query: LedgerQuery, *args: Any) -> LedgerSnapshot:
        """Wait for the others."""
        found = super().read(query, *args)
        self.barrier.wait(timeout=20)
        return found


def test_ten_shards_together_keep_the_limit_of_an_hour() -> None:
    """Ten invocations with ten products each see an empty hour at the same time: ten alerts go out, and one summary."""
    ledger, topics = AtTheSameTime(10), [MemoryTopic() for _ in range(10)]

    def invoke(shard: int) -> None:
        records = [added(f"p{shard}-{number}", 100 * shard + number) for number in range(10)]
        assert Pipeline(LIMITED, topics[shard], ledger, MemoryFailures()).handle(event(*records)) == DONE

    threads = [threading.Thread(target=invoke, args=(shard,)) for shard in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    published = [message.alert for topic in topics for message in topic.published]
    summaries = [each for each in published if "summary" in each.data]
    assert (len(published) - len(summaries), len(summaries)) == (10, 1)


def test_stale_readers_keep_the_limit_in_dynamodb(dynamodb: Any) -> None:
    """The same with the table, one invocation after the other, each with what it read before the first wrote."""

    class Stale(DynamoDbLedger):
        def read(self, query: LedgerQuery, *args: Any) -> LedgerSnapshot:
            return LedgerSnapshot() if query.alerts else super().read(query, *args)

    topic = MemoryTopic()
    for shard in range(4):
        ledger = Stale(dynamodb, LEDGER, 90, sleep=lambda _: None)
        records = [added(f"p{shard}-{number}", 100 * shard + number) for number in range(4)]
        assert Pipeline(LIMITED, topic, ledger, MemoryFailures()).handle(event(*records)) == DONE
    summaries = [message for message in topic.published if "summary" in message.alert.data]
    assert (len(topic.published) - len(summaries), len(summaries)) == (10, 1)


def test_a_place_that_cannot_be_taken_holds_up_its_own_product_alone() -> None:
    """Nothing goes out uncounted, and rules without a limit go on."""

    class Down(MemoryLedger):
        def reserve(self, *_: Any) -> Any:
            raise ServiceError("throttled")

    service = Service(rules(rule("added", "max_per_hour = 5") + rule("price_drop", "", "drop")), Down())
    assert service.handle(priced(10, 5, "mug", 1), added("lamp", 2), priced(10, 5, "cup", 3)) == from_(2)
    assert [each.subject for each in service.alerts] == ["mug", "cup"]
    service.ledger = MemoryLedger()
    assert service.handle(added("lamp", 2)) == DONE


@pytest.mark.parametrize("admitted", [set(), {"somebody else's"}])
def test_a_ledger_that_gives_no_place_and_is_not_full_ends_no_invocation(admitted: set[str]) -> None:
    """What needs a place comes again, after a few questions; rules without a limit go on."""
    asked = []

    class Stubborn(MemoryLedger):
        def reserve(self, wanted: Any, *_: Any) -> Any:
            asked.append(wanted)
            assert len(asked) < 100, "asked for ever"
            return HourlyCount(set(admitted))

    service = Service(rules(rule("added", "max_per_hour = 5") + rule("price_drop", "", "drop")), Stubborn())
    assert service.handle(priced(10, 5, "mug", 1), added("lamp", 2), priced(10, 5, "cup", 3)) == from_(2)
    assert [each.subject for each in service.alerts] == ["mug", "cup"]


def test_a_repeat_takes_no_second_place() -> None:
    """What the ledger missed is published again, with the place it has."""

    class Forgetful(MemoryLedger):
        def write(self, *_: Any) -> None:
            raise ServiceError("down")

    service = Service(LIMITED, Forgetful())
    batch = [added(f"p{number}", number) for number in range(10)]
    for _ in range(3):
        service.handle(*batch)
    assert len({each.id for each in service.alerts}) == 10
    assert not any("summary" in each.data for each in service.alerts)


@pytest.mark.parametrize("created", [float("nan"), float("inf"), 1e300, -1e300, 10**400, -5, True, "1", None])
@pytest.mark.parametrize("more", ['cooldown = "1h"', "max_per_hour = 5"])
def test_a_creation_time_that_is_none_alerts_once(created: Any, more: str, dynamodb: Any) -> None:
    """No limit and no cool-down counts by it; the ledger takes what is remembered, and a repeat says nothing."""
    record = priced(10, 5)
    record["dynamodb"]["ApproximateCreationDateTime"] = created
    topic, failures = MemoryTopic(), MemoryFailures()
    ledger = DynamoDbLedger(dynamodb, LEDGER, 90)
    for _ in range(3):
        assert Pipeline(rules(rule("price_drop", more)), topic, ledger, failures).handle(event(record)) == DONE
    assert (len(topic.published), failures.parked) == (1, [])


@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 41, "٣" * 21, "1\n2", ""])
def test_a_sequence_number_that_is_none_is_parked_alone(number: str, caplog: pytest.LogCaptureFixture) -> None:
    """Its neighbours alert, and the log stays short."""
    record = priced(10, 5, "odd", 1)
    record["dynamodb"]["SequenceNumber"] = number
    service = Service(rules(COOLING))
    assert service.handle(record, priced(10, 5, "mug", 2)) == DONE
    assert [each.subject for each in service.alerts] == ["mug"]
    assert [parked.record for parked in service.failures.parked] == [record]
    assert max(map(len, caplog.text.splitlines())) < 600


class Refusing:
    """A DynamoDB client that refuses whatever has a word in it, as DynamoDB refuses a key or an item."""

    def __init__(self, client: Any, word: str, code: str = "ValidationException") -> None:
        self._client, self._word, self._code = client, word, code

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            if self._word in str(arguments):
                raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, name)
            return getattr(self._client, name)(**arguments)

        return call


def _pipeline(client: Any) -> tuple[Pipeline, MemoryTopic, MemoryFailures]:
    topic, failures = MemoryTopic(), MemoryFailures()
    return Pipeline(rules(COOLING), topic, DynamoDbLedger(client, LEDGER, 90), failures), topic, failures


@pytest.mark.parametrize("code", ["ValidationException", "SerializationException"])
def test_a_key_that_the_ledger_refuses_is_its_own_records_fault(dynamodb: Any, code: str) -> None:
    """It is parked; fifty others in the batch are read, alerted and remembered."""
    pipeline, topic, failures = _pipeline(Refusing(dynamodb, "odd", code))
    records = [priced(10, 5, "odd" if at == 17 else f"p{at}", at) for at in range(50)]
    assert pipeline.handle(event(*records)) == DONE
    assert len(topic.published) == 49
    assert [parked.record for parked in failures.parked] == [records[17]]


def test_a_table_that_refuses_every_key_is_no_records_fault(dynamodb: Any) -> None:
    """Such as one with other keys: all come again until that is mended."""
    pipeline, topic, failures = _pipeline(Refusing(dynamodb, "Keys"))
    assert pipeline.handle(event(priced(10, 5))) == from_(1)
    assert (topic.published, failures.parked) == ([], [])


def test_an_entry_that_the_ledger_refuses_is_its_own_records_fault() -> None:
    """What a rule should remember and never will is parked, and does not come back for ever; the others are written."""

    class Picky(MemoryLedger):
        def write(self, entries: Any, *args: Any) -> None:
            if any(isinstance(entry, RuleMemory) and "odd" in entry.product for entry in entries):
                raise RefusedAlertError("too large")
            super().write(entries, *args)

    service = Service(rules(COOLING), Picky())
    records = [priced(10, 5, "odd" if at == 3 else f"p{at}", at) for at in range(20)]
    assert service.handle(*records) == DONE
    assert [parked.record for parked in service.failures.parked] == [records[3]]
    assert (len(service.ledger.memories), len(service.ledger.alerts)) == (19, 20)
    assert service.handle(*records[:3], *records[4:]) == DONE
    assert len(service.alerts) == 20


def test_an_odd_key_leaves_no_long_line_and_forges_none(caplog: pytest.LogCaptureFixture) -> None:
    """Logs stay short and one line a message whatever a key, a name or a value holds."""
    forged = "x\n[ERROR] forged\r\x1b[2J\u2028" * 5_000
    service = Service(rules(COOLING))
    odd = priced(10, 5, "mug", 1)
    odd["dynamodb"]["Keys"] = {forged: {forged: forged}}
    named = modified({"price": 10}, {"price": 5}, at=2)
    named["dynamodb"]["NewImage"][forged] = {forged: forged}
    event_name = priced(10, 5, "mug", 3)
    event_name["eventName"] = forged
    service.handle(odd, named, event_name)
    assert len(service.failures.parked) == 3
    for record in caplog.records:
        line = record.getMessage()
        assert len(line) < 1_000
        assert line.isprintable()
        assert record.exc_info is None


def _write_sizes(memories: list[Entry]) -> list[int]:
    return [len(part) for part in in_transactions(memories)]


def test_writes_are_divided_by_bytes_as_well() -> None:
    """Forty rules that remember a hundred products with long titles are more than one transaction of 4 MB takes."""
    held = Memory(sequence_number(1), Decimal("9" * 38), held=1, held_title="🙂" * 300, alerted_at=1.5)
    rule_names = [f"{number:0>100}" for number in range(40)]
    entries: list[Entry] = [RuleMemory(f"{TABLE}#{at}", dict.fromkeys(rule_names, held)) for at in range(100)]
    assert sum(_write_sizes(entries)) == 100
    assert max(_write_sizes(entries)) < 40
    alerts: list[Entry] = [SentAlert(TABLE, alert(at=at)) for at in range(250)]
    assert _write_sizes(alerts) == [100, 100, 50]


class Measuring:
    """A DynamoDB client that keeps to the limits of a transaction and an item, generously counted."""

    def __init__(self) -> None:
        self.largest_item = 0

    def transact_write_items(self, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        """Refuse what DynamoDB would."""
        sizes = [len(str(action["Put"]["Item"]).encode()) for action in TransactItems]
        self.largest_item = max(self.largest_item, *sizes)
        if sum(sizes) > 4 * 1024**2 or max(sizes) > 400 * 1024:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "too large"}}, "TransactWriteItems")


@pytest.mark.parametrize(("number_of_rules", "products"), [(40, 100), (500, 3)])
def test_what_many_rules_remember_of_products_with_long_names_is_written(number_of_rules: int, products: int) -> None:
    """Each product's item within 400 KB, each transaction within 4 MB."""
    held = Memory(sequence_number(1), held=1, held_title="🙂" * 300_000, currency="€" * 300_000, alerted_at=1.5)
    names = [f"{number:0>100}" for number in range(number_of_rules)]
    client = Measuring()
    ledger = DynamoDbLedger(client, "ledger", 90)
    for part in in_transactions([RuleMemory(f"{TABLE}#{at}", dict.fromkeys(names, held)) for at in range(products)]):
        ledger.write(part)
    assert client.largest_item > 10_000
