"""Which rules fire, and what is said where they cannot."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import VIEW_TYPES
from tests.builders import (
    EVERY_KIND,
    change_of,
    image,
    modified,
    one_rule,
    raw,
    records,
    rules,
    stocked,
    typed,
)
from tests.notifications.rules.examples import ALL, ANYTHING, WHERE


def fired(ruleset: Ruleset, entry: dict[str, Any]) -> list[str]:
    """Name the rules that fire for a record, as if each saw its first change."""
    change = change_of(entry)
    return [rule.name for rule in ruleset.concerned(change) if rule.judge(change).fired]


# The short cuts agree with the long way


@settings(max_examples=150)
@given(records(), st.sampled_from([ALL, ANYTHING, WHERE]))
def test_the_short_cuts_agree_with_judging_every_rule(entry: dict[str, Any], ruleset: Ruleset) -> None:
    """A skipped record concerns no rule, and a rule that is not concerned would not fire, in the file's order."""
    change = change_of(entry)
    judged = [rule.name for rule in ruleset.rules if rule.judge(change).fired]
    assert fired(ruleset, entry) == judged
    if ruleset.prefilter.can_skip(entry):
        assert judged == []
        assert ruleset.concerned(change) == []


@given(records())
def test_every_judgement_has_its_reason_in_words(entry: dict[str, Any]) -> None:
    """Whatever the item holds, asking why never fails."""
    change = change_of(entry)
    for rule in (*ALL.rules, *WHERE.rules):
        assert rule.judge(change).reason


def test_a_set_in_another_order_concerns_no_rule() -> None:
    """No rule is asked about a change that changes nothing."""
    entry = raw("MODIFY", old={"tags": {"SS": ["a", "b"]}}, new={"tags": {"SS": ["b", "a"]}})
    assert ALL.concerned(change_of(entry)) == []


def test_rules_fire_in_the_order_of_the_file() -> None:
    """Alerts about one record come as the file lists its rules."""
    entry = modified({"price": 2, "stock": 5, "name": "a"}, {"price": 1, "stock": 0, "name": "b"})
    assert fired(ALL, entry) == ["changed", "drop", "out", "low"]


# Streams that send too little


@pytest.mark.parametrize("view_type", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE"])
def test_a_rule_that_lacks_an_image_says_so_once(view_type: str, caplog: pytest.LogCaptureFixture) -> None:
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


def test_a_rule_that_lacks_an_image_says_so_for_each_view_type(caplog: pytest.LogCaptureFixture) -> None:
    """A stream that was replaced by another is another case."""
    ruleset = one_rule("price_drop")
    for view_type in ("KEYS_ONLY", "NEW_IMAGE", "KEYS_ONLY"):
        fired(ruleset, raw("MODIFY", new=image(price=1) if view_type == "NEW_IMAGE" else None, view_type=view_type))
    assert len(caplog.messages) == 2
    assert "needs the old and the new image" in caplog.messages[0]
    assert "needs the old image" in caplog.messages[1]


def test_each_rule_that_lacks_an_image_is_named(caplog: pytest.LogCaptureFixture) -> None:
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


def test_first_sight_without_the_image_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """With KEYS_ONLY a new product's price is never seen."""
    ruleset = one_rule("price_drop", "below = 20\nfirst_sight = true")
    assert fired(ruleset, raw("INSERT", view_type="KEYS_ONLY")) == []
    assert ruleset.rules[0].judge(change_of(raw("INSERT", view_type="KEYS_ONLY"))).reason == (
        "needs the new image, the stream sends KEYS_ONLY"
    )
    assert "needs the new image" in caplog.text


def test_where_needs_the_image_that_holds_the_attribute(caplog: pytest.LogCaptureFixture) -> None:
    """With KEYS_ONLY a rule about a category cannot fire, one about the key can."""
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


# What an alert reports


def test_neighbours_in_a_map_do_not_fire_each_other() -> None:
    """A nested attribute's sibling is another attribute, also to the index."""
    entry = modified({"specs": {"color": "a", "size": 1}}, {"specs": {"color": "a", "size": 2}})
    assert not ALL.prefilter.can_skip(entry)
    assert fired(ALL, entry) == []


def test_the_stock_rules_fire_together_where_both_edges_are_crossed() -> None:
    """From plenty to nothing is low and out."""
    assert fired(ALL, stocked(9, 0)) == ["out", "low"]
    assert typed(0) == {"N": "0"}
