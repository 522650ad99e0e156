"""CPU time a record, with clients that answer at once: what the code itself costs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from benchmarks.measuring.figures import Budget, Figure
from benchmarks.measuring.timing import ROUNDS, Run, interleaved
from benchmarks.workload.contenders import DESERIALIZER, OURS, PLAIN_LOOP, POWERTOOLS, SHIPPED, contender
from benchmarks.workload.events import CHEAPER_BY_5_PERCENT, SOLD_ONE, VIEWED, batch, event
from benchmarks.workload.instant import InstantClient

TOPIC = "CPU a record of nine attributes"
RECORDS = 500
JSON_LOADS = "json.loads"
ALL = (OURS, SHIPPED, PLAIN_LOOP, DESERIALIZER, POWERTOOLS)

OF_JSON_LOADS = Budget(0.2)
OF_POWERTOOLS = Budget(8, at_most=False)

NO_MATCH: Mapping[str, Mapping[str, Any]] = {
    "no match": VIEWED,
    "no match, price -5%": CHEAPER_BY_5_PERCENT,
    "no match, stock -1": SOLD_ONE,
}


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """Measure all contenders on each kind of batch."""
    figures = []
    for name, change in NO_MATCH.items():
        figures += _case(name, batch(RECORDS, change), rounds, of_json=OF_JSON_LOADS, of_powertools=OF_POWERTOOLS)
    figures += _case("1% match", batch(RECORDS, matching_every=100), rounds)
    figures += _case("all match", batch(RECORDS, matching_every=1), rounds)
    return figures


def runs(texts: list[str], names: tuple[str, ...] = ALL) -> dict[str, Run]:
    """Give what is to be timed: parsing the batch, and each contender on the parsed batch."""
    parsed = event(texts)
    clients = {name: InstantClient() for name in names}
    return {
        JSON_LOADS: lambda: [json.loads(text) for text in texts],
        **{name: partial(contender(name, client, client), parsed) for name, client in clients.items()},
    }


def _case(
    name: str, texts: list[str], rounds: int, of_json: Budget | None = None, of_powertools: Budget | None = None
) -> list[Figure]:
    a_record = 1e6 / len(texts)  # microseconds
    seconds = interleaved(runs(texts), rounds)
    figures = [
        Figure.of(TOPIC, f"{name}: {contender_name}", spread.scaled(a_record), "µs")
        for contender_name, spread in seconds.items()
    ]
    for ours in (OURS, SHIPPED):
        of_parsing, more = seconds[ours].over(seconds[JSON_LOADS]), seconds[POWERTOOLS].over(seconds[ours])
        figures.append(Figure.of(TOPIC, f"{name}: {ours}, of json.loads", of_parsing, budget=of_json))
        figures.append(Figure.of(TOPIC, f"{name}: Powertools, of {ours}", more, "times", budget=of_powertools))
    return figures
