"""Whether the stream, its filters and the function's timeout suit the rules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operations.settings.compatibility import Mismatch, mismatches, service_seconds
from operations.settings.project import PROJECT
from operations.settings.service_file import Service, read_service
from tests.builders import EVERY_KIND, rules
from tests.rules.scenario import rule

GOOD: dict[str, Any] = {
    "startingPosition": "TRIM_HORIZON",
    "maximumRetryAttempts": 50,
    "maximumRecordAgeInSeconds": 21600,
    "functionResponseType": "ReportBatchItemFailures",
    "destinations": {"onFailure": {"arn": "arn", "type": "sqs"}},
    "batchSize": 100,
}


def _mismatches(text: str, view_type: str = "NEW_AND_OLD_IMAGES", timeout: float = 60, **stream: Any) -> list[Mismatch]:
    settings = {name: value for name, value in {**GOOD, **stream}.items() if value is not None}
    return mismatches(rules(text), Service("dev", view_type, ("productId",), settings, timeout))


def _keys(text: str, **settings: Any) -> list[tuple[str, str]]:
    return [(mismatch.key, mismatch.rule) for mismatch in _mismatches(text, **settings)]


def test_what_fits_is_not_complained_about() -> None:
    """Rules of every kind, and settings as the project ships them."""
    assert _mismatches(EVERY_KIND) == []
    for stage in ("dev", "staging", "prod", "local"):
        assert mismatches(rules(EVERY_KIND), read_service(PROJECT, stage, {})) == []


@pytest.mark.parametrize(
    ("view_type", "without_images"),
    [
        ("NEW_AND_OLD_IMAGES", []),
        ("NEW_IMAGE", ["changed", "drop", "rise", "out", "back", "low"]),
        ("OLD_IMAGE", ["changed", "drop", "rise", "out", "back", "low"]),
        ("KEYS_ONLY", ["changed", "drop", "rise", "out", "back", "low"]),
    ],
)
def test_a_view_type_that_lacks_what_a_rule_compares_is_a_mismatch(view_type: str, without_images: list[str]) -> None:
    """Each rule that would never fire is named."""
    assert _keys(EVERY_KIND, view_type=view_type) == [("StreamViewType", name) for name in without_images]


@pytest.mark.parametrize(
    ("when", "view_type", "fits"),
    [("added", "NEW_IMAGE", True), ("added", "OLD_IMAGE", False), ("removed", "OLD_IMAGE", True),
     ("removed", "NEW_IMAGE", False)],
)  # fmt: skip
def test_a_demand_needs_the_image_that_it_looks_at(when: str, view_type: str, fits: bool) -> None:
    """`where` on a new item needs the new image, on a removed one the old."""
    text = rule(when, 'where = { category = "Home" }')
    assert (_mismatches(text, view_type=view_type) == []) is fits
    assert _mismatches(rule(when, 'where = { productId = { prefix = "p" } }'), view_type=view_type) == []


def test_the_message_says_what_to_do() -> None:
    """Rule, what it lacks, what the stream sends, and the remedy."""
    (mismatch,) = _mismatches(rule("price_drop"), view_type="NEW_IMAGE")
    assert mismatch.message == (
        'rule "r" (price_drop) needs the old image, but the stream sends NEW_IMAGE: it will not fire. '
        "Give the table a stream with NEW_AND_OLD_IMAGES."
    )


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ({"startingPosition": "LATEST"}, "startingPosition"),
        ({"startingPosition": "latest"}, "startingPosition"),
        ({"destinations": None}, "destinations"),
        ({"destinations": {}}, "destinations"),
        ({"destinations": None, "maximumRecordAgeInSeconds": -1}, "destinations"),
        ({"destinations": None, "maximumRetryAttempts": -1}, "destinations"),
        ({"functionResponseType": None}, "functionResponseType"),
        ({"batchSize": 5000}, "timeout"),
        ({"batchSize": "5000"}, "timeout"),
        ({"timeout": 10}, "timeout"),
    ],
    ids=str,
)
def test_a_setting_that_breaks_a_promise_is_told(setting: dict[str, Any], key: str) -> None:
    """One line a setting, by the name that serverless.yml has for it."""
    assert _keys(rule("added"), **setting) == [(key, "")]


def test_endless_retries_need_no_destination() -> None:
    """What is never given up goes nowhere."""
    endless: dict[str, Any] = {"maximumRetryAttempts": -1, "maximumRecordAgeInSeconds": -1, "destinations": None}
    assert _mismatches(rule("added"), **endless) == []


def test_the_time_that_a_batch_may_take_grows_with_its_size() -> None:
    """Ten alerts a publish."""
    assert service_seconds(10) < service_seconds(100) < service_seconds(10_000)
    assert _mismatches(rule("added"), timeout=service_seconds(100)) == []
    assert _keys(rule("added"), timeout=service_seconds(100) - 0.1) == [("timeout", "")]


@pytest.mark.parametrize(
    ("pattern", "text", "key"),
    [
        ({"eventName": ["INSERT"]}, rule("added"), None),
        ({"eventName": ["INSERT"]}, rule("price_drop"), "filterPatterns"),
        ({"eventName": ["MODIFY", "REMOVE"]}, rule("added"), "filterPatterns"),
        ({"eventName": [{"prefix": "M"}]}, rule("added"), None),  # not a literal: in doubt it is let through
        ({"dynamodb": {"NewImage": {"category": {"S": ["Home"]}}}}, rule("removed"), "filterPatterns"),
        ({"dynamodb": {"NewImage": {"category": {"S": ["Home"]}}}}, rule("added"), None),
        ({"dynamodb": {"OldImage": {"stock": {"N": ["0"]}}}}, rule("added"), "filterPatterns"),
        ({"dynamodb": {"OldImage": {"stock": [{"exists": False}]}}}, rule("added"), None),
        (
            {"dynamodb": {"NewImage": {"category": {"S": ["Home"]}}}},
            rule("added", 'where = { category = "Toys" }'),
            "filterPatterns",
        ),
        (
            {"dynamodb": {"NewImage": {"category": {"S": ["Home", "Toys"]}}}},
            rule("added", 'where = { category = "Toys" }'),
            None,
        ),
        (
            {"dynamodb": {"NewImage": {"category": {"S": ["Home"]}}}},
            rule("added", 'where = [{ category = "Toys" }, { category = "Sale", stock = 1 }]'),
            "filterPatterns",
        ),
        (
            {"dynamodb": {"NewImage": {"category": {"S": ["Home"]}}}},
            rule("added", 'where = [{ category = "Toys" }, { stock = 1 }]'),
            None,
        ),
        ({"dynamodb": {"NewImage": {"price": {"N": [{"numeric": ["<", 5]}]}}}}, rule("added"), "filterPatterns"),
        ({"dynamodb": {"NewImage": {"price": {"N": ["5"]}}}}, rule("added"), None),
    ],
)
def test_a_filter_that_drops_what_a_rule_waits_for_is_told(pattern: Any, text: str, key: str | None) -> None:
    """As far as literals can tell; `numeric` on an N, which is a text in the record, matches nothing ever."""
    assert [mismatch.key for mismatch in _mismatches(text, filterPatterns=[pattern])] == ([key] if key else [])


def test_one_pattern_that_lets_a_rule_have_its_records_is_enough() -> None:
    """Patterns are alternatives."""
    patterns = [{"eventName": ["INSERT"]}, {"eventName": ["REMOVE"]}]
    assert _mismatches(rule("added") + rule("removed", name="gone"), filterPatterns=patterns) == []


def test_a_filter_names_the_rule_that_starves() -> None:
    """And the records that it waits for."""
    (mismatch,) = _mismatches(rule("price_drop", name="drop"), filterPatterns=[{"eventName": ["INSERT"]}])
    assert mismatch.rule == "drop"
    assert mismatch.message == 'no pattern lets through what rule "drop" (price_drop) waits for: MODIFY records'


@pytest.mark.parametrize("patterns", [None, [], "text", [5], [json.dumps({"eventName": ["INSERT"]})]])
def test_patterns_of_another_shape_are_nothing_to_judge(patterns: Any) -> None:
    """What it does not take, osls says itself."""
    assert _mismatches(rule("price_drop"), filterPatterns=patterns) == []
