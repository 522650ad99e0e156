"""Makes a failing scenario small: fewer changes, faults and outages, plainer settings, as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.simulation.changes import Change
from tests.simulation.scenario import Scenario

Fails = Callable[[Scenario], bool]
_PLAIN = {
    "batch_size": 100,
    "parallelization_factor": 1,
    "maximum_retry_attempts": -1,
    "maximum_record_age": -1,
    "bisect_on_error": False,
    "batching_window": 0,
}
_MOST_TRIES = 2000


def shrink(scenario: Scenario, fails: Fails) -> Scenario:
    """Return the smallest scenario found that still fails; the same one gives the same one."""
    tries = 0
    progress = True
    while progress:
        progress = False
        for smaller in _smaller(scenario):
            tries += 1
            if tries > _MOST_TRIES:
                return scenario
            if fails(smaller):
                scenario, progress = smaller, True
                break
    return scenario


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    """Yield scenarios with less in them, the boldest cut first."""
    for name in ("changes", "faults", "outages", "mutes"):
        yield from _without_some(scenario, name)
    for key, value in scenario.settings:
        if value != _PLAIN[key]:
            settings = tuple((name, _PLAIN[key] if name == key else kept) for name, kept in scenario.settings)
            yield replace(scenario, settings=settings)
    if scenario.splits:
        yield replace(scenario, splits=())
    elif scenario.shards > 1:
        yield replace(scenario, shards=1)
    for index, change in enumerate(scenario.changes):
        for plainer in _plainer(change):
            yield replace(scenario, changes=(*scenario.changes[:index], plainer, *scenario.changes[index + 1 :]))
    for index, fault in enumerate(scenario.faults):
        if fault.invocation:
            sooner = replace(fault, invocation=fault.invocation - 1)
            yield replace(scenario, faults=(*scenario.faults[:index], sooner, *scenario.faults[index + 1 :]))


def _without_some(scenario: Scenario, name: str) -> Iterator[Scenario]:
    items = getattr(scenario, name)
    size = len(items)
    while size:
        for start in range(0, len(items), size):
            yield replace(scenario, **{name: items[:start] + items[start + size :]})
        size //= 2


def _plainer(change: Change) -> Iterator[Change]:
    if change.clock:
        yield replace(change, clock=0.0)
    if change.poison or change.refused:
        yield replace(change, poison="", refused="")
    if len(change.sets) > 1:
        for index in range(len(change.sets)):
            yield replace(change, sets=change.sets[:index] + change.sets[index + 1 :])
