"""What should have been sent: the rules of `rules.toml` as docs/rules.md and the design tell them.

Written without the code that it judges: it knows items, not images, and one product at a time, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tests.simulation.changes import START, Item, Mute, Written

HOUR = 3600
LIMITED, LIMIT = "busy", 2
"""The rule that may alert only so often an hour."""


@dataclass(frozen=True)
class Memory:
    """What one rule remembers of one product."""

    seen: int = 0
    """The last change that mattered to it."""
    baseline: Decimal | None = None
    armed: bool = True
    alerted_at: float | None = None
    held: int = 0
    known: Decimal | None = None
    """The last stock that was a number."""


@dataclass(frozen=True)
class Verdict:
    """What a rule makes of a change: whether it alerts, how many it held back before, what it remembers."""

    due: bool
    held: int = 0
    memory: Memory | None = None
    """None: nothing changes."""
    if_muted: Memory | None = None
    """What it remembers instead where an operator muted it; None: the same."""


def _number(record: Written, side: str, name: str) -> Decimal | None:
    item = record.old if side == "old" else record.new
    value = (item or {}).get(name)
    return value if isinstance(value, Decimal) else None


def _prices(record: Written) -> tuple[Decimal, Decimal]:
    """Give the old and the new price of a record that has both, as each whose price moved has."""
    old, new = _number(record, "old", "price"), _number(record, "new", "price")
    assert old is not None
    assert new is not None
    return old, new


def _moved(record: Written, name: str) -> bool:
    return record.event == "MODIFY" and (record.old or {}).get(name) != (record.new or {}).get(name)


def _drop(record: Written, memory: Memory) -> Verdict:  # noqa: ARG001 - a rule without memory
    old, new = _number(record, "old", "price"), _number(record, "new", "price")
    if record.event != "MODIFY" or old is None or new is None:
        return Verdict(False)
    return Verdict((old - new) * 10 >= abs(old) and new < old)


def _steps(record: Written, memory: Memory) -> Verdict:
    if not _moved(record, "price"):
        return Verdict(False)
    old, new = _prices(record)
    baseline = old if memory.baseline is None else memory.baseline
    due = new < baseline and (baseline - new) * 10 >= abs(baseline)
    without = replace(memory, baseline=baseline)
    return Verdict(due, memory=replace(memory, baseline=new) if due else without, if_muted=without)


def _target(record: Written, memory: Memory) -> Verdict:
    if not _moved(record, "price"):
        return Verdict(False)
    old, new = _prices(record)
    due = memory.armed and old >= 20 > new
    return Verdict(due, memory=replace(memory, armed=new >= 25 or (memory.armed and not due)))


def _calm(record: Written, memory: Memory) -> Verdict:
    if not _moved(record, "price"):
        return Verdict(False)
    old, new = _prices(record)
    if new < old:
        return Verdict(False)
    if memory.alerted_at is not None and record.created < memory.alerted_at + HOUR:
        return Verdict(False, memory=replace(memory, held=memory.held + 1), if_muted=memory)
    return Verdict(True, memory.held, replace(memory, alerted_at=record.created, held=0), if_muted=memory)


def _low(record: Written, memory: Memory) -> Verdict:
    if not _moved(record, "stock"):
        return Verdict(False)
    before, new = _number(record, "old", "stock"), _number(record, "new", "stock")
    old = memory.known if before is None else before
    due = memory.armed and old is not None and new is not None and old >= 5 > new
    armed = (new is not None and new >= 10) or (memory.armed and not due)
    known = before if new is None else new
    return Verdict(due, memory=replace(memory, armed=armed, known=memory.known if known is None else known))


def _gone(record: Written, memory: Memory) -> Verdict:  # noqa: ARG001
    old, new = _number(record, "old", "stock"), _number(record, "new", "stock")
    return Verdict(record.event == "MODIFY" and old is not None and new is not None and old > 0 >= new)


def _edited(record: Written, memory: Memory) -> Verdict:  # noqa: ARG001
    before, after = (_tags(item) for item in (record.old, record.new))
    return Verdict(record.event == "MODIFY" and before != after)


def _tags(item: Item | None) -> set[str]:
    tags = (item or {}).get("tags") or ()
    assert isinstance(tags, tuple)
    return set(tags)


_RULES: dict[str, Callable[[Written, Memory], Verdict]] = {
    "added": lambda record, _: Verdict(record.event == "INSERT"),
    "removed": lambda record, _: Verdict(record.event == "REMOVE"),
    "drop": _drop,
    "steps": _steps,
    "target": _target,
    "calm": _calm,
    "low": _low,
    "gone": _gone,
    "edited": _edited,
    LIMITED: lambda record, _: Verdict(_moved(record, "views")),
}
REMEMBERING = frozenset({"steps", "target", "calm", "low"})


class Oracle:
    """Follows one table, record by record."""

    def __init__(self, mutes: Iterable[Mute] = ()) -> None:
        self._mutes = tuple(mutes)
        self._memories: dict[tuple[str, str], Memory] = {}

    def judge(self, record: Written, *, redriven: bool = False) -> dict[str, int]:
        """Name the rules that are due, with the number of changes that each held back before.

        A record that cannot be read is due for nothing and remembered by nobody; whoever asks knows it by
        `hopeless`. A redriven record that a rule has seen or passed is judged by what it shows alone.
        """
        if record.poison in {"keys", "name"}:
            return {}
        verdicts = {rule: self._verdict(rule, record, redriven) for rule in _RULES}
        due = {rule: verdict.held for rule, verdict in verdicts.items() if verdict.due}
        if record.poison == "value" and due:
            return {}
        for rule, verdict in verdicts.items():
            if self._is_muted(rule, record):
                due.pop(rule, None)
                verdicts[rule] = replace(verdict, memory=verdict.if_muted or verdict.memory)
        for rule, verdict in verdicts.items():
            if verdict.memory is not None:
                self._memories[record.product, rule] = replace(verdict.memory, seen=record.number)
        if record.event == "REMOVE":
            self._forget(record)
        return due

    def hopeless(self, record: Written) -> bool:
        """Whether the record can only be given up; ask before `judge`."""
        if record.poison == "value":
            return any(self._verdict(rule, record, False).due for rule in _RULES)
        return record.poison != ""

    def _verdict(self, rule: str, record: Written, redriven: bool) -> Verdict:
        memory = self._memories.get((record.product, rule), Memory())
        if rule in REMEMBERING and record.number <= memory.seen:
            if not redriven:
                return Verdict(False)
            return replace(_RULES[rule](record, Memory()), held=0, memory=None, if_muted=None)
        return _RULES[rule](record, memory)

    def _is_muted(self, rule: str, record: Written) -> bool:
        return any(
            mute.rule in {"", rule}
            and (mute.product < 0 or f"p{mute.product}" == record.product)
            and record.created < START + mute.until
            for mute in self._mutes
        )

    def _forget(self, record: Written) -> None:
        """Let a product that comes back be a new one to every rule that has seen nothing later of it."""
        for rule in REMEMBERING:
            if self._memories.get((record.product, rule), Memory()).seen <= record.number:
                self._memories[record.product, rule] = Memory(seen=record.number)


def hour_of(record: Written) -> int:
    """Give the hour of the clock that counts for a limit."""
    return int(record.created // HOUR)


def by_product(records: Iterable[Written]) -> dict[str, list[Written]]:
    """Sort records by product, in order."""
    found: dict[str, list[Any]] = {}
    for record in records:
        found.setdefault(record.product, []).append(record)
    return found
