"""How the cost of a record grows with the batch, the rules and the item, in time and in steps of the interpreter.

Steps (bytecode instructions) are the same on a quiet machine and on a busy one, so the gate can hold them to a budget;
they leave out what happens inside C, which the time shows.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from benchmarks.measuring.figures import Budget, Figure
from benchmarks.measuring.timing import ROUNDS, Run, Spread, interleaved
from benchmarks.workload.contenders import RULE, product_alerts
from benchmarks.workload.events import NINE, VIEWED, batch, event
from benchmarks.workload.instant import InstantClient

TOPIC = "Growth of the cost of a record"
RECORDS = Budget(1.1)
RULES = Budget(2)
TWENTY = {f"price{number}": {"N": "25.99"} for number in range(20)}


def count_steps(run: Run) -> int:
    """Count the bytecode instructions that a call executes."""
    steps = 0

    def trace(frame: FrameType, what: str, _: Any) -> Callable[..., Any]:
        nonlocal steps
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        steps += what == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return steps


def by_steps() -> list[Figure]:
    """Compare in steps: the same on every run."""
    return [
        Figure(TOPIC, f"{name}, in steps", _steps(large) / _steps(small), budget=budget)
        for name, (small, large, budget) in (*_batches(1000), *_rules())
    ]


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """Compare in CPU time."""
    figures = by_steps()
    for name, (small, large, budget) in (*_batches(10_000), *_rules(), *_attributes()):
        seconds = interleaved({"small": small.run, "large": large.run}, rounds)
        a_record = {"small": small.records, "large": large.records}
        cost = {size: Spread(tuple(value / a_record[size] for value in seconds[size].values)) for size in seconds}
        note = f"{cost['small'].median * 1e6:.3g} µs and {cost['large'].median * 1e6:.3g} µs"
        figures.append(
            Figure.of(TOPIC, f"{name}, in CPU time", cost["large"].over(cost["small"]), budget=budget, note=note)
        )
    return figures


class _Work:
    """Records through a pipeline, in batches of so many."""

    def __init__(self, texts: list[str], rules: str = RULE, size: int | None = None) -> None:
        client = InstantClient()
        handle = product_alerts(client, client, rules)
        size = size or len(texts)
        events = [event(texts[start : start + size]) for start in range(0, len(texts), size)]
        self.records = len(texts)
        self.run: Run = lambda: [handle(each) for each in events]


Pair = tuple[str, tuple[_Work, _Work, Budget | None]]


def _batches(large: int) -> Iterator[Pair]:
    """Cut the same records into small batches and into one: either way as much has to come out of the memory."""
    some = max(large // 10, 500)  # a record that alerts has hundreds of times the steps
    for name, size, every in (("no match", large, 0), ("1% match", large, 100), ("all match", some, 1)):
        texts = batch(size, matching_every=every)
        yield f"100 to {size:,} records a batch, {name}", (_Work(texts, size=100), _Work(texts), RECORDS)


def _rules() -> Iterator[Pair]:
    unnamed = batch(100, VIEWED, item={**NINE, **TWENTY})
    name = "10 to 200 rules on 20 attributes, none of them changed"
    yield name, (_Work(unnamed, rules(10)), _Work(unnamed, rules(200)), RULES)


def _attributes() -> Iterator[Pair]:
    for few, many in ((3, 30), (30, 300)):
        texts, more = (batch(100, attributes=attributes) for attributes in (few, many))
        yield f"{few} to {many} attributes", (_Work(texts), _Work(more), None)


def rules(count: int) -> str:
    """Write so many rules on twenty attributes, in turn."""
    template = '[[rules]]\nname = "rule-{0}"\nwhen = "changed"\nattributes = ["price{1}"]\ntitle = "{{name}}"\n'
    return "".join(template.format(number, number % len(TWENTY)) for number in range(count))


def _steps(work: _Work) -> float:
    work.run()  # what is made once is made now
    return count_steps(work.run) / work.records
