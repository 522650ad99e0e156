"""Which records can be skipped: the quick checks against the exact judgement that they save."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.config import rules_file
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import decode
from tests.builders import (
    added,
    modified,
    one_rule,
    priced,
    raw,
    records,
    removed,
)
from tests.notifications.rules.examples import ALL, ANYTHING, WHERE

RULES = (
    'when = "price_drop"',
    'when = "price_rise"',
    'when = "price_drop"\nat_least = "10%"',
    'when = "price_rise"\nat_least = "0.1%"',
    'when = "price_drop"\nat_least = "0.05"',
    'when = "price_rise"\nat_least = "250000000000%"',
    'when = "price_drop"\nbelow = "20"',
    'when = "price_drop"\nbelow = "5"\nat_least = "10%"',
    'when = "price_rise"\nabove = "5"',
    'when = "price_rise"\nabove = "0.1"',
    'when = "price_drop"\nbelow = "20"\nfirst_sight = true',
    'when = "price_drop"\nat_least = "10%"\nbaseline = "last_alert"',
    'when = "out_of_stock"',
    'when = "back_in_stock"',
    'when = "low_stock"\nthreshold = 5',
    'when = "low_stock"\nthreshold = 0.1',
    'when = "low_stock"\nthreshold = 5\nincludes_zero = false',
    'when = "low_stock"\nthreshold = 5\nrearm = 7',
)


NUMBERS = st.one_of(
    st.integers(-3, 30).map(str),
    st.decimals(-100, 100, places=2).map(str),
    st.decimals("4.9999999999999999999999999", "5.0000000000000000000000001", places=25).map(str),
    st.sampled_from(["0.1", "0.0999999999999999999999999", "-0", "9.9E+125", "1E-130", "22.5", "25", "22.50000000001"]),
    st.sampled_from(["nan", "inf", "1_0", " 5 ", "", "1E+999", "\u0665"]),
)


VALUES = st.one_of(NUMBERS.map(lambda text: {"N": text}), st.sampled_from([None, {"S": "5"}, {"NULL": True}, {}, "5"]))


def _record(old: Any, new: Any) -> dict[str, Any]:
    images = {
        name: {"productId": {"S": "p"}, **({} if value is None else {"price": value, "stock": value})}
        for name, value in (("OldImage", old), ("NewImage", new))
    }
    change = {"Keys": {"productId": {"S": "p"}}, "SequenceNumber": "1", "StreamViewType": "NEW_AND_OLD_IMAGES"}
    return {"eventName": "MODIFY", "dynamodb": {**change, **images}}


@pytest.mark.parametrize("rule", RULES)
@given(old=VALUES, new=VALUES)
def test_a_record_is_skipped_only_if_no_rule_could_fire(rule: str, old: Any, new: Any) -> None:
    """Whatever the two values are, a skipped record is one that the exact judgement turns down, too."""
    ruleset = rules_file.parse(f'[[rules]]\nname = "rule"\n{rule}\n')
    record = _record(old, new)
    (compiled,) = ruleset.rules
    if not ruleset.prefilter.can_skip(record):
        return
    if compiled.condition.uses_memory:
        assert old == new
    assert not compiled.judge(decode(record)).fired


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ('when = "price_drop"\nat_least = "10%"', "25", "22.51"),
        ('when = "price_drop"\nat_least = "10%"', "25", "30"),
        ('when = "price_rise"', "25", "24.99"),
        ('when = "price_drop"\nbelow = "20"', "26", "25"),
        ('when = "price_drop"\nbelow = "20"', "19", "18"),
        ('when = "price_rise"\nabove = "30"', "25", "26"),
        ('when = "out_of_stock"', "12", "11"),
        ('when = "back_in_stock"', "12", "11"),
        ('when = "low_stock"\nthreshold = 5', "12", "11"),
    ],
)
def test_everyday_changes_are_skipped(rule: str, old: str, new: str) -> None:
    """The changes that a shop makes all day cost no decoding."""
    ruleset = rules_file.parse(f'[[rules]]\nname = "rule"\n{rule}\n')
    assert ruleset.prefilter.can_skip(_record({"N": old}, {"N": new}))


def test_a_product_may_carry_an_exception_so_nothing_is_skipped_by_the_rule_alone() -> None:
    """With exceptions allowed, a price that moved is looked at in full."""
    rule = '[[rules]]\nname = "rule"\nwhen = "price_drop"\nat_least = "10%"\n'
    ruleset = rules_file.parse(f'[product]\noverrides = "alerts"\n{rule}')
    assert not ruleset.prefilter.can_skip(_record({"N": "25"}, {"N": "24"}))


@pytest.mark.parametrize("event_name", ["INSERT", "REMOVE"])
def test_an_event_that_no_rule_is_for_is_skipped_if_it_is_a_stream_record(event_name: str) -> None:
    """What is not a record is looked at in full, and given up there."""
    ruleset = rules_file.parse('[[rules]]\nname = "rule"\nwhen = "price_drop"\n')
    record = {**_record(None, None), "eventName": event_name}
    assert ruleset.prefilter.can_skip(record)
    assert not ruleset.prefilter.can_skip({**record, "dynamodb": {}})


def test_a_removal_is_not_skipped_where_a_rule_remembers() -> None:
    """A removed product's memory has to be forgotten."""
    ruleset = rules_file.parse('[[rules]]\nname = "rule"\nwhen = "price_drop"\ncooldown = "1h"\n')
    assert not ruleset.prefilter.can_skip({**_record(None, None), "eventName": "REMOVE"})


def twice(drawn: dict[str, Any]) -> dict[str, Any]:
    """Give the record of a change that changed nothing but the order of sets."""
    change = drawn["dynamodb"]
    image_ = change.get("NewImage") or change.get("OldImage") or {}
    return raw("MODIFY", old=image_, new=image_)


@given(records(), st.sampled_from([ALL, ANYTHING, WHERE]))
def test_a_record_that_changed_nothing_is_skipped(entry: dict[str, Any], ruleset: Ruleset) -> None:
    """Every record that the shortcut is made for takes it."""
    assert ruleset.prefilter.can_skip(twice(entry))


def test_a_change_of_what_no_rule_names_is_skipped() -> None:
    """Nearly every record ends there."""
    assert ALL.prefilter.can_skip(modified({"views": 1}, {"views": 2}))
    assert not ALL.prefilter.can_skip(priced(2, 1))
    assert not ANYTHING.prefilter.can_skip(modified({"views": 1}, {"views": 2}))


def test_nothing_but_a_modification_is_skipped() -> None:
    """Insertions and removals are decided by the rules."""
    assert not ALL.prefilter.can_skip(added())
    assert not ALL.prefilter.can_skip(removed())


@pytest.mark.parametrize("entry", [None, 5, "x", [], {}, {"eventName": "MODIFY"}, raw("MODIFY")])
def test_a_record_in_doubt_is_not_skipped(entry: Any) -> None:
    """A record that cannot be read is for the decoder to judge."""
    assert not ALL.prefilter.can_skip(entry)


@pytest.mark.parametrize("image_", ["text", 5, [], None])
def test_an_image_that_is_not_a_map_is_not_skipped(image_: Any) -> None:
    """Also where a rule looks at any attribute, two equal non-images are not an item that stayed the same."""
    entry = modified({}, {})
    entry["dynamodb"] |= {"OldImage": image_, "NewImage": image_}
    assert not ALL.prefilter.can_skip(entry)
    assert not ANYTHING.prefilter.can_skip(entry)


def test_with_rules_for_other_events_a_modification_is_skipped() -> None:
    """A file of `added` and `removed` alone skips every modification."""
    assert one_rule("added").prefilter.can_skip(priced(2, 1))
