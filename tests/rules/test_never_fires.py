"""Rules that could never fire are refused where they are read; those that could, however rarely, are not."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.common.errors import RulesError
from tests.builders import priced, rules
from tests.rules.scenario import Shop, play, rule
from tests.service import DONE, Service

CENTS = '[product]\nprice_unit = "cents"\n'


@pytest.mark.parametrize(
    ("when", "text", "key", "said"),
    [
        ("price_drop", 'at_least = "150%"', "at_least", 'write at_least = "100%" or less'),
        ("price_drop", 'at_least = "100.01%"', "at_least", "drops by 100% at the most"),
        ("price_drop", 'at_least = "20%"\nat_most = "10%"', "at_least", "more than at_most"),
        ("price_rise", 'at_least = "5.01"\nat_most = 5', "at_least", "more than at_most"),
        ("price_drop", "below = 0", "below", "expected more than 0"),
        ("price_drop", 'below = "-0.01"', "below", "expected more than 0"),
        ("price_rise", "above = -1", "above", "expected 0 or more"),
        ("price_rise", "above = 5\nrearm = -2", "rearm", "once and never again"),
        ("price_drop", 'baseline = { attribute = "price" }', "baseline", "the price itself"),
        ("price_drop", 'baseline = { attribute = "price" }\nbelow = 20\nat_least = 1', "baseline", "the price itself"),
        ("out_of_stock", "where = { stock = { more_than = 0 } }", "where", "every stock at which"),
        ("back_in_stock", "where = { stock = 0 }", "where", "every stock at which"),
        ("low_stock", "threshold = 5\nwhere = { stock = { at_least = 5 } }", "where", "every stock at which"),
        ("low_stock", "threshold = 5\nincludes_zero = false\nwhere = { stock = [0, 7] }", "where", "every stock"),
        ("low_stock", "threshold = 5\nwhere = { stock = { exists = false } }", "where", "every stock"),
        ("price_drop", "below = 20\nwhere = { price = { more_than = 20 } }", "where", "every price at which"),
        ("price_rise", "above = 20\nwhere = [{ price = 20 }, { price = { less_than = 3 } }]", "where", "every price"),
        ("price_drop", 'where = { price = "free" }', "where", "every price"),
        ("added", "where = { size = { more_than = 5, less_than = 5 } }", "where", "no value passes all of it"),
        ("added", "where = { size = { at_least = 6, at_most = 5.9 } }", "where", "no value passes all of it"),
        ("added", 'where = { size = { exists = false, prefix = "a" } }', "where", "no value passes all of it"),
        ("added", 'where = { size = { prefix = "ab", not = { prefix = "a" } } }', "where", "no value passes all of it"),
        ("added", 'where = { size = { prefix = "a", more_than = 5 } }', "where", "no value passes all of it"),
        ("added", "where = [{ a = { exists = false, not = { exists = false } } }]", "where", "no value passes"),
    ],
)
def test_what_can_never_fire_is_refused(when: str, text: str, key: str, said: str) -> None:
    """One mistake, at its line, with what to write or why."""
    entry = rule(when, text)
    with pytest.raises(RulesError) as raised:
        rules(entry)
    (problem,) = raised.value.problems
    line = next(number for number, each in enumerate(entry.split("\n"), 1) if each.startswith(f"{key} ="))
    assert (problem.key, problem.line) == (key, line)
    assert said in problem.message


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("price_drop", 'at_least = "100%"'),
        ("price_rise", 'at_least = "150%"'),
        ("price_drop", 'at_least = "150.00"'),
        ("price_drop", 'at_least = "50%"\nat_most = "5.00"'),
        ("price_drop", 'at_least = "10%"\nat_most = "10%"'),
        ("price_drop", 'at_most = "150%"'),
        ("price_drop", 'below = "0.01"'),
        ("price_rise", "above = 0\nrearm = 0"),
        ("price_rise", "above = -1\nfirst_sight = true"),
        ("price_drop", 'below = 20\nat_least = "150%"\nfirst_sight = true'),
        ("price_drop", 'baseline = { attribute = "prices.list" }'),
        ("price_drop", 'baseline = { attribute = "price" }\nbelow = 20'),
        ("out_of_stock", "where = { stock = { at_most = 0 } }"),
        ("out_of_stock", "where = [{ stock = { more_than = 0 } }, { category = 'Home' }]"),
        ("low_stock", "threshold = 1\nincludes_zero = false"),
        ("low_stock", "threshold = 5\nwhere = { stock = { more_than = 4, less_than = 5 } }"),
        ("price_drop", "below = 20\nwhere = { price = { at_least = 19, not = 19 } }"),
        ("removed", "where = { stock = { more_than = 0 } }"),
        ("added", "where = { size = { prefix = 'ab', suffix = 'bc', not = 'abc' } }"),
        ("added", "where = { size = { not = { exists = false } } }"),
        ("added", "where = { size = { at_least = 5, at_most = 5 } }"),
        ("added", "where = { size = { not = ['', 'a', 0, true, false] } }"),
        ("added", "where = { size = { more_than = 9e125 } }"),
        ("added", "where = { size = { less_than = 1.1e-130, more_than = 0 } }"),
        ("added", "where = { size = { less_than = -9e125 } }"),
    ],
)
def test_what_can_fire_is_left_alone(when: str, text: str) -> None:
    """However rarely it does."""
    assert len(rules(rule(when, text)).rules) == 1


def test_a_price_in_another_unit_is_not_held_against_where() -> None:
    """`where` has the table's own numbers, `below` whole units."""
    assert rules(CENTS + rule("price_drop", "below = 20\nwhere = { price = { more_than = 20 } }")).rules


def test_a_default_that_silences_one_rule_is_told_with_that_rule() -> None:
    """The other rules have a use for it."""
    text = "[defaults]\nwhere = { stock = { more_than = 0 } }\n" + rule("added", name="new") + rule("out_of_stock")
    with pytest.raises(RulesError) as raised:
        rules(text)
    (problem,) = raised.value.problems
    assert (problem.rule, problem.line) == ("r", 2)


def test_an_exception_that_could_never_fire_leaves_the_rule_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """`mute` is the word for silence; the log repeats no number of the item's."""
    record = priced(100, 50)
    record["dynamodb"]["NewImage"]["own"] = {"M": {"drop": {"M": {"at_least": {"S": "177%"}}}}}
    service = Service(rules('[product]\noverrides = "own"\n' + rule("price_drop", 'at_least = "10%"', "drop")))
    assert service.handle(record) == DONE
    assert len(service.alerts) == 1
    assert "drops by 100% at the most" in caplog.text
    assert "177" not in caplog.text


@pytest.mark.parametrize("test", ["less_than = 5, more_than = 6", "prefix = 'a', suffix = 'b', more_than = 1"])
def test_a_long_list_is_not_looked_through_for_ever(test: str) -> None:
    """What takes too long to tell is believed."""
    texts = ", ".join(f"'{number}'" for number in range(1000))
    started = time.process_time()
    rules(rule("added", f"where = {{ size = {{ {test}, not = [{texts}] }} }}"))
    assert time.process_time() - started < 1


_SCALARS = st.one_of(st.integers(-3, 3).map(str), st.sampled_from(["'a'", "'ab'", "'b'", "true", "false"]))
_TESTS = st.one_of(
    st.tuples(st.sampled_from(["less_than", "at_most", "more_than", "at_least"]), st.integers(-3, 3).map(str)),
    st.tuples(st.sampled_from(["prefix", "suffix"]), st.sampled_from(["'a'", "'ab'", "'b'"])),
    st.tuples(st.just("exists"), st.sampled_from(["true", "false"])),
    st.tuples(st.just("not"), st.lists(_SCALARS, min_size=1, max_size=3).map(lambda found: f"[{', '.join(found)}]")),
)
_VALUES = st.one_of(
    st.none(),
    st.decimals(-4, 4, places=1).map(lambda value: {"N": str(value)}),
    st.text("abx", max_size=3).map(lambda value: {"S": value}),
    st.booleans().map(lambda value: {"BOOL": value}),
    st.just({"NULL": True}),
)


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), _TESTS, min_size=1), st.lists(_VALUES, max_size=30))
def test_nothing_that_a_value_passes_is_refused(drawn: dict[str, Any], values: list[Any]) -> None:
    """For any tests: where they are refused, no value passes them all."""
    tests = dict(drawn.values())
    written = ", ".join(f"{operator} = {argument}" for operator, argument in tests.items())
    try:
        rules(rule("added", f"where = {{ size = {{ {written} }} }}"))
    except RulesError:
        each = [
            rules(rule("added", f"where = {{ size = {{ {o} = {a} }} }}")).rules[0].where[0] for o, a in tests.items()
        ]
        for value in values:
            assert not all(where.predicates[0].holds(value) for where in each)  # type: ignore[union-attr]


_AMOUNTS = st.sampled_from(["0", "1", "5", "20", "50%", "100%", "120%"])
_KEYS_OF_PRICES = st.fixed_dictionaries(
    {},
    optional={
        "at_least": _AMOUNTS.filter(lambda text: text != "0"),
        "at_most": _AMOUNTS.filter(lambda text: text != "0"),
        "target": st.sampled_from(["-1", "0", "1", "5", "20"]),
        "baseline": st.sampled_from(["price", "list"]),
        "where": st.sampled_from(["less_than = 5", "more_than = 20", "at_least = 5, at_most = 5", "exists = false"]),
        "first_sight": st.just("true"),
    },
)
_PRICES = st.lists(st.sampled_from(["0", "0.5", "1", "4", "5", "19", "20", "21", "100", "x"]), min_size=2, max_size=8)


@given(st.sampled_from(["price_drop", "price_rise"]), _KEYS_OF_PRICES, _PRICES, st.sampled_from(["0", "5", "100"]))
def test_no_rule_that_fires_for_anything_is_refused(
    when: str, keys: dict[str, str], prices: list[str], listed: str
) -> None:
    """For any prices from 0 on: what is refused fires for none of them."""
    if "target" not in keys:
        keys.pop("first_sight", None)
    forms = {
        "target": f"{'below' if when == 'price_drop' else 'above'} = '{{}}'",
        "baseline": "baseline = {{ attribute = '{}' }}",
        "where": "where = {{ price = {{ {} }} }}",
        "first_sight": "first_sight = {}",
    }
    entry = rule(when, "\n".join(forms.get(name, f"{name} = '{{}}'").format(text) for name, text in keys.items()))
    with suppress(RulesError):
        assert rules(entry).rules
        return
    shop = Shop()
    for price in prices:
        shop.put(price=price, list=listed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("notifications.config.rule_reader.contradictions", lambda _: ())
        assert play(entry, shop) == []
