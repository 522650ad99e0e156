"""`python -m operations cost`, worked out again by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operations.evaluation.cost import Load, a_million_changes, monthly, read_prices, seconds_a_month, watching
from operations.evaluation.tuning import Tuned, compare
from tests.operations.stage import Operate

MONTH = 730 * 3600
LOAD = Load(
    changes=100,
    alerting=0.1,
    remembering=0,
    batch_size=100,
    batch_window=1,
    parallelization_factor=1,
    memory_mb=512,
    retention_days=16,
    recovery=False,
)
TABLES: dict[str, dict[str, Any]] = {
    "prices": {
        "lambda_gb_second": 0.00002,
        "lambda_million_requests": 0.2,
        "dynamodb_million_write_units": 0.6,
        "dynamodb_million_read_units": 0.1,
        "dynamodb_gb_month": 0.25,
        "dynamodb_recovery_gb_month": 0.2,
        "sns_million_requests": 0.5,
        "logs_gb": 0.5,
        "cloudwatch_metric_month": 0.3,
        "cloudwatch_alarm_month": 0.1,
    },
    "measured": {"record_cpu_us": 10, "alert_cpu_us": 300, "ledger_item_bytes": 500, "message_bytes": 2000},
    "assumed": {
        "vcpu_mb": 2048,
        "call_ms": 10,
        "invocation_ms": 2,
        "log_bytes": 600,
        "polls_a_second": 4,
        "custom_metrics": 20,
        "alarms": 10,
        "item_overhead_bytes": 100,
        "changes_per_shard": 1000,
        "hours_a_month": 730,
    },
}


def bill(load: Load) -> dict[tuple[str, str], tuple[float, float]]:
    """Give quantity and price of each line."""
    return {(item.service, item.what): (item.quantity, item.usd) for item in monthly(load, TABLES)}


def test_a_month_is_what_it_comes_to_by_hand() -> None:
    """A batch of 100 a second, ten alerts in nearly each: one call to read, to publish and to write, 10 ms each."""
    found = bill(LOAD)
    assert found["Lambda", "requests"] == pytest.approx((MONTH, MONTH / 1e6 * 0.2))
    # 100 records of 10 µs and 10 alerts of 300 µs on a quarter of a vCPU; 2 ms and three waits of 10 ms beside it
    seconds = (100 * 10e-6 + 10 * 300e-6) * 4 + 0.002 + 3 * 0.010
    assert found["Lambda", "GB-seconds"] == pytest.approx((MONTH * seconds / 2, MONTH * seconds / 2 * 2e-5), rel=1e-4)
    assert found["DynamoDB", "write units"] == pytest.approx((10 * MONTH, 10 * MONTH / 1e6 * 0.6))
    # ten alerts, and what is muted
    assert found["DynamoDB", "read units"] == pytest.approx((11 * MONTH, 11 * MONTH / 1e6 * 0.1), rel=1e-4)
    stored = 10 * 16 * 86_400 * 600 / 1e9
    assert found["DynamoDB", "GB stored"] == pytest.approx((stored, stored * 0.25))
    assert found["SNS", "requests"] == pytest.approx((MONTH, MONTH / 1e6 * 0.5), rel=1e-3)
    assert found["CloudWatch", "GB of logs"] == pytest.approx((MONTH * 600 / 1e9, MONTH * 600 / 1e9 * 0.5))


def test_rules_that_remember_cost_transactions_and_reads() -> None:
    """Each change that they look at is a read and two units for the memory; an alert beside one is two units, too."""
    found = bill(Load(**{**_fields(LOAD), "remembering": 0.5}))
    assert found["DynamoDB", "write units"][0] == pytest.approx((2 * 50 + 2 * 10) * MONTH)
    assert found["DynamoDB", "read units"][0] == pytest.approx((50 + 10 + 1) * MONTH)


def test_recovery_is_paid_for_what_is_stored() -> None:
    """Point-in-time recovery is priced by the GB, as storage is."""
    found = bill(Load(**{**_fields(LOAD), "recovery": True}))
    quantity, usd = found["DynamoDB", "GB stored"]
    assert usd == pytest.approx(quantity * 0.45)


@pytest.mark.parametrize(
    ("changes", "window", "factor", "invocations"),
    [
        (10, 1, 1, 0.9999546),  # what came in a window; one in e^10 is empty
        (1, 1, 1, 0.6321206),  # one in e is
        (0.01, 1, 1, 0.0099502),  # nearly each change by itself
        (10, 0, 1, 3.6716600),  # without a window, what came between two polls
        (3, 0, 1, 2.1105338),
        (1000, 0, 1, 12),  # three batches a poll, the last of them half full
        (500, 1, 1, 5),  # full batches
        (500, 1, 10, 10),  # ten lanes, and a window each
        (4000, 1, 1, 40),  # four shards
    ],
)
def test_how_often_the_function_is_invoked(changes: float, window: float, factor: int, invocations: float) -> None:
    """A lane delivers a full batch, or what came in its window."""
    load = Load(**{**_fields(LOAD), "changes": changes, "batch_window": window, "parallelization_factor": factor})
    assert bill(load)["Lambda", "requests"][0] == pytest.approx(invocations * MONTH, rel=1e-5)


def test_nothing_alerts_and_nothing_is_published() -> None:
    """Changes that match no rule cost the invocations alone."""
    found = bill(Load(**{**_fields(LOAD), "alerting": 0}))
    assert [found[key][0] for key in found if key[0] in {"SNS", "DynamoDB"}] == [0, 0, 0, 0]


def test_a_million_changes_is_the_bill_by_changes() -> None:
    """The same figures, for a million."""
    total = sum(usd for _, usd in bill(LOAD).values())
    assert a_million_changes(LOAD, TABLES) == pytest.approx(total / (100 * MONTH) * 1e6)


def test_the_prices_have_a_date_a_region_and_sources() -> None:
    """One file; every price in it is above nothing."""
    tables = read_prices()
    prices = dict(tables["prices"])
    assert prices.pop("region")
    assert prices.pop("date").year >= 2026
    assert all(source.startswith("https://aws.amazon.com/") for source in prices.pop("sources"))
    assert prices.keys() == TABLES["prices"].keys()
    assert all(0 < price < 1 for price in prices.values())
    assert TABLES["measured"].keys() == tables["measured"].keys()
    assert TABLES["assumed"].keys() == tables["assumed"].keys()
    assert seconds_a_month(tables) == MONTH


def test_the_command_prints_lines_that_add_up(operate: Operate) -> None:
    """As JSON, with the sum, the price of a million changes, and what was assumed."""
    done = operate("cost", "--changes-per-second", "10000", "--alerting", "1%", "--json")
    assert done.code == 0
    found = json.loads(done.out)
    assert found["usdPerMonth"] == pytest.approx(sum(item["usd"] for item in found["items"]))
    assert found["usdPerMillionChanges"] == pytest.approx(found["usdPerMillionChangesByAlerting"]["1%"])
    assert list(found["usdPerMillionChangesByAlerting"]) == ["0.1%", "1%", "10%"]


def test_watching_costs_the_same_whatever_the_load() -> None:
    """Metrics and alarms are paid by the month."""
    assert {item.what: (item.quantity, round(item.usd, 6)) for item in watching(TABLES)} == {
        "metrics": (20, 6),
        "alarms": (10, 1),
    }


def tuned(changes: float) -> dict[str, Tuned]:
    """Compare settings at a load, by their names."""
    load = Load(**{**_fields(LOAD), "changes": changes, "alerting": 0.01})
    return {each.setting: each for each in compare(load, TABLES)}


def test_tuning_compares_each_setting_alone() -> None:
    """At 100 changes a second: a full batch a window of a second, or what a smaller or larger one makes of it."""
    found = tuned(100)
    now = found["as the stage is"]
    assert (round(now.records), now.repeated) == (100, 100)
    assert now.delay == pytest.approx(1.28, abs=0.02)  # a window, a poll, and the function
    assert [round(found[f"batchWindow {window}"].records) for window in (0, 10)] == [25, 100]
    assert found["batchWindow 0"].delay == pytest.approx(0.26, abs=0.02)
    assert (round(found["batchSize 10"].records), found["batchSize 10"].repeated) == (10, 10)
    assert found["batchSize 10"].delay == pytest.approx(0.36, abs=0.02)
    assert found["batchSize 10"].usd > now.usd > found["memorySize 256"].usd
    assert found["parallelizationFactor 10"].records == pytest.approx(10, rel=1e-4)
    assert all(each.busy < 1 for each in found.values())


def test_tuning_says_what_falls_behind() -> None:
    """A lane that takes longer for its batches than the next ones take to come."""
    tables = {**TABLES, "measured": {**TABLES["measured"], "record_cpu_us": 1000}}
    load = Load(**{**_fields(LOAD), "changes": 1000})
    found = {each.setting: each for each in compare(load, tables)}
    assert found["as the stage is"].busy > 1
    assert found["parallelizationFactor 10"].busy < 1


def test_the_command_prints_the_table(operate: Operate) -> None:
    """A line a setting; as JSON an object a setting."""
    done = operate("cost", "--tuning", "--changes-per-second", "1")
    assert [line.rsplit("  ")[0] for line in done.lines[2:4]] == ["as the stage is", "batchWindow 0"]
    found = operate("cost", "--tuning", "--changes-per-second", "1", "--json").json
    assert found[0].keys() == set(Tuned._fields)


@pytest.mark.parametrize(
    "given",
    [("--changes-per-second", "0"), ("--changes-per-second", "nan"), ("--alerting", "101%"), ("--alerting", "much")],
)
def test_a_load_that_is_none_is_refused(operate: Operate, given: tuple[str, str]) -> None:
    """The command line says what was expected."""
    with pytest.raises(SystemExit) as raised:
        operate("cost", *given)
    assert raised.value.code == 2


def _fields(load: Load) -> dict[str, Any]:
    return {name: getattr(load, name) for name in Load.__slots__}
