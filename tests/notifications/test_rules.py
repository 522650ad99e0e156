"""Which rules fire, and what is said where they cannot."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.rules.ruleset import Ruleset
from notifications.stream.attributes import Path
from notifications.stream.changes import VIEW_TYPES
from tests.builders import (
    EVERY_KIND,
    added,
    change_of,
    image,
    modified,
    one_rule,
    priced,
    raw,
    records,
    removed,
    rules,
    stocked,
    typed,
)

ALL = rules(EVERY_KIND)
ANYTHING = one_rule("changed")
WHERE = rules(
    """
[[rules]]
name = "added"
when = "added"
where = { name = ["a", "b"], "specs.color" = "a" }

[[rules]]
name = "drop"
when = "price_drop"
where = { stock = [0, 5], name = "a" }

[[rules]]
name = "removed"
when = "removed"
where = { tags = true }
"""
)


def fired(ruleset: Ruleset, entry: dict[str, Any]) -> list[str]:
    """Name the rules that fire for a record, as if each saw its first change."""
    change = change_of(entry)
    return [rule.name for rule in ruleset.concerned(change) if rule.judge(change).fired]


def twice(drawn: dict[str, Any]) -> dict[str, Any]:
    """Give the record of a change that changed nothing but the order of sets."""
    change = drawn["dynamodb"]
    image_ = change.get("NewImage") or change.get("OldImage") or {}
    return raw("MODIFY", old=image_, new=image_)


# The short cuts agree with the long way


@settings(max_examples=150)
@given(records(), st.sampled_from([ALL, ANYTHING, WHERE]))
def test_the_short_cuts_agree_with_judging_every_rule(entry: dict[str, Any], ruleset: Ruleset) -> None:
    """What is dismissed concerns no rule, and a rule that is not concerned would not fire, in the file's order."""
    change = change_of(entry)
    judged = [rule.name for rule in ruleset.rules if rule.judge(change).fired]
    assert fired(ruleset, entry) == judged
    if ruleset.prefilter.can_skip(entry):
        assert judged == []
        assert ruleset.concerned(change) == []


@given(records(), st.sampled_from([ALL, ANYTHING, WHERE]))
def test_a_record_that_changed_nothing_is_dismissed(entry: dict[str, Any], ruleset: Ruleset) -> None:
    """The cheap way out is taken by every record that it is made for."""
    assert ruleset.prefilter.can_skip(twice(entry))


@given(records())
def test_every_judgement_has_its_reason_in_words(entry: dict[str, Any]) -> None:
    """Whatever the item holds, asking why never fails."""
    change = change_of(entry)
    for rule in (*ALL.rules, *WHERE.rules):
        assert rule.judge(change).reason


def test_a_set_in_another_order_concerns_no_rule() -> None:
    """No rule is asked about a change that is none."""
    entry = raw("MODIFY", old={"tags": {"SS": ["a", "b"]}}, new={"tags": {"SS": ["b", "a"]}})
    assert ALL.concerned(change_of(entry)) == []


def test_a_change_of_what_no_rule_names_is_dismissed() -> None:
    """Nearly every record ends there."""
    assert ALL.prefilter.can_skip(modified({"views": 1}, {"views": 2}))
    assert not ALL.prefilter.can_skip(priced(2, 1))
    assert not ANYTHING.prefilter.can_skip(modified({"views": 1}, {"views": 2}))


def test_nothing_but_a_modification_is_dismissed() -> None:
    """Insertions and removals are decided by the rules."""
    assert not ALL.prefilter.can_skip(added())
    assert not ALL.prefilter.can_skip(removed())


@pytest.mark.parametrize("entry", [None, 5, "x", [], {}, {"eventName": "MODIFY"}, raw("MODIFY")])
def test_what_is_in_doubt_is_not_dismissed(entry: Any) -> None:
    """A record that cannot be read is for the decoder to judge."""
    assert not ALL.prefilter.can_skip(entry)


@pytest.mark.parametrize("image_", ["text", 5, [], None])
def test_an_image_that_is_no_map_is_not_dismissed(image_: Any) -> None:
    """Also where a rule looks at any attribute, two equal non-images are no item that stayed the same."""
    entry = modified({}, {})
    entry["dynamodb"] |= {"OldImage": image_, "NewImage": image_}
    assert not ALL.prefilter.can_skip(entry)
    assert not ANYTHING.prefilter.can_skip(entry)


def test_rules_fire_in_the_order_of_the_file() -> None:
    """Alerts about one record come as the file lists its rules."""
    entry = modified({"price": 2, "stock": 5, "name": "a"}, {"price": 1, "stock": 0, "name": "b"})
    assert fired(ALL, entry) == ["changed", "drop", "out", "low"]


def test_with_rules_for_other_events_a_modification_is_free() -> None:
    """A file of `added` and `removed` alone dismisses every modification."""
    assert one_rule("added").prefilter.can_skip(priced(2, 1))


# where


def met(demand: str, **attributes: Any) -> bool:
    """Tell whether a rule with this `where` fires for a new item."""
    return bool(fired(one_rule("added", f"where = {{ {demand} }}"), added(**attributes)))


@pytest.mark.parametrize(
    ("demand", "value", "expected"),
    [
        ('a = "x"', "x", True),
        ('a = "x"', "y", False),
        ('a = "x"', None, False),
        ('a = ["x", "y"]', "y", True),
        ('a = ["x", "y"]', "z", False),
        ("a = 5", 5, True),
        ('a = "5"', 5, False),
        ("a = 5", "5", False),
        ("a = 0", False, False),
        ("a = 1", True, False),
        ("a = true", True, True),
        ("a = true", False, False),
        ("a = false", False, True),
        ('a = "true"', True, False),
        ('a = ["x", 5, true]', 5, True),
        ('a = ["x", 5, true]', True, True),
        ('a = ""', "", True),
        ('a = "x"', {"x"}, False),
        ('a = "x"', ["x"], False),
        ('"a.b" = "x"', {"b": "x"}, True),
        ('"a.b" = "x"', {"b": "y"}, False),
        ('"a[0]" = "x"', ["x"], True),
    ],
)
def test_a_demand_is_met_by_an_equal_value_of_its_type(demand: str, value: Any, expected: bool) -> None:
    """Text equals an S, a number an N, true or false a BOOL; any of a list will do."""
    assert met(demand, a=value) is expected


def test_numbers_are_equal_however_they_are_written() -> None:
    """5, 5.0 and 5E+0 are one number; the 38th digit counts."""
    for text in ("5", "5.0", "0.5E+1"):
        assert fired(one_rule("added", "where = { a = 5 }"), raw("INSERT", new={"a": {"N": text}}))
    assert not fired(
        one_rule("added", f"where = {{ a = {'9' * 38} }}"), raw("INSERT", new={"a": {"N": "9" * 37 + "8"}})
    )


def test_an_absent_attribute_meets_no_demand() -> None:
    """What is not there is not equal to anything."""
    assert not met('a = "x"')
    assert not met("a = false")


def test_all_demands_have_to_be_met() -> None:
    """Several demands narrow."""
    assert met('a = "x", b = 1', a="x", b=1)
    assert not met('a = "x", b = 1', a="x", b=2)
    assert not met('a = "x", b = 1', a="y", b=1)


def test_a_demand_looks_at_the_item_as_it_is_and_of_a_removal_as_it_was() -> None:
    """The new image, and the old one where there is no newer."""
    drop = one_rule("price_drop", 'where = { a = "x" }')
    assert fired(drop, modified({"price": 2, "a": "y"}, {"price": 1, "a": "x"}))
    assert not fired(drop, modified({"price": 2, "a": "x"}, {"price": 1, "a": "y"}))
    assert fired(one_rule("removed", 'where = { a = "x" }'), removed(a="x"))


def test_a_change_that_only_meets_a_demand_fires_nothing() -> None:
    """`where` narrows a rule; it is no reason by itself."""
    assert not fired(one_rule("price_drop", 'where = { a = "x" }'), modified({"a": "y"}, {"a": "x"}))


def test_the_reason_names_the_demand_that_is_not_met() -> None:
    """People see what the value is and what it needs to be."""
    (rule,) = one_rule("added", 'where = { a = ["x", "y"] }').rules
    assert rule.judge(change_of(added(a="z"))).reason == "a is z, needs x or y"
    assert rule.judge(change_of(added())).reason == "a is absent, needs x or y"


def test_a_malformed_value_meets_no_demand() -> None:
    """A value that is none is not what was demanded, and no reason to give up a record that concerns no rule."""
    for value in ({"X": 1}, "bare", {"S": ["x"]}, {"BOOL": "true"}, {}):
        entry = raw("INSERT", new={"a": value})
        assert fired(one_rule("added", 'where = { a = ["x", true, 5] }'), entry) == []


# Streams that send too little


@pytest.mark.parametrize("view_type", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE"])
def test_a_blind_rule_says_so_once(view_type: str, caplog: pytest.LogCaptureFixture) -> None:
    """A rule that compares says once in the log that this stream gives it nothing to compare, and what to do."""
    caplog.set_level(logging.WARNING)
    ruleset = one_rule("price_drop")
    for at in range(3):
        entry = raw(
            "MODIFY",
            old=image(price=2) if view_type == "OLD_IMAGE" else None,
            new=image(price=1) if view_type == "NEW_IMAGE" else None,
            at=at,
            view_type=view_type,
        )
        assert fired(ruleset, entry) == []
    (said,) = caplog.messages
    assert said.startswith('rule "r" (price_drop) needs the ')
    assert f"the stream sends {view_type}: it will not fire." in said
    assert "NEW_AND_OLD_IMAGES" in said


def test_a_blind_rule_says_so_for_each_view_type(caplog: pytest.LogCaptureFixture) -> None:
    """A stream that was replaced by another is another case."""
    ruleset = one_rule("price_drop")
    for view_type in ("KEYS_ONLY", "NEW_IMAGE", "KEYS_ONLY"):
        fired(ruleset, raw("MODIFY", new=image(price=1) if view_type == "NEW_IMAGE" else None, view_type=view_type))
    assert len(caplog.messages) == 2
    assert "needs the old and the new image" in caplog.messages[0]
    assert "needs the old image" in caplog.messages[1]


def test_each_blind_rule_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """Every rule that cannot fire is told, and no other."""
    ruleset = rules(EVERY_KIND)
    for event_name in ("MODIFY", "INSERT", "REMOVE"):
        fired(ruleset, raw(event_name, view_type="KEYS_ONLY"))
    named = {message.split('"')[1] for message in caplog.messages}
    assert named == {"changed", "drop", "rise", "out", "back", "low"}


@pytest.mark.parametrize("view_type", VIEW_TYPES)
def test_added_and_removed_fire_whatever_the_stream_sends(view_type: str, caplog: pytest.LogCaptureFixture) -> None:
    """The event says it all; nothing is missing."""
    assert fired(rules(EVERY_KIND), raw("INSERT", view_type=view_type)) == ["added"]
    assert fired(rules(EVERY_KIND), raw("REMOVE", view_type=view_type)) == ["removed"]
    assert caplog.messages == []


def test_a_demand_needs_the_image_that_holds_it(caplog: pytest.LogCaptureFixture) -> None:
    """With KEYS_ONLY a rule about a category is blind, one about the key is not."""
    about_category = one_rule("added", 'where = { category = "Home" }')
    about_key = one_rule("added", 'where = { productId = "prod-1" }')
    entry = raw("INSERT", view_type="KEYS_ONLY")
    assert fired(about_category, entry) == []
    assert "needs the new image" in caplog.text
    caplog.clear()
    assert fired(about_key, entry) == ["r"]
    assert caplog.messages == []
    about_old = one_rule("removed", 'where = { category = "Home" }')
    assert fired(about_old, raw("REMOVE", view_type="NEW_IMAGE")) == []
    assert "needs the old image" in caplog.text


def test_a_rule_knows_which_images_it_needs() -> None:
    """What `operations check` compares with the table."""
    (drop,) = one_rule("price_drop").rules
    (demanding,) = one_rule("added", "where = { a = 1, b = 2 }").rules
    assert drop.needs("MODIFY") == {"old", "new"}
    assert demanding.needs("INSERT") == {"new"}
    assert demanding.needs("INSERT", ["a"]) == {"new"}
    assert demanding.needs("INSERT", ["a", "b"]) == set()


# What an alert reports


def test_a_rule_about_attributes_reports_those_and_others_report_all() -> None:
    """`changed` lists what it names; a price drop shows all that changed with it."""
    (changed,) = one_rule("changed", 'attributes = ["a", "b.c"]').rules
    (anything,) = one_rule("changed").rules
    (drop,) = one_rule("price_drop").rules
    assert changed.reports == (Path.parse("a"), Path.parse("b.c"))
    assert anything.reports is None
    assert drop.reports is None


def test_neighbours_in_a_map_do_not_fire_each_other() -> None:
    """A nested attribute's sibling is another attribute, also to the index."""
    entry = modified({"specs": {"color": "a", "size": 1}}, {"specs": {"color": "a", "size": 2}})
    assert not ALL.prefilter.can_skip(entry)
    assert fired(ALL, entry) == []


def test_the_stock_rules_fire_together_where_both_edges_are_crossed() -> None:
    """From plenty to nothing is low and out."""
    assert fired(ALL, stocked(9, 0)) == ["out", "low"]
    assert typed(0) == {"N": "0"}
