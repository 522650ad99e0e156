"""The guarantees, under faults on purpose. More of it: `python -m tests.simulation --invocations 5000000`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests import soak
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.runs import runs, what_breaks
from tests.simulation.scenario import ANY_CALL, CALLS, INVOCATION, Scenario, draw
from tests.simulation.shrink import shrink
from tests.simulation.world import run

pytestmark = pytest.mark.usefixtures("silence")

INVOCATIONS = soak.length(100_000)
_SEEDS_FOR_A_MUTANT = 1000


@pytest.mark.soak
def test_nothing_is_lost_repeated_or_stuck_in_a_hundred_thousand_invocations() -> None:
    """Whatever goes wrong, every law of `laws.py` holds; a failure names the seed that repeats it."""
    *_, last = runs(INVOCATIONS)
    assert last.invocations >= INVOCATIONS
    assert last.alerts > INVOCATIONS / 10
    assert last.given_up > INVOCATIONS / 100


def test_a_seed_gives_the_same_run_again() -> None:
    """Nothing but the seed decides: no clock, no hash seed, no thread."""
    twins = next(seed for seed in range(100) if any(fault.kind == "twin" for fault in draw(seed).faults))
    for seed in (*range(20), twins):
        first, second = run(draw(seed)), run(draw(seed))
        assert first.sns.publications == second.sns.publications
        assert first.sqs.parked == second.sqs.parked
        assert first.dynamo.items == second.dynamo.items
        assert first.function.invocations == second.function.invocations


def test_every_kind_of_fault_is_drawn() -> None:
    """The scenarios hold each fault on each call, poison, refusals, splits, clock jumps and outages of an hour."""
    kinds: Counter[tuple[str, str]] = Counter()
    seen: Counter[str] = Counter()
    for seed in range(1000):
        scenario = draw(seed)
        kinds.update((fault.call, fault.kind) for fault in scenario.faults)
        seen.update(f"{change.poison or 'no'} poison" for change in scenario.changes)
        seen.update(f"{change.refused or 'no'} refusal" for change in scenario.changes)
        seen["a clock jumped"] += any(change.clock for change in scenario.changes)
        seen["a shard was split"] += bool(scenario.splits)
        seen["the ledger was down for an hour"] += any(
            outage.call in {"read", "write"} and outage.seconds == 3600 for outage in scenario.outages
        )
    assert {(call, kind) for call in CALLS for kind in ANY_CALL} <= set(kinds)
    assert {("publish", "partial"), ("read", "unprocessed"), ("write", "conflict")} <= set(kinds)
    assert {("invoke", kind) for kind in INVOCATION} <= set(kinds)
    assert len(seen) == 10, seen
    assert min(seen.values()) > 50, seen


@pytest.mark.soak
@pytest.mark.parametrize("mutant", MUTANTS[:: soak.divisor], ids=lambda mutant: mutant.name)
def test_a_broken_pipeline_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The laws bite: each of these mistakes breaks one of them, and not by accident another."""
    scenarios = [mutant.scenario] if mutant.scenario else map(draw, range(_SEEDS_FOR_A_MUTANT))
    assert not mutant.scenario or not what_breaks(mutant.scenario)
    mutant.apply(monkeypatch)
    broken = (what_breaks(scenario, mutant.longest_run) for scenario in scenarios)
    first = next(filter(None, broken), "nobody noticed")
    assert any(said in first for said in mutant.caught_by), first


def test_a_failing_scenario_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of a failing scenario is what it takes to fail: here one change and one fault."""
    next(mutant for mutant in MUTANTS if mutant.name == "skips the ledger read").apply(monkeypatch)

    def sends_twice(scenario: Scenario) -> bool:
        return "went out twice" in what_breaks(scenario)

    failing = next(draw(seed) for seed in range(200) if sends_twice(draw(seed)))
    small = shrink(failing, sends_twice)
    assert sends_twice(small)
    assert len(small.changes) <= 2
    assert len(small.faults) + len(small.outages) <= 1
    assert shrink(failing, sends_twice) == small
    assert not sends_twice(replace(small, faults=(), outages=()))
