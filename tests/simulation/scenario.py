"""A scenario: what happens to the table, what goes wrong, and how the mapping is set. All drawn from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.simulation.changes import Change, Mute, Value

PUBLISH, READ, WRITE, PARK, INVOKE = "publish", "read", "write", "park", "invoke"
CALLS = (PUBLISH, READ, WRITE, PARK)

# What may happen to a call. `kill` ends the process, `lost` takes effect and never answers, `hang` does neither for as
# long as the client waits, `freeze` outlasts the invocation.
ANY_CALL = ("kill_before", "kill_after", "error", "lost", "hang", "slow", "freeze")
ALSO = {PUBLISH: ("partial", "partial"), READ: ("unprocessed",), WRITE: ("conflict", "conflict"), PARK: ()}
# And to an invocation: not reached, killed before its response, delivered again at once, later, or twice at a time.
INVOCATION = ("throttle", "kill_end", "again", "late_again", "twin")
_MUTED = ("added", "drop", "steps", "target", "calm", "low", "gone", "edited", "busy", "")
_OUTAGES = ("error", "error", "error", "hang", "slow")


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong."""

    invocation: int
    """Which one, counted from 0."""
    call: str
    nth: int
    """Which of these calls in the invocation, counted from 0."""
    kind: str
    dice: int = 0
    """How, where there is more than one way."""


@dataclass(frozen=True)
class Outage:
    """A service that answers nobody for a while, or everybody late."""

    call: str
    starts: float
    seconds: float
    kind: str = "error"
    """error: it says so; hang: it does not even say so; slow: it answers the client's second attempt."""


@dataclass(frozen=True)
class Scenario:
    """Everything that a run depends on."""

    seed: int
    changes: tuple[Change, ...]
    faults: tuple[Fault, ...] = ()
    outages: tuple[Outage, ...] = ()
    settings: tuple[tuple[str, Any], ...] = ()
    shards: int = 1
    splits: tuple[float, ...] = ()
    """When each root shard closes and is split in two."""
    mutes: tuple[Mute, ...] = ()


def draw(seed: int) -> Scenario:
    """Draw a scenario; the same seed gives the same one."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    count = dice.choice((4, 8, 16, 30, 50))
    pace = dice.choice((0.0, 1.0, 30.0, 600.0))
    clock = dice.choice((0, 0, 0, 10))  # in a hundred records, how many have a clock that jumped
    poison = dice.choice((0, 0, 5, 10))
    products = dice.choice((1, 2, 3, 5))
    changes = []
    at = 0.0
    for _ in range(count):
        at += dice.choice((0.0, 0.0, 0.1, 1.0)) * pace
        changes.append(_change(dice, at, dice.randrange(products), clock=clock, poison=poison))
    faults = tuple(_fault(dice, count) for _ in range(dice.choice((0, 2, 5, 10, 20))))
    outages = tuple(_outage(dice, at) for _ in range(dice.choice((0, 0, 0, 1, 2))))
    settings = (
        ("batch_size", dice.choice((1, 2, 3, 5, 8, 20))),
        ("parallelization_factor", dice.choice((1, 1, 2, 3))),
        ("maximum_retry_attempts", dice.choice((-1, -1, 0, 1, 4))),
        ("maximum_record_age", dice.choice((-1, -1, -1, 60, 3600))),
        ("bisect_on_error", dice.random() < 0.5),
        ("batching_window", dice.choice((0, 0, 1))),
    )
    shards = dice.choice((1, 1, 2))
    splits = tuple(dice.choice((0.2, 0.5, 0.8)) * at for _ in range(shards)) if dice.random() < 0.3 else ()
    return Scenario(seed, tuple(changes), faults, outages, settings, shards, splits, _mutes(seed, at))


def _mutes(seed: int, at: float) -> tuple[Mute, ...]:
    """Draw from dice of their own, so that a seed is the scenario that it was before there were mutes."""
    dice = random.Random(f"mutes {seed}")  # noqa: S311 - a test's dice
    found = {}  # by what they are about: a mute takes the place of the one before
    for _ in range(dice.choice((0, 0, 0, 1, 1, 2))):
        rule, product = dice.choice(_MUTED), dice.choice((-1, 0, 0, 1))
        if rule or product >= 0:
            until = float(int(dice.choice((0.3, 0.6, 1.0, 2.0)) * (at + 1)))
            found[rule, product] = Mute(rule, product, until)
    return tuple(found.values())


def _change(dice: random.Random, at: float, product: int, *, clock: int, poison: int) -> Change:
    if dice.random() < 0.06:
        return Change(at, product)
    kinds = dice.sample(("price", "price", "stock", "tags", "views"), dice.choice((1, 1, 2)))
    sets: dict[str, Value] = {}
    for kind in kinds:
        sets[kind] = _value(dice, kind)
    spoilt = ""
    if dice.randrange(100) < poison:
        spoilt = dice.choice(("keys", "name", "value"))
        if spoilt == "value":  # which of the alerts of an hour is one too many is for the order to say
            sets = {"price": _value(dice, "price"), "stock": _value(dice, "stock")}
    refused = dice.choice(("entry", "call")) if dice.random() < 0.02 else ""
    jump = dice.choice((-7200.0, -600.0, 600.0, 7200.0)) if dice.randrange(100) < clock else 0.0
    return Change(at, product, tuple(sorted(sets.items())), jump, spoilt, refused)


def _value(dice: random.Random, kind: str) -> Value:
    if kind == "price":
        return Decimal(dice.choice((10, 15, 19, 20, 22, 24, 26, 28, 30, 31))) + Decimal(dice.randrange(3)) / 4
    if kind == "stock":
        return None if dice.random() < 0.05 else Decimal(dice.choice((0, 0, 2, 4, 5, 7, 9, 10, 12)))
    if kind == "tags":
        return tuple(dice.sample(("red", "blue", "new"), dice.choice((1, 2, 3))))
    return Decimal(dice.randrange(1000))


def _fault(dice: random.Random, count: int) -> Fault:
    invocation = dice.randrange(max(4, count))
    if dice.random() < 0.3:
        return Fault(invocation, INVOKE, 0, dice.choice(INVOCATION), dice.randrange(2**16))
    call = dice.choice((PUBLISH, PUBLISH, READ, WRITE, WRITE, PARK))
    kind = dice.choice((*ANY_CALL, *ALSO[call], *ALSO[call]))
    return Fault(invocation, call, dice.choice((0, 0, 0, 1, 2)), kind, dice.randrange(2**16))


def _outage(dice: random.Random, at: float) -> Outage:
    starts = dice.random() * at
    return Outage(dice.choice(CALLS), starts, dice.choice((5.0, 120.0, 3600.0)), dice.choice(_OUTAGES))
