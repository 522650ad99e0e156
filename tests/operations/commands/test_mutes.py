"""`python -m operations mute`, `unmute` and `mutes`; and what `explain` and `history` make of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from notifications.common.errors import ConfigurationError
from notifications.pipeline import Pipeline
from notifications.publishing.fakes import MemoryFailures, MemoryTopic
from notifications.publishing.ledger import LedgerQuery
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.publishing.mutes_item import MOST_MUTES, MUTES, to_attribute
from notifications.rules.mutes import Mute, Mutes
from operations.ledger import mutes
from operations.ledger.mutes import mute, mutes_of, unmute
from tests.aws_in_memory import LEDGER, aws_in_memory, make_ledger
from tests.builders import EVENTS, ROOT, event, rules, sample
from tests.operations.stage import FakeStack, Operate
from tests.rules.scenario import Shop
from tests.service import DONE

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FAR = "2099-01-01T00:00Z"
KEY = {"product": {"S": MUTES}, "alert": {"S": MUTES}}


@pytest.fixture
def stack() -> Iterator[Any]:
    """Give a stage with an empty ledger."""
    with aws_in_memory():
        yield FakeStack(dynamodb=make_ledger())


def as_the_function_reads(stack: Any) -> Mutes:
    """Give the mutes as a batch gets them."""
    return DynamoDbLedger(stack.client("dynamodb"), LEDGER, 90).read(LedgerQuery(mutes=True)).mutes


@pytest.mark.parametrize(
    ("arguments", "said", "known"),
    [
        (["--rule", "price-drop"], "price-drop", ("price-drop", "")),
        (["--product", "prod-123"], "every rule about prod-123", ("", "prod-123")),
        (["--rule", "price-drop", "--product", "prod-123"], "price-drop about prod-123", ("price-drop", "prod-123")),
    ],
)
def test_what_is_muted_the_function_knows_with_the_next_batch(
    operate: Operate, stack: Any, arguments: list[str], said: str, known: tuple[str, str]
) -> None:
    """And no more once it is taken back."""
    done = operate("mute", *arguments, "--until", "2h", stack=stack)
    assert (done.code, done.err) == (0, "")
    ((target, until),) = as_the_function_reads(stack).items()
    assert target == known
    assert 7100 < until - datetime.now(UTC).timestamp() <= 7200
    ends = datetime.fromtimestamp(until, UTC).isoformat().replace("+00:00", "Z")
    assert done.lines == [f"{said} is muted until {ends}"]
    assert operate("mutes", stack=stack).lines == done.lines
    (line,) = operate("mutes", "--json", stack=stack).json_lines
    assert (line["rule"], line["product"], line["until"]) == (known[0] or None, known[1] or None, ends)
    assert operate("unmute", *arguments, stack=stack).lines == [f"{said} is not muted any more"]
    assert as_the_function_reads(stack) == {}
    assert operate("mutes", stack=stack).lines == ["nothing is muted in stage dev"]


def test_a_mute_again_takes_the_new_end(stack: Any) -> None:
    """Longer or shorter; others stay as they are."""
    for hours in (2, 1):
        mute(stack, "r", "p", NOW + timedelta(hours=hours), NOW)
    mute(stack, "r", "", NOW + timedelta(days=1), NOW)
    assert [(each["product"], each["until"]) for each in mutes_of(stack, NOW)] == [
        ("p", "2026-11-21T10:00:00Z"),
        (None, "2026-11-22T09:00:00Z"),
    ]
    assert mutes_of(stack, NOW)[0]["madeAt"] == "2026-11-21T09:00:00Z"


def test_to_unmute_what_is_not_muted_shows_what_is(operate: Operate, stack: Any) -> None:
    """Exit code 1: the command did nothing."""
    operate("mute", "--rule", "price-drop", "--product", "p", "--until", "1h", stack=stack)
    done = operate("unmute", "--rule", "price-drop", stack=stack)
    assert done.code == 1
    assert done.lines[0] == "price-drop is not muted in stage dev"
    assert done.lines[1].startswith("price-drop about p is muted until ")


def test_a_mute_that_is_over_is_neither_listed_nor_taken_back(stack: Any) -> None:
    """For a while it stays in the table: an older record may still come."""
    mute(stack, "r", "", NOW + timedelta(hours=1), NOW)
    later = NOW + timedelta(hours=1)
    assert mutes_of(stack, later) == []
    assert as_the_function_reads(stack) == {("r", ""): later.timestamp()}
    assert unmute(stack, "r", "", later) is False


def test_old_and_unreadable_entries_make_room(stack: Any) -> None:
    """Fifteen days after its end no record can ask for a mute; what is not one is of no use to anybody."""
    dynamodb = stack.client("dynamodb")
    mute(stack, "old", "", NOW + timedelta(hours=1), NOW)
    dynamodb.update_item(
        TableName=LEDGER,
        Key=KEY,
        UpdateExpression="SET #a = :a",
        ExpressionAttributeNames={"#a": "mute:x"},
        ExpressionAttributeValues={":a": {"S": "?"}},
    )
    later = NOW + timedelta(days=15, hours=1, seconds=1)
    mute(stack, "new", "", later + timedelta(hours=1), later)
    item = dynamodb.get_item(TableName=LEDGER, Key=KEY)["Item"]
    assert len([name for name in item if name.startswith("mute:")]) == 1
    assert list(as_the_function_reads(stack)) == [("new", "")]


def put(stack: Any, **entries: Any) -> None:
    """Write the item as somebody else might."""
    stack.client("dynamodb").put_item(TableName=LEDGER, Item=KEY | entries)


def put_mutes(stack: Any, *muted: tuple[str, str]) -> None:
    """Write mutes of an hour, of rule and product, all at once."""
    until = (NOW + timedelta(hours=1)).timestamp()
    put(
        stack,
        **{
            f"mute:{number:03}": to_attribute(Mute(rule, product, until), 0)
            for number, (rule, product) in enumerate(muted)
        },
    )


def test_a_hundred_mutes_are_the_most(stack: Any) -> None:
    """One that is there may be given another end; the next is refused, and says what to do."""
    put_mutes(stack, *((f"r{number}", "") for number in range(MOST_MUTES - 1)))
    mute(stack, f"r{MOST_MUTES - 1}", "", NOW + timedelta(hours=1), NOW)
    mute(stack, "r5", "", NOW + timedelta(hours=2), NOW)
    with pytest.raises(ConfigurationError, match="100 mutes at most"):
        mute(stack, "r", "", NOW + timedelta(hours=1), NOW)
    assert len(as_the_function_reads(stack)) == MOST_MUTES


def test_entries_that_nobody_can_read_take_no_room(stack: Any) -> None:
    """However many there are: the next mute clears them."""
    put(stack, **{f"mute:{number:03}": {"S": "x"} for number in range(250)})
    mute(stack, "r", "p", NOW + timedelta(hours=1), NOW)
    assert list(as_the_function_reads(stack)) == [("r", "p")]
    item = stack.client("dynamodb").get_item(TableName=LEDGER, Key=KEY)["Item"]
    assert len([name for name in item if name.startswith("mute:")]) == 1


def test_mutes_that_others_wrote_can_be_taken_back(stack: Any) -> None:
    """By what they are about, not by what their attribute is called."""
    until = NOW + timedelta(hours=1)
    put_mutes(stack, *(("r", f"p{number}") for number in range(MOST_MUTES + 2)))
    with pytest.raises(ConfigurationError, match="end some with unmute"):
        mute(stack, "r", "new", until, NOW)
    for number in range(3):
        assert unmute(stack, "r", f"p{number}", NOW) is True
    assert unmute(stack, "r", "p0", NOW) is False
    mute(stack, "r", "new", until, NOW)
    assert ("r", "new") in as_the_function_reads(stack)


@pytest.mark.parametrize("before", [0, MOST_MUTES - 1])
def test_two_operators_at_the_same_moment_neither_undo_each_other_nor_pass_the_limit(
    stack: Any, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    """Who comes second reads again."""
    until = NOW + timedelta(hours=1)
    put_mutes(stack, *((f"r{number}", "") for number in range(before)))
    item_of, others = mutes._item, ["other"]

    def slow(*arguments: Any) -> dict[str, Any]:
        item = item_of(*arguments)
        if others:
            mute(stack, others.pop(), "", until, NOW)
        return item

    with monkeypatch.context() as patch:
        patch.setattr(mutes, "_item", slow)
        if before:
            with pytest.raises(ConfigurationError, match="100 mutes at most"):
                mute(stack, "mine", "", until, NOW)
        else:
            mute(stack, "mine", "", until, NOW)
    known = as_the_function_reads(stack)
    assert len(known) == min(before + 2, MOST_MUTES)
    assert (("other", "") in known, ("mine", "") in known) == (True, not before)
    assert len(mutes_of(stack, NOW)) == len(known)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--until", "1h"], 2, "name a rule with --rule, a product with --product, or both"),
        (["--rule", "price-dorp", "--until", "1h"], 1, "there is no such rule; did you mean price-drop?"),
        (["--rule", "price-drop", "--until", "soon"], 2, "--until soon: expected a span such as 30m"),
        (["--rule", "price-drop", "--until", "2026-01-01"], 2, "a mute has to end in the future"),
        (["--rule", "price-drop", "--until", FAR], 2, "a mute may last 366 days"),
        (["--product", "x" * 513, "--until", "1h"], 2, "more than 512 characters"),
        (["--product", "x\udc80", "--until", "1h"], 2, "an unpaired surrogate"),
    ],
)
def test_what_cannot_be_muted_is_said(operate: Operate, stack: Any, arguments: list[str], code: int, said: str) -> None:
    """One line, and nothing is written."""
    done = operate("mute", *arguments, stack=stack)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert stack.client("dynamodb").scan(TableName=LEDGER)["Items"] == []


def test_a_rule_of_another_file_can_be_muted(operate: Operate, stack: Any, tmp_path: Path) -> None:
    """What is deployed need not be what is in the folder."""
    other = tmp_path / "other.toml"
    other.write_text('[[rules]]\nname = "mine"\nwhen = "added"\n', encoding="utf-8")
    assert operate("mute", "--rule", "mine", "--until", "1h", stack=stack).code == 1
    assert operate("mute", "--rule", "mine", "--rules", other, "--until", "1h", stack=stack).code == 0


def test_to_take_back_nothing_is_a_mistake(operate: Operate, stack: Any) -> None:
    """It would not take everything back."""
    done = operate("unmute", stack=stack)
    assert done.code == 2
    assert "name a rule" in done.err


# What others make of it


def _alerting(stack: Any) -> tuple[Pipeline, MemoryTopic]:
    topic = MemoryTopic()
    text = (ROOT / "alerts.toml").read_text(encoding="utf-8")
    return Pipeline(rules(text), topic, DynamoDbLedger(stack.client("dynamodb"), LEDGER, 90), MemoryFailures()), topic


def test_explain_counts_the_mutes_of_a_stage_if_asked(operate: Operate, stack: Any) -> None:
    """Without --stage it asks nobody."""
    operate("mute", "--rule", "price-drop", "--until", "300d", stack=stack)
    arguments = ["explain", "--event", EVENTS / "price-drop.json", "--rule", "price-drop", "--json"]
    (alone,) = operate(*arguments).json
    assert (alone["fired"], alone["outcome"]) == (True, "alert")
    (asked,) = operate(*arguments, "--stage", "dev", stack=stack).json
    assert (asked["fired"], asked["outcome"], asked["titles"]) == (False, "muted", [])
    assert asked["reason"].startswith("dropped 23.1% from 25.99, needs 10%; muted until 20")


def test_history_shows_what_a_mute_held_back(operate: Operate, stack: Any) -> None:
    """Marked as not sent; after the mute is taken back the next change alerts."""
    operate("mute", "--rule", "price-drop", "--until", "300d", stack=stack)
    until = operate("mutes", "--json", stack=stack).json_lines[0]["until"]
    pipeline, topic = _alerting(stack)
    assert pipeline.handle(sample("price-drop.json")) == DONE
    assert topic.published == []
    operate("unmute", "--rule", "price-drop", stack=stack)
    assert pipeline.handle(sample("price-drop.json")) == DONE
    assert pipeline.handle(sample("sold-out.json")) == DONE
    assert [message.alert.rule for message in topic.published] == ["sold-out"]
    done = operate("history", "--product", "prod-123", stack=stack)
    assert "Wireless Mouse: 19.99 USD, was 25.99" in done.lines[0]
    assert done.lines[1].startswith(f"not sent, muted until {until}; rule price-drop, id ")
    assert done.lines[3].startswith("rule sold-out, id ")
    lines = operate("history", "--product", "prod-123", "--json", stack=stack).json_lines
    assert [line["mutedUntil"] for line in lines] == [until, None]


def test_what_is_muted_is_not_a_product(operate: Operate, stack: Any) -> None:
    """A product that is called as the item is has a history of its own."""
    operate("mute", "--product", MUTES, "--until", "300d", stack=stack)
    pipeline, topic = _alerting(stack)
    shop = Shop().put(MUTES, price=10).put(MUTES, price=5).put("mug", price=10).put("mug", price=5)
    assert pipeline.handle(event(*shop.records)) == DONE
    assert {message.alert.subject for message in topic.published} == {"mug"}
    assert len(operate("history", "--product", MUTES, "--json", stack=stack).json_lines) == 2
