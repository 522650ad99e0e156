"""What settings of the mapping and the function come to under a load: cost, delay, and how much one failure repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from operations.evaluation.cost import Load, invocation_of, invocations_a_second, monthly, shards_of

_SETTINGS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("as the stage is", {}),
    ("batchWindow 0", {"batch_window": 0.0}),
    ("batchWindow 10", {"batch_window": 10.0}),
    ("batchSize 10", {"batch_size": 10}),
    ("batchSize 1000", {"batch_size": 1000}),
    ("parallelizationFactor 10", {"parallelization_factor": 10}),
    ("memorySize 256", {"memory_mb": 256}),
    ("memorySize 1024", {"memory_mb": 1024}),
)


class Tuned(NamedTuple):
    """What a setting comes to; all else is as the stage has it."""

    setting: str
    usd: float
    """A month."""
    delay: float
    """Seconds from a change to its alert, at most, while nothing fails and changes come evenly."""
    records: float
    """In a batch, on average."""
    repeated: int
    """Records that come again after one of them failed, at most: the batch."""
    concurrency: float
    """Invocations at the same time, on average."""
    busy: float
    """The share of its time that a lane of the mapping is busy; above 1 it falls behind."""


def variants(load: Load) -> list[tuple[str, Load]]:
    """List the settings by their names, each changed alone."""
    return [(name, replace(load, **changes)) for name, changes in _SETTINGS]


def compare(load: Load, tables: dict[str, dict[str, Any]]) -> list[Tuned]:
    """Compare the settings."""
    return [_tuned(name, variant, tables) for name, variant in variants(load)]


def _tuned(setting: str, load: Load, tables: dict[str, dict[str, Any]]) -> Tuned:
    assumed = tables["assumed"]
    invocations = invocations_a_second(load, assumed)
    records = load.changes / invocations
    seconds = invocation_of(load, records, tables).seconds
    lanes = shards_of(load, assumed) * load.parallelization_factor
    waited = 1 / assumed["polls_a_second"] + min(load.batch_window, load.batch_size * lanes / load.changes)
    usd = sum(item.usd for item in monthly(load, tables))
    concurrency = invocations * seconds
    return Tuned(setting, usd, waited + seconds, records, load.batch_size, concurrency, concurrency / lanes)
