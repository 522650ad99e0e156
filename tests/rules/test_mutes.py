"""Mutes: an operator's silence for a rule, a product or both. It holds back alerts, not memory."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.common.errors import RefusedAlertError
from notifications.publishing.fakes import MemoryLedger
from notifications.publishing.ledger import LedgerSnapshot
from notifications.rules.mutes import Mute, ends_of
from notifications.rules.rule import RuleOutcome
from operations.evaluation.verdicts import judge
from tests.builders import CREATED_AT, rules
from tests.rules.scenario import HOUR, MINUTE, Shop, rule
from tests.service import DONE, DOWN, Service, from_

DROP = rule("price_drop")
LOW = rule("low_stock", "threshold = 5", "low")
END = CREATED_AT + HOUR
R, MUG, R_MUG = Mute("r", "", END), Mute("", "mug", END), Mute("r", "mug", END)


def service(text: str, *mutes: Mute) -> Service:
    """Serve rules behind mutes."""
    made = Service(rules(text))
    made.ledger.mutes = ends_of(mutes)
    return made


def two_products() -> Shop:
    """Let the price and the stock of two products drop."""
    shop = Shop()
    for product in ("mug", "lamp"):
        shop.put(product, price=10, stock=9).put(product, price=8, stock=4)
    return shop


@pytest.mark.parametrize(
    ("mute", "out"),
    [
        (R, [("lamp", "low"), ("mug", "low")]),
        (MUG, [("lamp", "low"), ("lamp", "r")]),
        (R_MUG, [("lamp", "low"), ("lamp", "r"), ("mug", "low")]),
        (Mute("r", "pen", END), [("lamp", "low"), ("lamp", "r"), ("mug", "low"), ("mug", "r")]),
    ],
)
def test_a_mute_silences_a_rule_a_product_or_both_and_nothing_else(mute: Mute, out: list[tuple[str, str]]) -> None:
    """The other rules speak about the product, and the rule about the others."""
    muting = service(DROP + LOW, mute)
    assert muting.handle(*two_products().records) == DONE
    assert sorted(muting.published) == out


def test_it_ends_by_itself() -> None:
    """A record that was created at its end or later alerts, whenever it is processed."""
    shop = Shop().put(price=10).put(after=HOUR - 1, price=9).put(after=HOUR, price=8)
    muting = service(DROP, R)
    muting.handle(*shop.records)
    assert muting.titles == ["mug: 8, was 9"]


def test_of_two_mutes_the_later_end_counts() -> None:
    """A rule may be muted for all products, and for longer about one."""
    muting = service(DROP, R, Mute("r", "mug", END + HOUR), Mute("", "mug", END - MINUTE))
    muting.handle(*Shop().put(price=10).put(after=HOUR + MINUTE, price=9).put(after=2 * HOUR, price=8).records)
    assert muting.titles == ["mug: 8, was 9"]


@pytest.mark.parametrize("spoilt", ["gone", "text"])
def test_a_record_without_a_time_is_not_muted(spoilt: str) -> None:
    """As it has no cool-down: rather an alert too many than one that nobody can account for."""
    records = Shop().put(price=10).put(price=9).records
    if spoilt == "gone":
        del records[1]["dynamodb"]["ApproximateCreationDateTime"]
    else:
        records[1]["dynamodb"]["ApproximateCreationDateTime"] = "noon"
    muting = service(DROP, R)
    muting.handle(*records)
    assert len(muting.alerts) == 1


def test_a_refill_while_muted_arms_again() -> None:
    """Memory goes on: the stock was at 12 all the same."""
    shop = Shop().put(stock=12).put(stock=4).put(after=MINUTE, stock=12).put(after=HOUR, stock=3)
    muting = service(LOW, Mute("low", "", END))
    for record in shop.records:
        muting.handle(record)
    assert [alert.data["text"] for alert in muting.alerts] == ["mug runs low: 3 left, fewer than 5."]


def test_a_mute_is_not_an_alert() -> None:
    """Neither a baseline nor a cool-down begins with what was muted, and it takes no place in the hour."""
    text = rule("price_drop", 'at_least = "10%"\nbaseline = "last_alert"\ncooldown = "3h"\nmax_per_hour = 1')
    shop = Shop().put(price=100).put(after=MINUTE, price=50).put(after=HOUR, price=48).put(after=HOUR + 1, price=20)
    muting = service(text, R)
    for record in shop.records:
        muting.handle(record)
    assert muting.titles == ["mug: 48, was 50"]
    (count,) = muting.ledger.hourly_counts.values()
    assert count.admitted == {muting.alerts[0].id}


def test_what_was_muted_is_written_down_once() -> None:
    """With its title and until when, so that `history` can show it; an alert that went out is marked as nothing."""
    muting = service(DROP + LOW, R_MUG)
    shop = Shop().put(price=10, stock=9).put(price=8, stock=4)
    for _ in range(2):
        assert muting.handle(*shop.records) == DONE
    (muted,) = muting.ledger.muted
    assert muting.ledger.muted[muted] == END
    assert muting.ledger.alerts[muted].title == "mug: 8, was 10"
    assert muting.published == [("mug", "low")]


def test_an_end_that_is_taken_back_brings_nothing_back() -> None:
    """What was muted stays unsaid when its batch comes again; later changes alert."""
    muting = service(DROP, R)
    shop = Shop().put(price=10).put(price=9).put(price=8)
    muting.handle(*shop.records[:2])
    muting.ledger.mutes = ends_of([])
    muting.handle(*shop.records)
    assert muting.titles == ["mug: 8, was 9"]


@pytest.mark.parametrize("text", [DROP, rule("price_drop", 'baseline = "last_alert"')])
def test_what_comes_again_is_not_yet_written_down_as_muted(text: str) -> None:
    """A record behind one of its product that failed is decided anew, perhaps without the mute."""
    shop = Shop().put(price=10, stock=9).put(stock=4).put(price=8)
    muting = service(text + LOW, R)
    muting.topic.failure_of = lambda message: DOWN if message.alert.rule == "low" else None
    assert muting.handle(*shop.records) == from_(2)
    assert muting.ledger.muted == {}
    muting.topic.failure_of = lambda _: None
    muting.ledger.mutes = ends_of([])
    assert muting.handle(*shop.records[1:]) == DONE
    assert muting.published == [("mug", "low"), ("mug", "r")]


class Reading(MemoryLedger):
    """A ledger that cannot be written."""

    def write(self, *_: Any) -> None:
        """Fail."""
        raise DOWN

    record = write  # type: ignore[assignment]


def test_a_ledger_that_does_not_take_it_loses_no_record() -> None:
    """It is history alone: a stateless rule's batch is done, and nothing goes out."""
    muting = Service(rules(DROP), Reading())
    muting.ledger.mutes = ends_of([R])
    assert muting.handle(*Shop().put(price=10).put(price=8).records) == DONE
    assert muting.alerts == []


def test_mutes_are_asked_for_with_what_else_is_asked() -> None:
    """One read and one write a batch, as without them; and none where no rule may fire."""
    muting = service(DROP, R)
    shop = Shop().put(price=10, stock=9).put(price=8)
    muting.handle(*shop.records)
    assert muting.ledger.calls == 2
    muting.handle(*Shop().put(price=10).put(price=11).records)
    assert muting.ledger.calls == 2


def test_explain_says_so() -> None:
    """With the reason why it would have alerted, and until when."""
    shop = Shop().put(price=10).put(price=9).put(after=HOUR, price=8)
    verdicts = list(judge(rules(DROP), shop.records, LedgerSnapshot(mutes=ends_of([R]))))
    assert [verdict.outcome for verdict in verdicts] == [RuleOutcome.QUIET, RuleOutcome.MUTED, RuleOutcome.ALERT]
    assert verdicts[1].reason == "dropped 10.0% from 10; muted until 2026-11-21T10:02:00Z"
    assert verdicts[1].alerts == ()


@given(
    st.lists(st.tuples(st.sampled_from(["mug", "pen"]), st.integers(0, 120), st.integers(1, 9)), max_size=12),
    st.lists(
        st.tuples(st.sampled_from(["", "r", "low"]), st.sampled_from(["", "mug"]), st.integers(0, 120)), max_size=3
    ),
)
def test_with_mutes_what_goes_out_is_what_would_have_gone_out_less_what_they_name(
    changes: list[tuple[str, int, int]], mutes: list[tuple[str, str, int]]
) -> None:
    """Of rules without memory, whatever the changes are."""
    shop = Shop()
    for product, minute, price in changes:
        shop.put(product, minute * MINUTE, price=price, stock=price)
    text = DROP + rule("out_of_stock", "", "low")
    silenced = [Mute(rule, product, CREATED_AT + minute * MINUTE) for rule, product, minute in mutes if rule or product]
    free, muting = service(text), service(text, *silenced)
    free.handle(*shop.records)
    muting.handle(*shop.records)
    created = {
        record["dynamodb"]["SequenceNumber"]: record["dynamodb"]["ApproximateCreationDateTime"]
        for record in shop.records
    }
    assert sorted(alert.id for alert in muting.alerts) == sorted(
        alert.id
        for alert in free.alerts
        if not any(
            mute.rule in {"", alert.rule}
            and mute.product in {"", alert.subject}
            and created[alert.sequence_number] < mute.until
            for mute in silenced
        )
    )


def test_a_record_that_stays_parked_keeps_its_muted_alert_for_the_next_time() -> None:
    """SNS refuses another alert of it: once the mute is lifted, what it held back goes out with the next redrive."""
    record = Shop().put("mug", price=10, stock=9).put("mug", price=8, stock=4).records[-1]
    muting = service(DROP + LOW, Mute("low", "", END))
    muting.topic.failure_of = lambda message: RefusedAlertError("too long") if message.alert.rule == "r" else None
    assert muting.handle(record, redrive=True) == from_(2)
    assert muting.ledger.muted == {}
    muting.ledger.mutes = {}
    muting.handle(record, redrive=True)
    assert muting.published == [("mug", "low")]
