"""A bulk repricing: how long its alerts take as AWS answers sooner or later, and what the ledger charges for them."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Self

from benchmarks.measuring.figures import Budget, Figure
from benchmarks.measuring.timing import interleaved, silenced
from benchmarks.suites.publishing import STATEFUL
from benchmarks.workload.contenders import OURS, PEERS, RULE, client_of, contender, product_alerts
from benchmarks.workload.events import batch, event
from benchmarks.workload.instant import InstantClient
from benchmarks.workload.null_endpoint import null_endpoint
from notifications.common.time_budget import CALLS_AT_ONCE
from notifications.publishing.side_by_side import OneByOne
from operations.evaluation.cost import SHARES, a_million_changes, load_of, read_prices
from operations.settings.project import DEFAULT_STAGE, PROJECT
from operations.settings.service_file import read_service

TIME, UNITS = "Time for a burst", "Ledger units an alert"
PRICE = "Price of a million changes"
WAITS = "Calls waited for one after another, 1,000 alerts in one batch"
DELAYS = (0.0, 0.01, 0.02)
"""Seconds that AWS takes to answer a call."""
BURSTS = (100, 1_000, 10_000)
OF_A_BATCH = 100
"""Records, as serverless.yml has the mapping deliver them."""
ONE_BY_ONE = f"{OURS}, calls one by one"
QUARTER = Budget(0.25)
ONE_UNIT = Budget(1)
ALERTS = 1_000


def measure(rounds: int = 3) -> list[Figure]:
    """Time bursts as the mapping delivers them, and one batch of a thousand with its calls one by one."""
    figures = []
    for delay in DELAYS:
        where = f"{delay * 1000:.0f} ms a call"
        with null_endpoint(delay) as endpoint:
            ours = _ours(endpoint.url)
            for alerts in BURSTS:
                batches = _batches(alerts)
                runs: dict[str, Callable[[], object]] = {OURS: partial(_deliver, ours, batches)}
                if alerts == BURSTS[0]:  # a peer makes its calls one by one: ten times the alerts, ten times the time
                    runs |= {name: partial(_deliver, _peer(name, endpoint.url), batches) for name in PEERS}
                figures += _timed(f"{alerts:,} alerts in batches of {OF_A_BATCH}, {where}", runs, rounds)
            whole = [event(batch(ALERTS, matching_every=1))]
            runs = {
                OURS: partial(_deliver, ours, whole),
                ONE_BY_ONE: partial(_deliver, _ours(endpoint.url, OneByOne), whole),
            }
            seconds = interleaved(runs, rounds, time.perf_counter, repeat=False)
            name = f"{ALERTS:,} alerts of as many products in one batch, {where}"
            figures += [Figure.of(TIME, f"{name}: {run}", spread, "s") for run, spread in seconds.items()]
            ratio = seconds[OURS].over(seconds[ONE_BY_ONE])
            budget = QUARTER if delay == DELAYS[1] else None
            figures.append(Figure.of(TIME, f"{name}: {OURS}, of one by one", ratio, budget=budget))
    return figures


class _OnPaper:
    """Calls side by side by a clock of their own: each takes as long as the others, and the processor nothing."""

    most = CALLS_AT_ONCE
    waited = 0.0
    """Calls after one another, over all of them."""

    def __init__(self) -> None:
        self._ends: list[tuple[float, int, Any]] = []
        self._now = 0.0
        self._started = 0

    @property
    def under_way(self) -> int:
        return len(self._ends)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _OnPaper.waited += self._now

    def start(self, call: Callable[[], Any]) -> None:
        self._started += 1
        heapq.heappush(self._ends, (self._now + 1, self._started, call()))

    def next_ended(self) -> Any:
        self._now, _, result = heapq.heappop(self._ends)
        return result


def count_waits(alerts: int = ALERTS) -> list[Figure]:
    """Count the calls that are waited for one after another; busy machines have no part in it."""
    figures = []
    for name, rules in {OURS: RULE, **{f"{OURS}, {each}": rules for each, rules in STATEFUL.items()}}.items():
        client = InstantClient()
        _OnPaper.waited = 0.0
        product_alerts(client, client, rules, new_calls=_OnPaper)(event(batch(alerts, matching_every=1)))
        share = _OnPaper.waited / client.calls.total()
        note = f"{_OnPaper.waited:.0f} of {client.calls.total()} calls"
        figures.append(Figure(WAITS, f"{name}, of all calls", share, budget=QUARTER, note=note))
    return figures


def count_units(alerts: int = ALERTS) -> list[Figure]:
    """Count what DynamoDB charges, for items within a unit."""
    figures = []
    for name, rules in {OURS: RULE, **{f"{OURS}, {each}": rules for each, rules in STATEFUL.items()}}.items():
        client = InstantClient()
        product_alerts(client, client, rules)(event(batch(alerts, matching_every=1)))
        written = client.write_units / alerts
        budget = ONE_UNIT if name == OURS else None
        figures.append(Figure(UNITS, f"write units: {name}", written, budget=budget))
        figures.append(Figure(UNITS, f"read units: {name}", client.read_units / alerts))
    return figures


def price() -> list[Figure]:
    """Work out what a million changes cost at a hundred a second, as `python -m operations cost` does."""
    tables, params = read_prices(), read_service(PROJECT, DEFAULT_STAGE, {}).params
    note = f"{tables['prices']['region']}, {tables['prices']['date']}"
    return [
        Figure(
            PRICE,
            f"{100 * share:g}% alerting",
            a_million_changes(load_of(params, 100, share), tables),
            "USD",
            note=note,
        )
        for share in SHARES
    ]


def _timed(where: str, runs: dict[str, Callable[[], object]], rounds: int) -> list[Figure]:
    with silenced():
        seconds = interleaved(runs, rounds, time.perf_counter, repeat=False)
    return [Figure.of(TIME, f"{where}: {name}", spread, "s") for name, spread in seconds.items()]


def _ours(url: str, new_calls: Any = None) -> Any:
    return product_alerts(client_of(OURS, "sns", url), client_of(OURS, "dynamodb", url), new_calls=new_calls)


def _peer(name: str, url: str) -> Any:
    return contender(name, client_of(name, "sns", url), client_of(name, "dynamodb", url))


def _batches(alerts: int) -> list[dict[str, Any]]:
    records = batch(alerts, matching_every=1)
    return [event(records[start : start + OF_A_BATCH]) for start in range(0, alerts, OF_A_BATCH)]


def _deliver(handler: Any, batches: list[dict[str, Any]]) -> None:
    for one in batches:
        handler(one)
