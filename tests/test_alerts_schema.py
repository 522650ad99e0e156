"""`schemas/alerts.schema.json`, by which editors help to write the rules, says the same as the validator."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from notifications.common.errors import RulesError
from notifications.config import rules_file
from notifications.config.product_reader import (
    CURRENCY_CODES,
    FIXED_MESSAGE_ATTRIBUTES,
    MOST_MESSAGE_ATTRIBUTES,
    PRODUCT_KEYS,
)
from notifications.config.rule_keys import COMMON_KEYS, DEFAULTS_KEYS, KEYS_BY_WHEN
from notifications.config.rules_file import TOP_KEYS
from notifications.config.where_reader import TESTS
from tests.builders import EVERY_KIND, ROOT
from tests.docs.markdown import Block, blocks

SCHEMA = json.loads((ROOT / "schemas" / "alerts.schema.json").read_text(encoding="utf-8"))
RULE, PRODUCT = SCHEMA["$defs"]["rule"], SCHEMA["$defs"]["product"]
VALIDATOR = Draft202012Validator(SCHEMA)


def schema_accepts(text: str) -> bool:
    """Tell whether an editor would find nothing."""
    return VALIDATOR.is_valid(tomllib.loads(text))


def validator_accepts(text: str) -> bool:
    """Tell whether the package step would find nothing."""
    try:
        rules_file.parse(text)
    except RulesError:
        return False
    return True


def rule(text: str, product: str = "") -> str:
    """Wrap a rule's lines in a file."""
    return f'[product]\n{product}\n[[rules]]\nname = "r"\n{text}\n'


# The same keys


def test_it_is_a_schema() -> None:
    """Draft 2020-12, as the line at the top of alerts.toml promises."""
    Draft202012Validator.check_schema(SCHEMA)
    assert (ROOT / "alerts.toml").read_text(encoding="utf-8").startswith("#:schema ./schemas/alerts.schema.json\n")


def test_both_name_the_same_keys() -> None:
    """A key that one of them does not know would be a mistake to one alone."""
    kinds = {key for keys in KEYS_BY_WHEN.values() for key in keys}
    assert set(RULE["properties"]) == {*COMMON_KEYS, *kinds}
    assert set(PRODUCT["properties"]) == set(PRODUCT_KEYS)
    assert set(SCHEMA["$defs"]["defaults"]["properties"]) == set(DEFAULTS_KEYS)
    assert set(SCHEMA["$defs"]["tests"]["properties"]) == set(TESTS)
    assert set(SCHEMA["properties"]) == set(TOP_KEYS)


def test_both_name_the_same_kinds_and_the_keys_of_each() -> None:
    """Each `when` allows the same keys in both."""
    assert [kind["const"] for kind in RULE["properties"]["when"]["oneOf"]] == list(KEYS_BY_WHEN)
    allowed = {
        part["if"]["properties"]["when"]["enum"][0]: part["then"]["propertyNames"]["enum"] for part in RULE["allOf"]
    }
    assert allowed == {when: [*COMMON_KEYS, *keys] for when, keys in KEYS_BY_WHEN.items()}
    assert RULE["properties"]["severity"]["enum"] == ["info", "warning", "critical"]


def test_every_key_is_described() -> None:
    """An editor can say of each key, and of each `when`, what it is for."""
    described = {**SCHEMA["properties"], **PRODUCT["properties"], **RULE["properties"]}
    described |= {f"where.{name}": found for name, found in SCHEMA["$defs"]["tests"]["properties"].items()}
    assert [key for key, found in described.items() if not found.get("description")] == []
    assert [kind for kind in RULE["properties"]["when"]["oneOf"] if not kind["description"]] == []


def test_the_number_of_message_attributes_is_the_same() -> None:
    """Six beside the four that are always there."""
    assert PRODUCT["properties"]["message_attributes"]["maxItems"] == MOST_MESSAGE_ATTRIBUTES == 6
    fixed = PRODUCT["properties"]["message_attributes"]["items"]["not"]["enum"]
    assert fixed == list(FIXED_MESSAGE_ATTRIBUTES)


def test_the_hourly_limit_is_the_same() -> None:
    """The most that a rule may ask for."""
    assert RULE["properties"]["max_per_hour"]["maximum"] == 1000


# The same verdict

GOOD = [
    (ROOT / "alerts.toml").read_text(encoding="utf-8"),
    EVERY_KIND,
    rule('when = "added"'),
    rule('when = "changed"'),
    rule('when = "changed"\nattributes = ["a", "specs.color", "offers[0].price", "a\\\\.b"]'),
    rule('when = "price_drop"\nat_least = "10%"\nbelow = 20'),
    rule('when = "price_drop"\nat_least = 5'),
    rule('when = "price_drop"\nat_least = 4.99'),
    rule('when = "price_drop"\nat_least = "4.99"'),
    rule('when = "price_drop"\nat_least = " 0.5 % "'),
    rule('when = "price_drop"\nbelow = 5'),
    rule('when = "price_rise"\nabove = "20.00"'),
    rule('when = "low_stock"\nthreshold = 5'),
    rule('when = "low_stock"\nthreshold = "0.5"'),
    rule('when = "added"\nwhere = { category = "Home" }'),
    rule('when = "added"\nwhere = [{ category = "Home", stock = 5 }, { price = { less_than = 5 } }]'),
    rule('when = "added"\nwhere = { category = ["Home", 5, true, 2.5], "specs.color" = "red" }'),
    rule('when = "added"\nseverity = "critical"\ntitle = "{name}"\ntext = "{{x}} {new.specs.color}"'),
    rule('when = "added"', 'id = "Id"\nname = "a.b"\nprice = "offers[0].price"\ncurrency = "currency"\nstock = "s"'),
    rule('when = "added"', 'currency = { value = "USD" }\nlink = "https://x/{id}"\nmessage_attributes = ["a", "b.c"]'),
    'rules = [{ name = "r", when = "added" }]',
    rule('when = "removed"\nexpired = false'),
    rule('when = "price_drop"\nbaseline = "last_alert"\nall_time_low = true\nat_most = "90%"'),
    rule('when = "price_rise"\nbaseline = { attribute = "listPrice" }\nall_time_high = false'),
    rule('when = "price_drop"\nbelow = 20\nrearm = "22.50"\nfirst_sight = true'),
    rule('when = "low_stock"\nthreshold = 5\nrearm = 10\nfirst_sight = true'),
    rule('when = "out_of_stock"\nfirst_sight = true'),
    *(rule(f'when = "added"\ncooldown = "{given}"') for given in ("90s", "30m", "1h", "1h30m", "2d", " 1h 30m ")),
    rule('when = "added"\nmax_per_hour = 1000'),
    rule('when = "added"\nwhere = { a = { less_than = 5, at_least = "1.5" }, b = { prefix = "x", suffix = "y" } }'),
    rule('when = "added"\nwhere = { a = { exists = false }, b = { not = "x" }, c = { not = ["x", 5] } }'),
    rule('when = "added"\nwhere = { a = { not = { not = { more_than = -5 } } }, b = { not = { exists = true } } }'),
    rule('when = "added"', 'overrides = "alerts.exceptions"'),
    '[defaults]\nseverity = "warning"\ncooldown = "1h"\n' + rule('when = "added"'),
    "[defaults]\nthreshold = 5\n" + rule('when = "low_stock"'),
    "[defaults]\nbelow = 20\n" + rule('when = "price_drop"\nrearm = 25'),
]
BAD = [
    "",
    "rules = []",
    "rules = 5",
    "rules = [5]",
    'product = 5\n[[rules]]\nname = "r"\nwhen = "added"',
    EVERY_KIND + "\n[default]\n",
    '[[rules]]\nwhen = "added"',
    '[[rules]]\nname = "r"',
    '[[rules]]\nname = 5\nwhen = "added"',
    '[[rules]]\nname = " "\nwhen = "added"',
    '[[rules]]\nname = "a\\nb"\nwhen = "added"',
    f'[[rules]]\nname = "{"x" * 101}"\nwhen = "added"',
    rule('when = "add"'),
    rule("when = 5"),
    rule('when = "added"\nattributes = ["a"]'),
    rule('when = "added"\nthreshold = 5'),
    rule('when = "price_drop"\nabove = 5'),
    rule('when = "price_rise"\nbelow = 5'),
    rule('when = "changed"\nattributes = []'),
    rule('when = "changed"\nattributes = "a"'),
    rule('when = "changed"\nattributes = ["a..b"]'),
    rule('when = "changed"\nattributes = ["[0]"]'),
    rule('when = "changed"\nattributes = [5]'),
    rule('when = "changed"\nattributes = [" "]'),
    rule('when = "price_drop"\nat_least = 0'),
    rule('when = "price_drop"\nat_least = "0%"'),
    rule('when = "price_drop"\nat_least = "-5"'),
    rule('when = "price_drop"\nat_least = "ten"'),
    rule('when = "price_drop"\nat_least = "10%%"'),
    rule('when = "price_drop"\nat_least = true'),
    rule('when = "price_drop"\nbelow = "10%"'),
    rule('when = "price_drop"\nbelow = []'),
    rule('when = "low_stock"'),
    rule('when = "low_stock"\nthreshold = 0'),
    rule('when = "low_stock"\nthreshold = "-1"'),
    rule('when = "low_stock"\nthreshold = "5%"'),
    rule('when = "added"\nwhere = {}'),
    rule('when = "added"\nwhere = []'),
    rule('when = "added"\nwhere = [{}]'),
    rule('when = "added"\nwhere = ["Home"]'),
    rule('when = "added"\nwhere = [[{ category = "Home" }]]'),
    rule('when = "added"\nwhere = "x"'),
    rule('when = "added"\nwhere = { category = [] }'),
    rule('when = "added"\nwhere = { category = {} }'),
    rule('when = "added"\nwhere = { category = { smaller_than = 5 } }'),
    rule('when = "added"\nwhere = { category = { less_than = "x" } }'),
    rule('when = "added"\nwhere = { category = { prefix = 5 } }'),
    rule('when = "added"\nwhere = { category = { exists = "yes" } }'),
    rule('when = "added"\nwhere = { category = { not = {} } }'),
    rule('when = "added"\nwhere = { category = { not = { prefix = "a", suffix = "b" } } }'),
    rule('when = "removed"\nexpired = "no"'),
    rule('when = "added"\nexpired = false'),
    rule('when = "price_drop"\nbaseline = "lowest"'),
    rule('when = "price_drop"\nbaseline = { attribute = "a..b" }'),
    rule('when = "price_drop"\nbaseline = { attribute = "a", of = "b" }'),
    rule('when = "price_drop"\nall_time_high = true'),
    rule('when = "price_rise"\nall_time_low = true'),
    rule('when = "price_drop"\nrearm = 20'),
    rule('when = "price_drop"\nfirst_sight = true'),
    rule('when = "price_rise"\nrearm = 20'),
    rule('when = "out_of_stock"\nrearm = 20'),
    rule('when = "back_in_stock"\nfirst_sight = true'),
    *(rule(f'when = "added"\ncooldown = {given}') for given in ("60", '""', '"0s"', '"1 hour"', '"30m1h"', '"1.5h"')),
    *(rule(f'when = "added"\nmax_per_hour = {given}') for given in ("0", "1001", "2.5", '"5"', "true")),
    rule('when = "added"', 'overrides = "a..b"'),
    "defaults = 5\n" + rule('when = "added"'),
    '[defaults]\nname = "r"\n' + rule('when = "added"'),
    '[defaults]\nseverity = "loud"\n' + rule('when = "added"'),
    rule('when = "added"\nwhere = { "a..b" = 1 }'),
    rule('when = "added"\nseverity = "fatal"'),
    rule('when = "added"\ntitle = ""'),
    rule('when = "added"\ntext = 5'),
    rule('when = "added"\ncolour = "red"'),
    rule('when = "added"', 'sku = "sku"'),
    rule('when = "added"', 'name = "a."'),
    rule('when = "added"', "price = 5"),
    rule('when = "added"', "currency = {}"),
    *(rule('when = "added"', f'currency = "{code}"') for code in sorted(CURRENCY_CODES)),
    rule('when = "added"', 'currency = { value = "" }'),
    rule('when = "added"', 'currency = { value = "USD", rate = 5 }'),
    rule('when = "added"', 'link = ""'),
    rule('when = "added"', "message_attributes = []"),
    rule('when = "added"', 'message_attributes = ["a", "b", "c", "d", "e", "f", "g"]'),
    rule('when = "added"', 'message_attributes = ["rule"]'),
    rule('when = "added"', 'message_attributes = ["AWS.x"]'),
    rule('when = "added"', 'message_attributes = ["größe"]'),
]
EXAMPLES = [
    pair
    for pair in pairwise(blocks((ROOT / "docs" / "rules.md").read_text(encoding="utf-8")))
    if pair[0].language == "toml"
]
BEYOND_A_SCHEMA = [
    EVERY_KIND + '\n[[rules]]\nname = "added"\nwhen = "added"\n',  # a name twice
    rule('when = "added"\ntitle = "{nmae}"'),  # names in a template
    rule('when = "added"\ntitle = "{name!r}"'),
    rule('when = "price_drop"\nbelow = 20\nrearm = 19'),  # two numbers that have to fit each other
    rule('when = "low_stock"\nthreshold = 5\nrearm = 4'),
]


@pytest.mark.parametrize(("rules", "shown"), EXAMPLES, ids=lambda block: f"{block.heading}, line {block.line}")
def test_both_judge_the_documents_examples_alike(rules: Block, shown: Block) -> None:
    """An editor underlines nothing in an example of docs/rules.md, except in those that show mistakes.

    A rule that never fires is right key by key: that its keys contradict one another is for the validator to say.
    """
    mistakes = shown.text.splitlines()[1:] if shown.text.startswith("alerts.toml: ") else []
    of_one_key = [mistake for mistake in mistakes if "never" not in mistake]
    assert validator_accepts(rules.text) == (not mistakes)
    assert schema_accepts(rules.text) == (not of_one_key)


@pytest.mark.parametrize("text", GOOD)
def test_both_accept_what_is_right(text: str) -> None:
    """No editor underlines what deploys."""
    assert validator_accepts(text)
    assert [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))] == []


@pytest.mark.parametrize("text", BAD)
def test_both_refuse_what_is_wrong(text: str) -> None:
    """What would not deploy is underlined while it is written."""
    assert not validator_accepts(text)
    assert not schema_accepts(text)


@pytest.mark.parametrize("text", BEYOND_A_SCHEMA)
def test_the_validator_sees_what_no_schema_can(text: str) -> None:
    """The schema is a help, the validator is the judge."""
    assert not validator_accepts(text)
    assert schema_accepts(text)


def test_a_default_is_checked_also_where_no_rule_uses_it() -> None:
    """Nothing in the file is skipped in silence."""
    text = '[defaults]\nthreshold = "many"\n' + rule('when = "added"')
    assert not schema_accepts(text)
    assert not validator_accepts(text)


def test_a_default_that_a_rule_has_no_use_for_is_not_a_mistake_of_the_rule() -> None:
    """A `rearm` for stock rules says nothing about a price rule without a target."""
    text = "[defaults]\nrearm = 10\nfirst_sight = true\n" + rule('when = "price_drop"')
    assert schema_accepts(text)
    assert validator_accepts(text)


# The same verdict on what nobody thought of

DOCUMENT: dict[str, Any] = {
    "product": {
        "id": "Id",
        "name": "name",
        "price": "price",
        "currency": {"value": "USD"},
        "stock": "stock",
        "link": "https://x/{id}",
        "message_attributes": ["category"],
        "overrides": "alerts",
    },
    "defaults": {"severity": "info", "cooldown": "1h"},
    "rules": [
        {"name": "r1", "when": "added", "where": {"category": ["Home"], "a": {"exists": True}}, "title": "{name}"},
        {"name": "r2", "when": "removed", "text": "gone", "expired": False, "max_per_hour": 5},
        {"name": "r3", "when": "changed", "attributes": ["a", "b.c"]},
        {"name": "r4", "when": "price_drop", "at_least": "10%", "baseline": "last_alert"},
        {"name": "r5", "when": "price_rise", "at_least": 5, "above": "20"},
        {"name": "r6", "when": "low_stock", "threshold": 5},
        {"name": "r7", "when": "out_of_stock", "first_sight": True},
        {"name": "r8", "when": "back_in_stock"},
    ],
}
VALUES: list[Any] = [
    *("price", "", " ", "a.b", "a..b", "[0]", "a[0]", "10%", " 1e2% ", "0%", "5", "-5", ".5", "5.", "0.0", "+1", "1e5"),
    *(
        "{name}",
        "info",
        *KEYS_BY_WHEN,
        5,
        0,
        -1,
        2.5,
        0.0,
        True,
        False,
        [],
        ["a"],
        ["a", 5],
        [[]],
        {},
        {"value": "USD"},
    ),
    *(
        "last_alert",
        "1h30m",
        "0s",
        "5m ",
        {"attribute": "a"},
        {"a": {"less_than": 5}},
        {"a": {"not": {"exists": True}}},
    ),
    *({"a": 1}, {"a": []}, {"": 1}, {"a": {"b": 1}}, "x" * 100, "x" * 101, "a\tb", "type", "aws.x"),
]
KEYS = [
    *COMMON_KEYS,
    *PRODUCT_KEYS,
    *(key for keys in KEYS_BY_WHEN.values() for key in keys),
    "sku",
    "rules",
    "product",
]


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """Take a good document and set, add or delete one key or two."""
    document = copy.deepcopy(DOCUMENT)
    for _ in range(draw(st.integers(1, 2))):
        tables = [document, document.get("product"), document.get("defaults"), *document.get("rules", [])]
        table = draw(st.sampled_from([found for found in tables if isinstance(found, dict) and found]))
        key = draw(st.sampled_from([*table, *(COMMON_KEYS if table is document.get("defaults") else KEYS)]))
        if draw(st.booleans()):
            table.pop(key, None)
        elif table is not document or key == "sku":
            table[key] = draw(st.sampled_from(VALUES))
    return document


def toml(value: Any) -> str:
    """Write a value as TOML; tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    return json.dumps(value)


@settings(max_examples=400)
@given(spoiled())
def test_both_agree_on_every_document(document: dict[str, Any]) -> None:
    """Whatever is set, added or left out, both accept it or both refuse it."""
    names = [str(found.get("name")) for found in document.get("rules", [])]
    assume(len(set(names)) == len(names))  # the schema cannot see two rules of one name
    text = "\n".join(f"{key} = {toml(value)}" for key, value in document.items())
    assert schema_accepts(text) == validator_accepts(text)


def test_patterns_are_those_that_editors_understand() -> None:
    """Editors run JavaScript's regular expressions: no construct that only Python has."""
    patterns = re.findall(r'"pattern": "(.*)"', (ROOT / "schemas" / "alerts.schema.json").read_text(encoding="utf-8"))
    assert patterns
    assert [pattern for pattern in patterns if re.search(r"\(\?(?:P|i|x|#)|\\A|\\Z", pattern)] == []
