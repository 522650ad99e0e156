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
    assert done.json[4]["titles"] == ["r: 1 alerts this hour, more are held back"]


def test_people_read_a_line_a_rule(explain: Any) -> None:
    """The record, then each rule: fired with its title, or not and why; and a count."""
    text = rule("price_drop", 'at_least = "10%"', "drop") + rule("low_stock", "threshold = 5", "low")
    done = explain(text, Shop().put(name="Mug", price=10).put(price=9).records[1:])
    assert done.lines == [
        "1. MODIFY mug, sequence number 700000000000888747002, 2026-11-21T09:02:00Z",
        "✓ drop  dropped 10.0% from 10, needs 10%",
        "“Mug: 9, was 10”",
        "· low   the new stock is not a number",
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
