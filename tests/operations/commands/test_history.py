"""`python -m operations history`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws_in_memory import LEDGER, aws_in_memory, make_ledger, new_client
from tests.builders import CREATED_AT
from tests.operations.stage import FakeStack, Operate, refusal, write_history
from tests.rules.scenario import MINUTE, Shop, rule

RULES = rule("price_drop", 'severity = "warning"\ncooldown = "1s"', "drop") + rule("low_stock", "threshold = 5", "low")
PUBLISHED_AT = CREATED_AT + 2


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    """Give a client of an AWS in memory that has the ledger table, as infrastructure/ describes it."""
    with aws_in_memory():
        yield make_ledger()


@pytest.fixture
def stack(dynamodb: Any) -> FakeStack:
    """Give a stage in which the mug dropped twice and ran low, and the lamp dropped once."""
    shop = Shop().put(name="Mug", price=10, stock=9).put(after=MINUTE, price=9).put(after=2 * MINUTE, stock=4)
    shop.put(after=3 * MINUTE, price=8).put("lamp", price=10).put("lamp", price=9)
    write_history(dynamodb, RULES, shop, PUBLISHED_AT)
    return FakeStack(dynamodb=dynamodb)


def test_a_products_alerts_are_listed_in_the_order_of_its_changes(operate: Operate, stack: FakeStack) -> None:
    """When it was published, how severe, of which type, its title, and by which rule; the lamp's are not there."""
    done = operate("history", "--product", "mug", stack=stack)
    assert (done.code, done.err) == (0, "")
    assert done.lines[::2] == [
        "2026-11-21T09:02:02Z  warning   product.price_dropped   Mug: 9, was 10",
        "2026-11-21T09:02:02Z  info      product.low_stock       Mug: only 4 left",
        "2026-11-21T09:02:02Z  warning   product.price_dropped   Mug: 8, was 9",
    ]
    assert [line.split(", id ")[0] for line in done.lines[1::2]] == ["rule drop", "rule low", "rule drop"]


def test_json_is_an_object_a_line_with_stable_names(operate: Operate, stack: FakeStack) -> None:
    """`time` is when the record was created, `publishedAt` when the alert went out."""
    lines = operate("history", "--product", "mug", "--json", stack=stack).json_lines
    assert len(lines) == 3
    identity = lines[1].pop("id")
    assert lines[1] == {
        "productId": "mug",
        "rule": "low",
        "type": "product.low_stock",
        "severity": "info",
        "title": "Mug: only 4 left",
        "time": "2026-11-21T09:04:00Z",
        "publishedAt": "2026-11-21T09:02:02Z",
        "mutedUntil": None,
    }
    assert identity in operate("history", "--product", "mug", stack=stack).out


def test_what_rules_remember_is_no_alert(operate: Operate, stack: FakeStack, dynamodb: Any) -> None:
    """The product's memory lies beside its alerts, and is not listed."""
    key = dynamodb.scan(TableName=LEDGER)["Items"][0]["product"]
    dynamodb.put_item(TableName=LEDGER, Item={"product": key, "alert": {"S": "#memory"}, "rules": {"M": {}}})
    product = key["S"].rpartition("#")[2]
    before = len([item for item in dynamodb.scan(TableName=LEDGER)["Items"] if item["product"] == key])
    assert len(operate("history", "--product", product, "--json", stack=stack).json_lines) == before - 1


def test_a_product_without_alerts_is_no_error(operate: Operate, stack: FakeStack) -> None:
    """People read one line, scripts none."""
    done = operate("history", "--product", "unheard-of", stack=stack)
    assert (done.code, done.lines) == (0, ["nothing was alerted about unheard-of in stage dev"])
    assert operate("history", "--product", "unheard-of", "--json", stack=stack).out == ""


def test_a_long_history_is_read_to_the_end(operate: Operate, dynamodb: Any) -> None:
    """Over the pages of the query."""
    shop = Shop().prices(*range(60, 0, -1))
    for start in range(0, 60, 50):
        part = Shop(records=shop.records[start : start + 50])
        write_history(dynamodb, rule("price_drop"), part, PUBLISHED_AT)
    done = operate("history", "--product", "mug", "--json", stack=FakeStack(dynamodb=_small_pages()))
    assert len(done.json_lines) == 59


ODD = [
    {"publishedAt": {"S": "x"}},
    {"publishedAt": {"N": "1e100"}},
    {"publishedAt": None},
    {"mutedUntil": {"N": "1e100"}},
    {"title": None},
    {"title": {"N": "7"}},
    {"time": {"N": "7"}},
    {"id": {"L": []}},
    {"alert": {"S": "9no number"}},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("options", [[], ["--json"]], ids=str)
def test_an_item_that_cannot_be_read_is_left_out_and_said(
    operate: Operate, stack: FakeStack, dynamodb: Any, odd: dict[str, Any], options: list[str]
) -> None:
    """The others are listed as they were; one line on standard error counts it."""
    before = operate("history", "--product", "mug", *options, stack=stack).lines
    whole = next(item for item in dynamodb.scan(TableName=LEDGER)["Items"] if item["id"]["S"] in before[-1])
    item = {**whole, "alert": {"S": "1#odd"}, **odd}
    dynamodb.put_item(TableName=LEDGER, Item={name: value for name, value in item.items() if value is not None})
    done = operate("history", "--product", "mug", *options, stack=stack)
    assert (done.code, done.lines) == (0, before)
    assert done.err == "warning: 1 item of the ledger cannot be read and is left out\n"


def _small_pages() -> Any:
    """Make a client whose queries answer seven items at a time."""
    client = new_client("dynamodb")
    client.meta.events.register("provide-client-params.dynamodb.Query", lambda params, **_: {**params, "Limit": 7})
    return client


class _Denied:
    """A DynamoDB client that may not query."""

    def get_paginator(self, _: str) -> Any:
        raise refusal("AccessDeniedException")


def test_a_ledger_that_may_not_be_read_is_one_clear_line(operate: Operate) -> None:
    """Exit code 1 and what AWS said, no traceback."""
    done = operate("history", "--product", "mug", stack=FakeStack(dynamodb=_Denied()))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("AWS refused or did not answer: ")
    assert len(done.err.splitlines()) == 1


def test_a_product_has_to_be_named(operate: Operate, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake of usage: exit code 2."""
    with pytest.raises(SystemExit) as raised:
        operate("history")
    assert raised.value.code == 2
    assert "--product" in capsys.readouterr().err
