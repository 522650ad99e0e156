"""`schemas/receivers.schema.json`, by which editors help to write receivers.toml, says the same as the validator."""

from __future__ import annotations

import json
import tomllib

import pytest
from jsonschema import Draft202012Validator

from notifications.common.errors import ReceiversError
from notifications.config import receivers_file
from notifications.config.receiver_keys import KEYS_BY_KIND, RECEIVER_KEYS
from operations.evaluation.receivers_check import SAMPLE
from tests.builders import ROOT
from tests.docs.markdown import blocks
from tests.json_schemas import validator_of
from tests.notifications.config.test_receivers_file import NEEDED, SECRETS, entry

SCHEMA = json.loads((ROOT / "schemas" / "receivers.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
PAGES = [
    block.text for block in blocks((ROOT / "docs" / "receivers.md").read_text("utf-8")) if block.language == "toml"
]


def schema_accepts(text: str) -> bool:
    """Tell whether an editor would find nothing."""
    return VALIDATOR.is_valid(tomllib.loads(text))


def validator_accepts(text: str) -> bool:
    """Tell whether the package step would find nothing."""
    try:
        receivers_file.parse(text)
    except ReceiversError:
        return False
    return True


def test_it_is_a_schema() -> None:
    """Draft 2020-12, as the line at the top of receivers.toml promises."""
    Draft202012Validator.check_schema(SCHEMA)
    assert (ROOT / "receivers.toml").read_text("utf-8").startswith("#:schema ./schemas/receivers.schema.json\n")


RIGHT = [
    (ROOT / "receivers.toml").read_text("utf-8"),
    *PAGES[:-1],
    *(entry(kind=kind) for kind in NEEDED),
    entry("only = { stock = { at_least = 5, less_than = 9.5 }, rule = { not = ['a'] }, type = 'product.added' }"),
    entry('quiet = "22:30-7:00 America/New_York"\nmost_products = 5\nlanguage = "de"'),
    "",
]
WRONG = [
    PAGES[-1],
    "x = 1",
    "receivers = 5",
    "[[receivers]]\nname = 'a'",
    "[[receivers]]\nkind = 'text'",
    entry(name="A b"),
    entry(name="a-"),
    entry(kind="slack").replace('secret = "buyers-slack"', ""),
    entry(kind="webhook").replace("https", "http"),
    entry(kind="webhook").replace("//shop", "//me:pass@shop"),
    entry(kind="mail").replace("b@shop.example", "Me <b@shop.example>"),
    entry(kind="mail").replace("b@shop.example", "*@shop.example"),
    entry("only = {}"),
    entry("only = { a = 1, b = 1, c = 1, d = 1, e = 1, f = 1 }"),
    entry("only = { type = 'x' }"),
    entry("only = { category = { prefixx = 'a' } }"),
    entry('digest = "8 Europe/Berlin"'),
    entry('digest = "08:00"'),
    entry('quiet = "22:00 Europe/Berlin"'),
    entry('digest = "hourly"', "webhook"),
    entry('template = "../secret.html"', "mail"),
    entry("most_products = 0"),
    entry("colour = 1"),
    *(entry(kind="slack").replace("buyers-slack", secret) for secret in SECRETS if "0123456789" not in secret),
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_is_right_for_both(text: str) -> None:
    """An editor underlines nothing that is deployed."""
    assert validator_accepts(text)
    assert schema_accepts(text)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_wrong_for_both(text: str) -> None:
    """An editor shows it while it is written."""
    assert not validator_accepts(text)
    assert not schema_accepts(text)


def test_each_kind_has_its_keys() -> None:
    """Those of the table of keys, each with a description."""
    properties = SCHEMA["$defs"]["receiver"]["properties"]
    assert list(properties) == list(RECEIVER_KEYS)
    assert all(each["description"] for each in properties.values())
    for kind, keys in KEYS_BY_KIND.items():
        for key in set(RECEIVER_KEYS) - {"name", "kind", "only", *keys}:
            value = {"to": ["a@b.example"], "most_products": 5, "quiet": "22:00-07:00 UTC", "digest": "hourly"}.get(
                key, "x"
            )
            document = {"receivers": [{**tomllib.loads(entry(kind=kind))["receivers"][0], key: value}]}
            assert not VALIDATOR.is_valid(document), (kind, key)


def test_the_sample_that_templates_are_checked_with_is_an_alert() -> None:
    """By the schema of its type."""
    validator_of(SAMPLE["type"]).validate(SAMPLE)
