"""What is known of a batch while it is processed; records are named by their position in it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from notifications.alerts import Alert
from notifications.decide import Hour, Outcome
from notifications.decode import sequence_number_of
from notifications.errors import PermanentError, ProductAlertsError
from notifications.failures import Parked
from notifications.ledger import Entry, HourTally, Known, RuleMemory
from notifications.memory import Memory
from notifications.message import Message
from notifications.plan import Planned

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Step:
    """What the rules remember of a product after one record."""

    position: int
    memories: dict[str, Memory]
    gone: bool = False


@dataclass(slots=True)
class Batch:
    """A batch on its way."""

    records: Sequence[Any]
    replayed: bool = False
    """The records come from the failures queue, so none is parked there anew."""
    to_park: dict[int, Parked] = field(default_factory=dict)
    unsafe: dict[int, Exception] = field(default_factory=dict)
    """Records that have to come again, and why."""
    outage: ProductAlertsError | None = None
    """Why nothing more is published in this invocation."""
    published: set[str] = field(default_factory=set)
    """Ids of the alerts that are out."""
    repeated: int = 0
    held_back: int = 0
    parked: int = 0
    _position_of: dict[str, int] = field(default_factory=dict)
    """Alert id to the record that it is about."""
    _held_products: dict[str, ProductAlertsError] = field(default_factory=dict)
    """Products with a failed alert: those behind it wait, or they would overtake it."""
    _steps: dict[str, list[_Step]] = field(default_factory=dict)
    """Product to what is remembered after each of its records."""
    _product_of: dict[int, str] = field(default_factory=dict)
    """Position to the product, as the ledger names it."""
    _counted: list[tuple[int, Hour, str, bool]] = field(default_factory=list)
    """Position, hour and alert id of what counts towards a limit, and whether that is the summary."""
    _kept: set[int] = field(default_factory=set)
    """Records given up already, which stay where they are: rules go on behind them."""

    @contextmanager
    def guard(self, position: int) -> Iterator[None]:
        """Give a record up if reading it fails: whatever one record does to us, its neighbours go on."""
        try:
            yield
        except PermanentError as error:
            self._give_up(position, error)
        except Exception as error:
            log.exception("a record could not be evaluated; this is a fault of ours")
            self._give_up(position, error)

    def concerns(self, position: int, product: str) -> None:
        """Note a record's product, as the ledger names it, before anything can go wrong with the record."""
        self._product_of[position] = product

    def hold(self, position: int, error: Exception) -> None:
        """Have a record come again."""
        self._kept.discard(position)
        self.unsafe.setdefault(position, error)

    def hold_product(self, alert: Alert, error: ProductAlertsError) -> None:
        """Have an alert's record come again, and the later alerts of its product wait for it."""
        self._held_products[alert.subject] = error
        self.hold(self._position_of[alert.id], error)

    def not_held(self, messages: Sequence[Message]) -> list[Message]:
        """Hold the messages that have to wait, and return the others."""
        free = []
        for message in messages:
            error = self.outage or self._held_products.get(message.alert.subject)
            if error:
                self.hold(self._position_of[message.alert.id], error)
            else:
                free.append(message)
        return free

    def refused(self, alert: Alert, error: PermanentError) -> None:
        """Give up a record because of one alert about it that nobody will ever take."""
        self._give_up(self._position_of[alert.id], error, alert.rule)

    def decided(self, position: int, planned: Iterable[Planned], known: Known) -> list[Alert]:
        """Note what was decided about a record, and return the alerts that are not out yet."""
        due = []
        for candidate, decision, alerts in planned:
            for alert in alerts:
                if alert.id in known.sent:
                    self.repeated += 1
                elif alert.id not in self._position_of:  # the same record may stand twice in one batch
                    self._position_of[alert.id] = position
                    due.append(alert)
            if decision.outcome in {Outcome.COOLING_DOWN, Outcome.LIMITED}:
                self.held_back += 1
            if candidate.hour and alerts:
                summary = decision.outcome is Outcome.LIMITED
                self._counted.append((position, candidate.hour, alerts[0].id, summary))
            if candidate.rule.remembers:
                memories = known.memories.get(candidate.product, {})
                self._steps.setdefault(candidate.product, []).append(_Step(position, dict(memories)))
        return due

    def forget(self, position: int, product: str, memories: dict[str, Memory]) -> None:
        """Note that a product was removed, and that what its rules remember is to go with it."""
        removal = self._sequence_number(position)
        gone = all(memory.sequence_number == removal for memory in memories.values())  # and not back already
        self._steps.setdefault(product, []).append(_Step(position, dict(memories), gone))

    def to_remember(self) -> list[Entry]:
        """List what to keep: of each product up to its first record that comes again, of each hour what went out."""
        comes_again = self.unsafe.keys() - self._kept
        if self.unsafe:  # given up behind an unsafe record: not parked yet, so it has to be seen again
            comes_again.update(position for position in self.to_park if position >= min(self.unsafe))
        stops: dict[str, int] = {}
        for position in sorted(comes_again, reverse=True):
            if position in self._product_of:
                stops[self._product_of[position]] = position
        entries: list[Entry] = []
        for product, steps in self._steps.items():
            safe = [step for step in steps if step.position < stops.get(product, len(self.records))]
            if safe:
                entries.append(RuleMemory(product, safe[-1].memories, safe[-1].gone))
        counted: dict[Hour, set[str]] = {}
        for position, hour, alert_id, summary in self._counted:
            if position not in comes_again or alert_id in self.published:
                counted.setdefault(hour, set()).add("" if summary else alert_id)
        entries += [HourTally(hour, frozenset(ids - {""}), "" in ids) for hour, ids in counted.items()]
        return entries

    def forgotten(self, entries: Iterable[Entry], error: ProductAlertsError) -> None:
        """Have those records come again that the rules should remember, and do not."""
        for entry in entries:
            if isinstance(entry, RuleMemory):
                self.hold(self._steps[entry.product][0].position, error)

    def tell(self) -> None:
        """Log one line, and the reasons for what did not go well."""
        for position, parked in sorted(self.to_park.items()):
            log.warning("given up, sequence number %s: %s", self._sequence_number(position), parked.reason)
        if self.unsafe:
            first = min(self.unsafe)
            log.error("handed back from sequence number %s on: %s", self._sequence_number(first), self.unsafe[first])
        log.info(
            "records %d: alerts published %d, sent before %d, held back %d; records parked %d, handed back %d",
            len(self.records), len(self.published), self.repeated, self.held_back, self.parked, len(self.unsafe),
        )  # fmt: skip

    def _give_up(self, position: int, error: Exception, rule: str = "") -> None:
        if self.replayed:
            if position not in self.unsafe:
                self.hold(position, error)
                self._kept.add(position)
            return
        parked = Parked(self.records[position], str(error), type(error).__name__, rule)
        before = self.to_park.get(position)
        if before:  # one message a record: of two, one could be kept and the other not
            parked = parked._replace(reason=f"{before.reason}; {parked.reason}", rule=f"{before.rule}, {rule}")
        self.to_park[position] = parked

    def _sequence_number(self, position: int) -> str:
        return sequence_number_of(self.records[position]) or "unknown"
