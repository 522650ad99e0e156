"""What the service costs under a load, from unit prices and measured figures: operations/prices.toml."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from notifications.common.sns_limits import MOST_ENTRIES
from notifications.common.time_budget import CALLS_AT_ONCE
from notifications.publishing.ledger import MOST_ALERTS
from notifications.publishing.ledger_table import MOST_KEYS_READ

PRICES = Path(__file__).parent.parent / "prices.toml"
SHARES = (0.001, 0.01, 0.1)
"""Of changes that alert, for which a million changes are priced."""
_MILLION = 1_000_000
_GB = 1_000_000_000
_SNS_CHUNK = 64 * 1024  # bytes that SNS counts as one request
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Load:
    """What the service is asked to do, and how it is set."""

    changes: float
    """A second."""
    alerting: float
    """The share of changes that alert."""
    remembering: float
    """The share of changes that a rule with a memory looks at."""
    batch_size: int
    batch_window: float
    """Seconds."""
    parallelization_factor: int
    memory_mb: int
    retention_days: int
    recovery: bool
    """Whether the ledger has point-in-time recovery."""


class CostItem(NamedTuple):
    """A line of the bill."""

    service: str
    what: str
    quantity: float
    """A month."""
    usd: float
    """A month."""


def load_of(params: Mapping[str, Any], changes: float, alerting: float, remembering: float = 0) -> Load:
    """Return a load of a stage with these parameters of serverless.yml."""
    return Load(
        changes=changes,
        alerting=alerting,
        remembering=remembering,
        batch_size=int(params["batchSize"]),
        batch_window=float(params["batchWindow"]),
        parallelization_factor=int(params["parallelizationFactor"]),
        memory_mb=int(params["memorySize"]),
        retention_days=int(params["ledgerRetentionInDays"]),
        recovery=str(params["ledgerPointInTimeRecovery"]).lower() == "true",
    )


def read_prices(path: Path = PRICES) -> dict[str, dict[str, Any]]:
    """Read the tables `prices`, `measured` and `assumed`."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def seconds_a_month(tables: dict[str, dict[str, Any]]) -> float:
    """Return how long the month is that is computed with."""
    return float(tables["assumed"]["hours_a_month"]) * 3600


def monthly(load: Load, tables: dict[str, dict[str, Any]]) -> list[CostItem]:
    """List what a month costs. The products table, deliveries to subscribers and data transfer are not in it."""
    prices, measured, assumed = tables["prices"], tables["measured"], tables["assumed"]
    invocations = invocations_a_second(load, assumed)
    one = invocation_of(load, load.changes / invocations, tables)
    month = seconds_a_month(tables)
    requests = invocations * month
    writes = load.changes * (load.alerting + _in_transactions(load)) * month
    reads = load.changes * (load.alerting + load.remembering) * month + requests * one.reads
    kept = load.changes * load.alerting * load.retention_days * _SECONDS_A_DAY
    stored = kept * (measured["ledger_item_bytes"] + assumed["item_overhead_bytes"]) / _GB
    per_gb = prices["dynamodb_gb_month"] + (prices["dynamodb_recovery_gb_month"] if load.recovery else 0)
    gb_seconds = requests * one.seconds * load.memory_mb / 1024
    logs = requests * assumed["log_bytes"] / _GB
    publishes = requests * one.publishes
    return [
        CostItem("Lambda", "GB-seconds", gb_seconds, gb_seconds * prices["lambda_gb_second"]),
        CostItem("Lambda", "requests", requests, requests / _MILLION * prices["lambda_million_requests"]),
        CostItem("DynamoDB", "write units", writes, writes / _MILLION * prices["dynamodb_million_write_units"]),
        CostItem("DynamoDB", "read units", reads, reads / _MILLION * prices["dynamodb_million_read_units"]),
        CostItem("DynamoDB", "GB stored", stored, stored * per_gb),
        CostItem("SNS", "requests", publishes, publishes / _MILLION * prices["sns_million_requests"]),
        CostItem("CloudWatch", "GB of logs", logs, logs * prices["logs_gb"]),
    ]


class AverageInvocation(NamedTuple):
    """What an invocation does on average."""

    seconds: float
    publishes: float
    """Requests as SNS counts them."""
    reads: float
    """Units for the mutes, which are read where anything is: the share of invocations that do."""


def invocation_of(load: Load, records: float, tables: dict[str, dict[str, Any]]) -> AverageInvocation:
    """Work an invocation of so many records out; calls that go out side by side are waited for together."""
    measured, assumed = tables["measured"], tables["assumed"]
    some = 1 - (1 - load.alerting) ** records  # the share of invocations with an alert
    look = 1 - (1 - max(load.alerting, load.remembering)) ** records  # the share of those that read the ledger
    alerts = load.alerting * records / some if some else 0.0  # in an invocation that has any
    keys = (load.alerting + load.remembering) * records / look if look else 0.0
    publishes = _calls(alerts, MOST_ENTRIES)
    waits = look * _rounds(_calls(keys, MOST_KEYS_READ)) + some * _rounds(publishes)
    waits += (look if load.remembering else some) * _rounds(_calls(alerts, MOST_ALERTS) or 1.0)
    cpu = records * (measured["record_cpu_us"] + load.alerting * measured["alert_cpu_us"]) / _MILLION
    seconds = cpu / min(load.memory_mb / assumed["vcpu_mb"], 1)
    seconds += (assumed["invocation_ms"] + waits * assumed["call_ms"]) / 1000
    chunks = math.ceil(min(alerts, MOST_ENTRIES) * measured["message_bytes"] / _SNS_CHUNK)
    return AverageInvocation(seconds, some * publishes * chunks, look)


def watching(tables: dict[str, dict[str, Any]]) -> list[CostItem]:
    """List what it costs a month to watch the service, whatever the load."""
    prices, assumed = tables["prices"], tables["assumed"]
    metrics, alarms = assumed["custom_metrics"], assumed["alarms"]
    return [
        CostItem("CloudWatch", "metrics", metrics, metrics * prices["cloudwatch_metric_month"]),
        CostItem("CloudWatch", "alarms", alarms, alarms * prices["cloudwatch_alarm_month"]),
    ]


def a_million_changes(load: Load, tables: dict[str, dict[str, Any]]) -> float:
    """Return what a million changes cost under this load, in USD."""
    total = sum(item.usd for item in monthly(load, tables))
    return total / (load.changes * seconds_a_month(tables)) * _MILLION


def invocations_a_second(load: Load, assumed: dict[str, Any]) -> float:
    """Return how many there are a second, where changes come at random: a window or poll without any invokes nothing.

    A lane delivers full batches, and what came in its window; without a window, what a poll finds.
    """
    lanes = shards_of(load, assumed) * load.parallelization_factor
    of_lane = load.changes / lanes
    windows = 1 / load.batch_window if load.batch_window else assumed["polls_a_second"]
    batches = windows * (1 - math.exp(-of_lane / windows))
    if not load.batch_window:
        batches *= math.ceil(of_lane / windows / load.batch_size)
    return float(lanes * max(of_lane / load.batch_size, batches))


def shards_of(load: Load, assumed: dict[str, Any]) -> int:
    """Return how many shards the stream has."""
    return math.ceil(load.changes / float(assumed["changes_per_shard"]))


def _calls(count: float, most: int) -> float:
    return max(count / most, 1.0) if count else 0.0


def _rounds(calls: float) -> float:
    return max(calls / CALLS_AT_ONCE, 1.0) if calls else 0.0


def _in_transactions(load: Load) -> float:
    """Return the units a change beyond one an alert: a transaction takes two for a memory and for an alert with it."""
    return 2 * load.remembering + min(load.alerting, load.remembering)
