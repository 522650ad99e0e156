"""alerts.toml may hold anything: it is read or refused, soon, with a message, and never with a traceback."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.common.errors import RulesError
from notifications.config.product_reader import PRODUCT_KEYS
from notifications.config.rule_keys import RULE_KEYS
from notifications.config.rules_file import parse
from tests.rules.scenario import rule

A_MOMENT = 5.0  # seconds
LONG = {
    "5,000 digits": "9" * 5_000,
    "5,000 digits after the point": "0." + "1" * 5_000,
    "5,000 digits of hexadecimal": "0x" + "f" * 5_000,
    "a huge exponent": "1e1000000000",
    "a tiny exponent": "1e-300000",
    "an exponent of 5,000 digits": "1e" + "9" * 5_000,
    "nan": "nan",
    "infinity": "inf",
    "a text of 5,000 digits": f'"{"9" * 5_000}"',
    "a text with a huge exponent": '"1e1000000000"',
    "a percentage with a huge exponent": '"1e1000000000%"',
    "2,000 blanks": f'"1d{" " * 2_000}x"',
    "a list": '["currency"]',
    "a list of lists": "[[[]]]",
    "a table": "{ a = { b = 1 } }",
    "a time": "2026-11-21T09:00:00Z",
    "300 brackets": "[" * 300 + "]" * 300,
    "5,000 brackets": "[" * 5_000 + "]" * 5_000,
    "5,000 dots": "{ " + ".".join("a" * 5_000) + " = 1 }",
    "50,000 dots": "{ " + ".".join("a" * 50_000) + " = 1 }",
    "a path with 5,000 digits": f'"a[{"1" * 5_000}]"',
    "a text of 500 KB": f'"{"x" * 500_000}"',
}
KEYS = [
    *(f"product.{key}" for key in PRODUCT_KEYS),
    *(f"rule.{key}" for key in RULE_KEYS if key not in {"name", "when"}),
]


def _refused(text: str) -> str:
    """Return what is said of a file: it is refused, within a moment."""
    started = time.process_time()
    with pytest.raises(RulesError) as refused:
        parse(text)
    assert time.process_time() - started < A_MOMENT
    return str(refused.value)


def test_a_list_for_the_currency_is_a_mistake_with_a_message() -> None:
    """Not a crash of `check`."""
    said = _refused('[product]\ncurrency = ["currency"]\n' + rule("added"))
    assert "line 2, currency" in said


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", LONG.values(), ids=LONG)
def test_no_value_of_any_key_crashes_the_reader(key: str, value: str) -> None:
    """It is read, or refused with a message of a reasonable size."""
    table, _, name = key.partition(".")
    line = f"{name} = {value}\n"
    product = f"[product]\n{line}" if table == "product" else ""
    said = ""
    started = time.process_time()
    try:
        parse(product + rule("price_drop", line if table == "rule" else ""))
    except RulesError as error:
        said = str(error)
    assert len(said) < 3_000
    assert time.process_time() - started < A_MOMENT


@pytest.mark.parametrize(
    "value", ["5,000 digits", "a huge exponent", "a tiny exponent", "nan", "a text with a huge exponent"]
)
def test_a_number_beyond_what_dynamodb_holds_is_a_mistake(value: str) -> None:
    """In a threshold and in a condition alike."""
    assert _refused(rule("low_stock", f"threshold = {LONG[value]}"))
    assert _refused(rule("price_drop", f"where = {{ price = {{ above = {LONG[value]} }} }}"))


def test_deep_nesting_is_said_to_be_that() -> None:
    """By brackets, and by dots, which the reader of TOML takes without a limit."""
    for nested in (LONG["300 brackets"], LONG["5,000 dots"]):
        assert "nested more than 20 levels deep" in _refused(rule("added", f"where = {nested}"))


def test_a_long_header_without_its_end_is_read_at_once() -> None:
    """No pattern tries every way to split a row of blanks."""
    assert "not valid TOML" in _refused(rule("added") + "[" + " " * 20_000 + "x")


def test_a_file_of_a_megabyte_and_more_is_refused() -> None:
    """Before it is read."""
    assert "at most 1000000 characters" in _refused("#" * 1_000_001)


@given(st.text(alphabet="[]{}\"=.,1eE-+ \n\\x#'_nrulesaw%", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever stands behind a rule's key."""
    try:
        parse(rule("price_drop", f"at_least = {text}"))
    except RulesError:
        return
