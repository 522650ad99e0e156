"""`python -m operations explain`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import EVENTS, added, event, raw
from tests.operations.stage import Operate
from tests.rules.scenario import HOUR, MINUTE, Shop, rule

FIELDS = ["sequenceNumber", "rule", "fired", "type", "reason", "outcome", "productId", "titles"]


@pytest.fixture
def explain(operate: Operate, tmp_path: Path) -> Operate:
    """Explain records, or an object that is not an event, by rules in a text."""

    def run(text: str, given: Any, *more: str) -> Any:
        rules, recorded = tmp_path / "alerts.toml", tmp_path / "event.json"
        rules.write_text(text, encoding="utf-8")
        recorded.write_text(json.dumps(event(*given) if isinstance(given, list) else given), encoding="utf-8")
        return operate("explain", "--event", recorded, "--rules", rules, *more)

    return run


def test_an_object_for_each_record_and_rule_comes_with_stable_names(operate: Operate) -> None:
    """What scripts read: an array, the contract's five names first, for the project's own rules by default."""
    done = operate("explain", "--event", EVENTS / "price-drop.json", "--json")
    assert done.code == 0
    assert [list(each) for each in done.json] == [FIELDS] * 8
    (fired,) = [each for each in done.json if each["fired"]]
    assert fired == {
        "sequenceNumber": "700000000000888747076",
        "rule": "price-drop",
        "fired": True,
        "type": "product.price_dropped",
        "reason": "dropped 23.1% from 25.99, needs 10%",
        "outcome": "alert",
        "productId": "prod-123",
        "titles": ["Wireless Mouse: 19.99 USD, was 25.99"],
    }


def test_records_and_rules_keep_their_order(explain: Any) -> None:
    """Record by record, and in each the rules as the file has them."""
    text = rule("removed", name="b") + rule("added", name="a")
    done = explain(text, Shop().put("x").put("y").records, "--json")
    assert [(each["productId"], each["rule"]) for each in done.json] == [("x", "b"), ("x", "a"), ("y", "b"), ("y", "a")]


def test_every_outcome_has_its_name(explain: Any) -> None:
    """quiet, alert, cooling down, limited, muted, seen."""
    text = '[product]\noverrides = "mine"\n' + rule("price_drop", 'cooldown = "1h"\nmax_per_hour = 1')
    shop = Shop().put(price=9).put(price=8).put(after=MINUTE, price=7)
    shop.put("lamp", MINUTE, price=9).put("lamp", MINUTE, price=8)
    shop.put("lamp", HOUR, price=7, mine={"r": "mute"})
    done = explain(text, [*shop.records, shop.records[1]], "--json")
    assert [each["outcome"] for each in done.json] == [
        "quiet", "alert", "cooling down", "quiet", "limited", "muted", "seen",
    ]  # fmt: skip
    assert [each["fired"] for each in done.json] == [False, True, False, False, False, False, False]
    assert done.json[4]["titles"] == ["r: 1 alert this hour, more are held back"]


def test_people_read_a_line_a_rule(explain: Any) -> None:
    """The record, then each rule: fired with its title, or not and why; and a count."""
    text = rule("price_drop", 'at_least = "10%"', "drop") + rule("low_stock", "threshold = 5", "low")
    done = explain(text, Shop().put(name="Mug", price=10).put(price=9).records[1:])
    assert done.lines == [
        "1. MODIFY mug, sequence number 700000000000888747002, 2026-11-21T09:02:00Z",
        "✓ drop  dropped 10.0% from 10, needs 10%",
        "“Mug: 9, was 10”",
        "The price of Mug (mug) dropped by 10.0%, from 10 to 9.",
        "· low   the new stock is absent",
        "1 record, 2 rules: 1 alert",
    ]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (None, "got NoneType"),
        ("text", "got str"),
        ({}, "the 'dynamodb' block is missing"),
        ({"dynamodb": {}}, "missing Keys, SequenceNumber"),
        ({**added(), "eventName": "UPSERT"}, "eventName: expected INSERT, MODIFY or REMOVE, got 'UPSERT'"),
        (raw("INSERT", new={"name": {"S": 5}}), "got {'S': 5}"),
        (raw("INSERT", new={"name": {"X": "5"}}), "of a known type"),
        (raw("INSERT", new={}, keys={"productId": "p"}), "expected an attribute value"),
    ],
)
def test_a_malformed_record_is_explained_and_its_neighbours_go_on(record: Any, said: str, explain: Any) -> None:
    """It goes to the failures queue, and why; in JSON every rule says so."""
    done = explain(rule("added"), [record, added("b", at=2)], "--json")
    first, second = done.json
    assert (first["fired"], second["fired"]) == (False, True)
    assert first["reason"].startswith("malformed, goes to the failures queue: ")
    assert said in first["reason"]
    shown = explain(rule("added"), [record, added("b", at=2)])
    assert shown.lines[0].startswith("1. malformed record, sequence number ")
    assert shown.lines[1] == f"✗ {first['reason']}"


def test_a_sequence_number_that_no_stream_gives_is_no_crash(explain: Any) -> None:
    """Whatever breaks in the evaluation of a record, the function parks it, and so it is explained."""
    record = added()
    record["dynamodb"]["SequenceNumber"] = "9" * 5000
    done = explain(rule("added", 'cooldown = "1h"'), [record], "--json")
    assert done.code == 0
    assert done.json[0]["reason"].startswith(
        "malformed, goes to the failures queue: dynamodb.SequenceNumber: expected digits"
    )


def test_a_malformed_exception_of_a_product_is_reported(explain: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The default holds, and the log says what is wrong."""
    text = '[product]\noverrides = "mine"\n' + rule("price_drop")
    done = explain(text, Shop().put(price=9, mine={"r": 5}).put(price=8).records, "--json")
    assert [each["fired"] for each in done.json] == [False, True]
    assert "malformed exception" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--event", "nowhere.json"), "nowhere.json: cannot be read"),
        (("--event", EVENTS / "price-drop.json", "--rules", "nowhere.toml"), "the file is missing"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(arguments: tuple[str, ...], said: str, operate: Operate) -> None:
    """Exit code 1, the reason on standard error, nothing on standard output."""
    done = operate("explain", *arguments)
    assert (done.code, done.out) == (1, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_rules_file_with_mistakes_explains_nothing(explain: Any) -> None:
    """All mistakes are listed instead."""
    done = explain(rule("price_drop", "at_leest = 5\nseverity = 'loud'"), [added()])
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[0] == "alerts.toml: 2 mistakes"


def test_an_empty_batch_has_nothing_to_explain(explain: Any) -> None:
    """No record, no verdict, no failure."""
    assert explain(rule("added"), [], "--json").json == []
    assert explain(rule("added"), []).lines == ["0 records, 1 rule: 0 alerts"]


@pytest.fixture
def changes(operate: Operate, tmp_path: Path) -> Operate:
    """Explain changes in the notation, by rules in a text."""

    def run(text: str, *given: str) -> Any:
        rules = tmp_path / "alerts.toml"
        rules.write_text(text, encoding="utf-8")
        return operate("explain", "--rules", rules, *(part for each in given for part in ("--change", each)), "--json")

    return run


HOME = rule("price_drop", 'where = { category = "Home" }')


@pytest.mark.parametrize(
    ("text", "change", "title"),
    [
        (HOME, "category Home, price 10 → 8", "prod-123: 8, was 10"),
        (HOME, "category Home, price 10 -> 8", "prod-123: 8, was 10"),
        (HOME, 'category "Home", name "A, B", price 10 → 8', "A, B: 8, was 10"),
        (HOME, "lamp: category Home, name Desk Lamp, price 10 → 8", "Desk Lamp: 8, was 10"),
        (rule("added"), "new: price 5", "New product: prod-123"),
        (rule("added"), "new:", "New product: prod-123"),
        (rule("removed"), "removed: price 5", "prod-123 was removed"),
        (rule("removed"), "expired: price 5", "prod-123 has expired"),
        (rule("changed"), "tags set(a, b) → set(b, c)", "prod-123 changed: tags a, b → b, c"),
        (rule("changed"), "specs.size.cm 5 → 6", "prod-123 changed: specs size: cm: 5 → size: cm: 6"),
        (rule("changed"), "active true → none", "prod-123 changed: active yes → none"),
        ('[product]\nid = "sku"\nprice = "pricing.amount"\n' + rule("price_drop"), "pricing.amount 10 → 8",
         "prod-123: 8, was 10"),
        ('[product]\nprice_type = "text"\n' + rule("price_drop"), 'price "9.90" → "8.80"', "prod-123: 8.80, was 9.90"),
    ],
)  # fmt: skip
def test_a_change_can_be_given_in_the_notation_of_the_rules(changes: Any, text: str, change: str, title: str) -> None:
    """No file to write: what stands in docs/rules.md, or on one's mind."""
    done = changes(text, change)
    assert (done.code, done.err) == (0, "")
    assert done.json[0]["titles"] == [title]


def test_changes_come_one_after_the_other(changes: Any) -> None:
    """What rules remember of one counts for the next, and a time may stand before each."""
    text = rule("price_drop", 'cooldown = "1h"')
    done = changes(text, "09:00 price 10 → 8", "09:30 price 8 → 7", "10:00 price 7 → 6")
    assert [each["outcome"] for each in done.json] == ["alert", "cooling down", "alert"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("price", "'price' is not NAME VALUE or NAME OLD → NEW"),
        ("price 10 → 8,", "'' is not NAME VALUE"),
        ("price {1 → 2", "is not understood"),
        ("offers[0].price 1 → 2", "write the whole list"),
        ("25:00 price 1 → 2", "25:00 is not a time of day"),
        ("[" * 100_000 + " 1", "is not understood"),
    ],
)
def test_a_change_that_is_not_understood_is_said_in_one_line(changes: Any, change: str, said: str) -> None:
    """With an example of how to write it, and no traceback."""
    done = changes(rule("price_drop"), change)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_one_rule_can_be_asked_alone(explain: Any) -> None:
    """A name that the file does not have is pointed out."""
    text = rule("price_drop", "", "drop") + rule("low_stock", "threshold = 5", "low")
    records = Shop().put(name="Mug", price=10).put(price=9).records[1:]
    done = explain(text, records, "--rule", "drop", "--json")
    assert [each["rule"] for each in done.json] == ["drop"]
    done = explain(text, records, "--rule", "dorp")
    assert (done.code, "--rule dorp: there is no such rule; did you mean drop?" in done.err) == (1, True)
