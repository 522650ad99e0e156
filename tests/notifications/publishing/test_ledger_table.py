"""The ledger in DynamoDB: what it writes, and what it makes of DynamoDB's answers."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from notifications.common.errors import RefusedAlertError, ServiceError
from notifications.publishing.ledger import AlertKey, LedgerQuery, Reservation, RuleMemory, SentAlert
from notifications.publishing.ledger_items import LONGEST_KEY, LedgerKey, partition_of
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.publishing.mutes_item import MOST_MUTES, MUTES, mutes_in, to_attribute
from notifications.rules.memory import Hour, Memory
from notifications.rules.mutes import Mute, ends_of
from tests.aws_in_memory import LEDGER, new_client
from tests.builders import TABLE, alert

NOW = 1_795_251_720.0
DAY = 86_400


def entry(at: int = 1) -> SentAlert:
    """Make the entry of a published alert."""
    return SentAlert(f"{TABLE}#prod-1", alert(at=at))


def question(*positions: int) -> LedgerQuery:
    """Ask for alerts."""
    found = [entry(at) for at in positions]
    return LedgerQuery({AlertKey(one.product, one.alert.sequence_number, one.alert.id) for one in found})


def keys_of(query: LedgerQuery) -> list[LedgerKey]:
    """List where the alerts stand."""
    return [LedgerKey.of_alert(*alert) for alert in query.alerts]


# What stands in the table


def items(dynamodb: Any) -> list[dict[str, Any]]:
    """Read the whole table."""
    return list(dynamodb.scan(TableName=LEDGER)["Items"])


def ledger_on(dynamodb: Any) -> DynamoDbLedger:
    """Make a ledger whose time stands still."""
    return DynamoDbLedger(dynamodb, LEDGER, 90, now=lambda: NOW)


def test_an_alert_is_an_item_that_tells_its_story_and_goes_in_time(dynamodb: Any) -> None:
    """The ledger is the history, too: what, when, by which rule, and until when it is kept."""
    ledger_on(dynamodb).write([entry()])
    (item,) = items(dynamodb)
    made = entry().alert
    assert item["product"]["S"] == f"{TABLE}#prod-1"
    assert item["alert"]["S"].endswith(f"#{made.id}")
    told = {name: item[name]["S"] for name in ("id", "productId", "type", "rule", "severity", "title", "time")}
    assert told == {
        "id": made.id,
        "productId": "prod-1",
        "type": "product.added",
        "rule": "r",
        "severity": "info",
        "title": "A title",
        "time": "2026-11-21T09:02:00Z",
    }
    assert item["publishedAt"]["N"] == str(int(NOW))
    assert item["expiresAt"]["N"] == str(int(NOW) + 90 * DAY)
    assert "mutedUntil" not in item


def test_an_alert_that_was_muted_says_until_when(dynamodb: Any) -> None:
    """All else as for one that went out, and it goes in the same time."""
    ledger_on(dynamodb).record([entry()])
    (sent,) = items(dynamodb)
    ledger_on(dynamodb).record([entry()._replace(muted_until=NOW + 60.5)])
    assert items(dynamodb) == [{**sent, "mutedUntil": {"N": str(int(NOW) + 60)}}]


def test_a_products_alerts_stand_in_the_order_of_its_changes() -> None:
    """A short sequence number sorts before a long one, as numbers do."""
    keys = [LedgerKey.of_alert("p", number, "id").alert for number in ("111", "9" * 21, "1" + "0" * 21, "9" * 40)]
    assert keys == sorted(keys)


def test_a_memory_stays_while_the_product_does(dynamodb: Any) -> None:
    """What rules remember expires only once the product is gone."""
    ledger = ledger_on(dynamodb)
    ledger.write([RuleMemory("p", {"r": Memory("5")})])
    assert "expiresAt" not in items(dynamodb)[0]
    ledger.write([RuleMemory("p", {"r": Memory("6")}, gone=True)])
    assert items(dynamodb)[0]["expiresAt"]["N"] == str(int(NOW) + 90 * DAY)


def test_an_hour_goes_in_time(dynamodb: Any) -> None:
    """Counts of past hours do not pile up."""
    ledger_on(dynamodb).reserve(Reservation(Hour("r", 3600), 5, ("a",), "b"))
    assert items(dynamodb)[0]["expiresAt"]["N"] == str(int(NOW) + 90 * DAY)


def test_no_key_is_longer_than_dynamodb_takes() -> None:
    """2,048 bytes for the partition key, whatever the product is called."""
    for name in ("x" * 5000, "🙂" * 5000, "é" * (LONGEST_KEY - len(TABLE) - 1)):
        key = partition_of(f"{TABLE}#{name}")
        assert len(key.encode()) <= 2048
        assert partition_of(f"{TABLE}#{name}x") != key


@pytest.mark.refused_by_aws
def test_nothing_is_half_written(dynamodb: Any) -> None:
    """An entry that DynamoDB refuses takes its neighbours with it: all or none."""
    ledger = ledger_on(dynamodb)
    with pytest.raises(Exception, match="ledger write"):
        ledger.write([entry(1), SentAlert("", alert(at=2))])
    assert items(dynamodb) == []


# DynamoDB's answers


class Ledger:
    """A ledger over answers that are given beforehand."""

    def __init__(self) -> None:
        """Start without answers."""
        client = new_client("dynamodb")
        self.stub = Stubber(client)
        self.stub.activate()
        self.pauses: list[float] = []
        self.ledger = DynamoDbLedger(client, LEDGER, 90, sleep=self.pauses.append)

    def reads(self, found: list[LedgerKey], unprocessed: list[LedgerKey], asked: Any = ANY) -> None:
        """Answer one read."""
        rest = {LEDGER: {"Keys": [_typed(key) for key in unprocessed]}} if unprocessed else {}
        self.stub.add_response(
            "batch_get_item",
            {"Responses": {LEDGER: [_typed(key) for key in found]}, "UnprocessedKeys": rest},
            {"RequestItems": asked},
        )

    def cancels(self, *reasons: str) -> None:
        """Answer one write with a cancelled transaction."""
        self.stub.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields={"CancellationReasons": [{"Code": reason} for reason in reasons]},
        )


def _typed(key: LedgerKey) -> dict[str, Any]:
    return {"product": {"S": key.product}, "alert": {"S": key.alert}}


@pytest.fixture
def ledger() -> Ledger:
    """Give a ledger to tell answers to."""
    return Ledger()


def test_keys_left_unprocessed_are_asked_for_again(ledger: Ledger) -> None:
    """DynamoDB may answer in part; the rest is asked for after a pause."""
    asked = question(1, 2)
    first, second = keys_of(asked)
    ledger.reads([first], [second])
    ledger.reads([second], [], {LEDGER: {"Keys": [_typed(second)]}})
    assert ledger.ledger.read(asked).sent == {alert.alert_id for alert in asked.alerts}
    assert len(ledger.pauses) == 1
    ledger.stub.assert_no_pending_responses()


def test_keys_that_stay_unprocessed_are_an_outage(ledger: Ledger) -> None:
    """After a few tries nobody knows what was sent, and that is an error."""
    asked = question(1)
    for _ in range(5):
        ledger.reads([], keys_of(asked))
    with pytest.raises(ServiceError, match="unprocessed"):
        ledger.ledger.read(asked)
    assert ledger.pauses == sorted(ledger.pauses)
    ledger.stub.assert_no_pending_responses()


def test_reading_is_consistent(ledger: Ledger) -> None:
    """A batch that comes again at once must find what it wrote."""
    asked = question(1)
    expected = {LEDGER: {"Keys": [_typed(key) for key in keys_of(asked)], "ConsistentRead": True}}
    ledger.reads([], [], expected)
    assert ledger.ledger.read(asked).sent == set()


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "InternalServerError", "ResourceNotFoundException"]
)
def test_an_outage_is_worth_another_try(ledger: Ledger, code: str) -> None:
    """A table that fails, throttles or is missing is not the records' fault."""
    ledger.stub.add_client_error("batch_get_item", code)
    with pytest.raises(ServiceError, match="ledger read"):
        ledger.ledger.read(question(1))
    ledger.stub.add_client_error("transact_write_items", code)
    with pytest.raises(ServiceError, match="ledger write"):
        ledger.ledger.write([entry()])


def test_a_write_in_anothers_way_is_tried_again(ledger: Ledger) -> None:
    """Two invocations that count the same hour get past each other."""
    ledger.cancels("TransactionConflict", "None")
    ledger.stub.add_response("transact_write_items", {}, {"TransactItems": ANY})
    ledger.ledger.write([entry()])
    assert len(ledger.pauses) == 1
    ledger.stub.assert_no_pending_responses()


def test_a_write_always_in_anothers_way_is_an_outage(ledger: Ledger) -> None:
    """It ends after a few tries."""
    for _ in range(5):
        ledger.cancels("TransactionConflict")
    with pytest.raises(ServiceError, match="conflicts with other writers"):
        ledger.ledger.write([entry()])
    ledger.stub.assert_no_pending_responses()


def test_a_write_refused_for_another_reason_is_not_repeated(ledger: Ledger) -> None:
    """What would fail again is told at once."""
    ledger.cancels("ValidationError", "None")
    with pytest.raises(RefusedAlertError, match="ledger write"):
        ledger.ledger.write([entry()])
    assert ledger.pauses == []
    ledger.stub.assert_no_pending_responses()


def test_alerts_left_unprocessed_are_written_again(ledger: Ledger) -> None:
    """DynamoDB may take a part; the rest follows after a pause, and nothing else."""
    puts = [{"PutRequest": {"Item": _typed(key)}} for key in keys_of(question(1, 2))]
    asked: Any = ANY
    for left in (puts, puts[1:], []):
        unprocessed = {LEDGER: left} if left else {}
        ledger.stub.add_response("batch_write_item", {"UnprocessedItems": unprocessed}, {"RequestItems": asked})
        asked = unprocessed
    ledger.ledger.record([entry(at) for at in (1, 2, 3)])
    assert len(ledger.pauses) == 2
    ledger.stub.assert_no_pending_responses()


def test_alerts_that_stay_unprocessed_are_an_outage(ledger: Ledger) -> None:
    """It ends after a few tries."""
    put = {"PutRequest": {"Item": _typed(keys_of(question(1))[0])}}
    for _ in range(5):
        ledger.stub.add_response("batch_write_item", {"UnprocessedItems": {LEDGER: [put]}}, {"RequestItems": ANY})
    with pytest.raises(ServiceError, match="left unprocessed, 5 times"):
        ledger.ledger.record([entry()])
    ledger.stub.assert_no_pending_responses()


def test_a_long_list_of_keys_is_asked_for_by_the_hundred(ledger: Ledger) -> None:
    """The most that BatchGetItem takes."""
    for _ in range(3):
        ledger.reads([], [])
    ledger.ledger.read(question(*range(201)))
    ledger.stub.assert_no_pending_responses()


def test_mutes_are_no_call_of_their_own() -> None:
    """A hundred other keys fill a call: then those read at most ten seconds ago count."""
    asked: list[int] = []
    mute = {"product": {"S": MUTES}, "alert": {"S": MUTES}, "mute:1": to_attribute(Mute("r", "", NOW), NOW)}

    class Client:
        def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
            keys = RequestItems[LEDGER]["Keys"]
            asked.append(len(keys))
            return {"Responses": {LEDGER: [mute] if {"S": MUTES} in [key["alert"] for key in keys] else []}}

    now = NOW
    ledger = DynamoDbLedger(Client(), LEDGER, 90, now=lambda: now)
    ends = ends_of([Mute("r", "", NOW)])
    for alerts, after, calls in ((100, 0, [100, 1]), (100, 10, [100]), (99, 1, [100]), (200, 10, [100, 100]),
                                 (200, 1, [100, 100, 1]), (1, 0, [2])):  # fmt: skip
        asked.clear()
        now += after
        query = question(*range(alerts))
        query.mutes = True
        assert ledger.read(query).mutes == ends
        assert asked == calls
    asked.clear()
    assert ledger.read(question(1)).mutes == {}
    assert asked == [1]


@pytest.mark.parametrize(
    "entry",
    [
        {"S": "x"}, {"M": {}}, {"M": None}, None, 5, [],
        {"M": {"rule": {"S": "r"}, "product": {"S": ""}}},
        {"M": {"rule": {"S": ""}, "product": {"S": ""}, "until": {"N": "1795251720"}}},
        {"M": {"rule": {"S": "r" * 101}, "product": {"S": ""}, "until": {"N": "1795251720"}}},
        {"M": {"rule": {"S": "r"}, "product": {"S": "p" * 513}, "until": {"N": "1795251720"}}},
        {"M": {"rule": {"N": "5"}, "product": {"S": "p"}, "until": {"N": "1795251720"}}},
        *({"M": {"rule": {"S": "r"}, "product": {"S": ""}, "until": {"N": until}}}
          for until in ("", "-1", "1e9", "1" * 11, "9" * 100_000, "\u0661", "1.5", "NaN", 5, None)),
    ],
    ids=lambda entry: str(entry)[-60:],
)  # fmt: skip
def test_an_entry_that_is_not_a_mute_mutes_nothing(entry: Any) -> None:
    """Whoever wrote it; the one beside it counts."""
    good = Mute("s", "", NOW)
    assert mutes_in({"product": {"S": MUTES}, "mute:1": entry, "mute:2": to_attribute(good, NOW), "other": {}}) == [
        good
    ]


def test_a_hundred_mutes_count() -> None:
    """However many somebody wrote, and whatever stands between them."""
    many = {f"mute:{number:05}": to_attribute(Mute(f"r{number}", "", NOW), NOW) for number in range(5000)}
    assert len(mutes_in({**many, **{f"mute:00000{number}": {"S": "x"} for number in range(5000)}})) == MOST_MUTES
