"""AWS calls and time for a batch in which every record alerts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks.measuring.figures import Budget, Figure
from benchmarks.measuring.timing import Clock, interleaved, silenced
from benchmarks.workload.contenders import (
    COOLDOWN,
    DESERIALIZER,
    LAST_ALERT,
    OURS,
    PLAIN_LOOP,
    POWERTOOLS,
    client_of,
    contender,
    product_alerts,
)
from benchmarks.workload.events import batch, event
from benchmarks.workload.instant import InstantClient
from benchmarks.workload.null_endpoint import null_endpoint

CALLS, TIME = "AWS calls for 1,000 alerts in one batch", "Time to publish"
ALERTS = 1000
MOST_CALLS = Budget(160)
FASTER = Budget(5, at_most=False)
NEAR = 0.01  # seconds that a service in the same region may take to answer
STATEFUL: Mapping[str, str] = {"with a cool-down": COOLDOWN, "with baseline = last_alert": LAST_ALERT}


def count_calls(alerts: int = ALERTS) -> list[Figure]:
    """Count the calls of each contender, ledger and idempotency layer included."""
    parsed = event(batch(alerts, matching_every=1))
    figures = []
    for name in (OURS, PLAIN_LOOP, DESERIALIZER, POWERTOOLS):
        client = InstantClient(keep=True)
        with silenced():
            contender(name, client, client)(parsed)
        figures.append(_calls(name, client, alerts, MOST_CALLS if name == OURS else None))
    for name, rules in STATEFUL.items():
        client = InstantClient(keep=True)
        product_alerts(client, client, rules)(parsed)
        figures.append(_calls(f"{OURS}, {name}", client, alerts, MOST_CALLS))
    return figures


def _calls(name: str, client: InstantClient, alerts: int, budget: Budget | None) -> Figure:
    if len(client.messages) != alerts:
        raise RuntimeError(f"{name} published {len(client.messages)} alerts, not {alerts}")
    by_action = ", ".join(f"{count} {action}" for action, count in sorted(client.calls.items()))
    return Figure(CALLS, name, client.calls.total(), budget=budget, note=by_action)


def measure(rounds: int = 5) -> list[Figure]:
    """Time the contenders in front of an AWS that answers at once, and of one that is as far as a near one is."""
    figures = []
    with null_endpoint() as endpoint:
        for alerts in (500, ALERTS):
            for clock, unit in ((time.perf_counter, "elapsed"), (time.process_time, "CPU")):
                figures += _time(endpoint.url, alerts, f"null endpoint, {unit}", rounds, clock)
    with null_endpoint(NEAR) as endpoint:
        figures += _time(endpoint.url, 500, f"{NEAR * 1000:.0f} ms a call, elapsed", 2, time.perf_counter)
    return figures


def _time(url: str, alerts: int, where: str, rounds: int, clock: Clock) -> list[Figure]:
    seconds = interleaved(_runs(url, event(batch(alerts, matching_every=1))), rounds, clock, repeat=False)
    where = f"{alerts:,} alerts, {where}"
    figures = [Figure.of(TIME, f"{where}: {name}", spread, "s") for name, spread in seconds.items()]
    for peer in (DESERIALIZER, POWERTOOLS):
        ratio = seconds[peer].over(seconds[OURS])
        figures.append(Figure.of(TIME, f"{where}: {peer}, of {OURS}", ratio, "times", budget=_budget(where, peer)))
    return figures


def _runs(url: str, parsed: dict[str, Any]) -> dict[str, Callable[[], object]]:
    runs: dict[str, Callable[[], object]] = {}
    for name in (OURS, PLAIN_LOOP, DESERIALIZER, POWERTOOLS):
        sns, dynamodb = client_of(name, "sns", url), client_of(name, "dynamodb", url)
        runs[name] = partial(contender(name, sns, dynamodb), parsed)
    return runs


def _budget(where: str, peer: str) -> Budget | None:
    """Give the budget where both sides do what they would do on AWS.

    Where AWS answers at once there are no round trips to save, which is what batches are for: there only the peer that
    keeps a ledger as well is held against us.
    """
    if not (where.startswith("500") and "elapsed" in where):
        return None
    return None if "null" in where and peer != POWERTOOLS else FASTER
