"""When a rule about prices fires: by a margin, across a target, to a record, from one of three baselines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, NamedTuple

from notifications.rules.conditions import FiresOnInsert, Judgement, comes_or_goes, no_number
from notifications.rules.memory import Memory
from notifications.rules.price_form import PLAIN, PriceForm
from notifications.stream.attributes import EXACT, Path, number
from notifications.stream.changes import MODIFY, Change
from notifications.text.formatting import decimal_text, value_text

PREVIOUS, LAST_ALERT = "previous", "last_alert"
_ROUGH = Context(prec=50)  # for percentages that people read


class Moved(NamedTuple):
    """How far a number moved, put into words when somebody asks."""

    baseline: Decimal
    latest: Decimal

    @property
    def amount(self) -> Decimal:
        """The difference, never negative."""
        return EXACT.subtract(self.latest, self.baseline).copy_abs()

    @property
    def percent(self) -> str | None:
        """The difference in percent of |baseline|, with one decimal; None for a baseline of 0."""
        if not self.baseline:
            return None
        ratio = _ROUGH.divide(_ROUGH.multiply(self.amount, Decimal(100)), self.baseline.copy_abs())
        return f"{ratio.quantize(Decimal('0.1'), context=EXACT):f}%"

    def __str__(self) -> str:
        return self.percent or decimal_text(self.amount)


@dataclass(frozen=True, slots=True)
class Margin:
    """How much a value moved: a percentage of the baseline, or an amount."""

    value: Decimal
    percent: bool

    def compared(self, difference: Decimal, baseline: Decimal) -> Decimal:
        """Return a number above, equal to or below 0 as `difference` is to the margin.

        A percentage counts from |baseline|; of a baseline of 0 any percentage is 0, so any move reaches it.
        """
        if not self.percent:
            return EXACT.subtract(difference, self.value)
        return EXACT.subtract(EXACT.multiply(difference, Decimal(100)), EXACT.multiply(self.value, baseline.copy_abs()))

    def __str__(self) -> str:
        return decimal_text(self.value) + ("%" if self.percent else "")


@dataclass(frozen=True, slots=True)
class PriceMoved(FiresOnInsert):
    """A price that went down (`direction` -1) or up (+1)."""

    price: Path
    currency: Path | None
    direction: int
    at_least: Margin | None = None
    at_most: Margin | None = None
    """A move beyond this is taken for a mistake in the data."""
    target: Decimal | None = None
    """The price has to cross this: to below it, or for a rise to above it."""
    rearm: Decimal | None = None
    """The price at which the target may be crossed again; None: any price on its other side."""
    all_time: bool = False
    """The price has to be the lowest (for a rise the highest) that the rule has seen of the product."""
    record: Path | None = None
    """For `all_time`: the attribute that keeps the lowest (or highest) price from before the rule began."""
    baseline: str | Path = PREVIOUS
    """What the price is compared with: the previous price, the last alerted one, or another attribute."""
    form: PriceForm = PLAIN
    """How the table keeps prices, those of the baseline and of the record included."""
    fixed_currency: str | None = None
    """The one currency of the whole table."""
    first_sight: bool = False
    """Whether a product fires that appears already beyond the target."""

    @property
    def watches(self) -> tuple[Path, ...]:
        """The price alone: a rule about prices fires for nothing else."""
        return (self.price,)

    @property
    def uses_memory(self) -> bool:
        """Whether its judgement depends on earlier changes."""
        return self._always_asks or self.first_sight

    @property
    def _always_asks(self) -> bool:
        return self.baseline == LAST_ALERT or self.rearm is not None or self.all_time

    def asks_memory(self, change: Change) -> bool:
        """Tell whether this judgement depends on earlier changes: first sight only where a price comes or goes."""
        return self._always_asks or (self.first_sight and self._comes_or_goes(change))

    def _amount(self, side: Callable[[Path], Any], path: Path) -> Decimal | None:
        """Read a price of one side of a change."""
        if self.form == PLAIN:
            return number(side(path))
        code = value_text(side(self.currency)) if self.currency else self.fixed_currency
        return self.form.amount(side(path), code)

    def judge(self, change: Change, memory: Memory) -> Judgement:
        """Compare the price with the baseline, and then with everything else that is asked of it."""
        if self.form is PLAIN:  # nearly always
            old, latest = number(change.old(self.price)), number(change.new(self.price))
        else:
            old, latest = self._amount(change.old, self.price), self._amount(change.new, self.price)
        if latest is None:
            return no_number("new", self.price, change.new(self.price))
        seen_before = memory.latest is not None
        if self.currency or memory.currency:
            memory = self._in_currency(memory, change.new(self.currency) if self.currency else None)
        if self.record:
            memory = memory._replace(
                extreme=self._extreme(memory.extreme, self._record_before(self.record, change, latest))
            )
        if old is None and not seen_before:
            return self._at_first_sight(latest, change, memory)
        if self.currency and (memory.latest is None if old is None else change.fields((self.currency,))):
            return Judgement(False, "{} changed, so the prices cannot be compared", (self.currency.text,))
        return self._compared(memory.latest if old is None else old, latest, change, memory)

    def _compared(self, old: Decimal | None, latest: Decimal, change: Change, memory: Memory) -> Judgement:
        """Judge a price that went from `old` to `latest`."""
        if old is None or latest == old:
            return Judgement(False, "{} stays at {}", (self.price.text, latest), None, latest)
        baseline = self._baseline(change, old, memory)
        if baseline is None:
            named = self.baseline.text if isinstance(self.baseline, Path) else self.baseline
            absent = isinstance(self.baseline, Path) and change.new(self.baseline) is None
            return Judgement(False, "{}, the baseline, is {}", (named, "absent" if absent else "not a number"))
        if self.target is not None and self._target_decides and self._moved(baseline, latest) <= 0:
            baseline = old
        moved = self._moved(baseline, latest)
        if moved <= 0:
            why = "{} went from {} to {}" if baseline == old else "{} went from {} to {}, the baseline is {}"
            return Judgement(False, why, (self.price.text, old, latest, baseline), baseline, latest)
        unmet = self._unmet(old, latest, baseline, moved, memory)
        facts: tuple[object, ...] = (self._verb, Moved(baseline, latest), baseline)
        margin = self.at_most if self.at_most and self.at_most.compared(moved, baseline) > 0 else self.at_least
        if margin and not margin.percent:  # an amount is held against an amount
            facts = (self._verb, moved, baseline)
        if unmet:
            why, more = unmet
            return Judgement(False, f"{{}} {{}} from {{}}, {why}", (*facts, *more), baseline, latest)
        threshold = self._threshold
        verb = "crosses" if self.target is not None else "needs"
        asked = f", {verb} {threshold}" if threshold else ""
        return Judgement(True, "{} {} from {}{}", (*facts, asked), baseline, latest, threshold)

    def learn(self, change: Change, memory: Memory, judgement: Judgement, alerted: bool) -> Memory:
        """Follow the price: what was alerted, the record, and whether the target may be crossed again."""
        old, latest = self._amount(change.old, self.price), self._amount(change.new, self.price)
        known = old if latest is None else latest
        if not self.uses_memory or known is None:
            return memory
        if self.currency or memory.currency:
            side = change.old if latest is None else change.new
            memory = self._in_currency(memory, side(self.currency) if self.currency else None)
        if latest is not None and self.currency and change.fields((self.currency,)):
            old = None  # a price in another currency is not a baseline
        seen = (memory.extreme, old, latest)
        baseline = memory.baseline if memory.baseline is not None else old if old is not None else latest
        armed = memory.armed
        if self.rearm is not None and latest is not None:
            back = self._moved(self.rearm, latest) <= 0
            armed = back or (armed and not judgement.fired)
        return memory._replace(
            baseline=latest if alerted else baseline,
            extreme=self._extreme(*seen),
            latest=known,
            armed=armed,
        )

    def _comes_or_goes(self, change: Change) -> bool:
        if self.form == PLAIN:
            return comes_or_goes(change, self.price)
        old, latest = self._amount(change.old, self.price), self._amount(change.new, self.price)
        return change.event_name == MODIFY and (old is None) != (latest is None)

    def _moved(self, start: Decimal, latest: Decimal) -> Decimal:
        """Return how far a price moved in the rule's direction."""
        return EXACT.multiply(EXACT.subtract(latest, start), Decimal(self.direction))

    @property
    def _verb(self) -> str:
        return "dropped" if self.direction < 0 else "rose"

    @property
    def _threshold(self) -> str | None:
        if self.target is not None:
            return decimal_text(self.target)
        return str(self.at_least) if self.at_least else None

    def _extreme(self, *prices: Decimal | None) -> Decimal | None:
        """Return the lowest (for a rise the highest) of the prices that are known."""
        known = [price for price in prices if price is not None]
        return (min if self.direction < 0 else max)(known, default=None)

    def _record_before(self, record: Path, change: Change, latest: Decimal) -> Decimal | None:
        """Return the record that the item keeps, as it was before this price could set it."""
        before, after = self._amount(change.old, record), self._amount(change.new, record)
        return after if before is None and after != latest else before

    @property
    def _target_decides(self) -> bool:
        """Whether there is a target and no margin: it is crossed from the price before, whatever the baseline."""
        return self.target is not None and not (self.at_least or self.at_most)

    def _baseline(self, change: Change, old: Decimal, memory: Memory) -> Decimal | None:
        if isinstance(self.baseline, Path):
            found = self._amount(change.new, self.baseline)
            return old if found is None and self._target_decides else found
        if self.baseline == LAST_ALERT and memory.baseline is not None:
            return memory.baseline
        return old

    def _in_currency(self, memory: Memory, found: Any) -> Memory:
        """Forget values of another currency than the one `found` in the item."""
        currency = value_text(found) or ""
        if memory.currency == currency:
            return memory
        return memory._replace(currency=currency, baseline=None, extreme=None, latest=None)

    def _at_first_sight(self, latest: Decimal, change: Change, memory: Memory) -> Judgement:
        if not self.first_sight or self.target is None:
            return no_number("old", self.price, change.old(self.price))
        side = "below" if self.direction < 0 else "above"
        beyond = self._moved(self.target, latest) > 0
        why = "{} is {} at first sight, {}{} {}"
        facts: tuple[object, ...] = (self.price.text, latest, "" if beyond else "not ", side, self.target)
        unmet = self._held_by_memory(latest, memory) if beyond else None
        if unmet:
            why, facts = f"{why}, {unmet[0]}", (*facts, *unmet[1])
        return Judgement(beyond and not unmet, why, facts, None, latest, self._threshold)

    def _unmet(
        self, old: Decimal, latest: Decimal, baseline: Decimal, moved: Decimal, memory: Memory
    ) -> tuple[str, tuple[object, ...]] | None:
        """Say what speaks against firing, as the end of a reason; None if nothing does."""
        if self.at_least and self.at_least.compared(moved, baseline) < 0:
            return "needs {}", (str(self.at_least),)
        if self.at_most and self.at_most.compared(moved, baseline) > 0:
            return "more than the {} allowed", (str(self.at_most),)
        if self.target is not None and not self._moved(old, self.target) >= 0 < self._moved(self.target, latest):
            return "does not cross {}", (self.target,)
        if self.all_time:
            memory = memory._replace(extreme=self._extreme(memory.extreme, old))
        return self._held_by_memory(latest, memory)

    def _held_by_memory(self, latest: Decimal, memory: Memory) -> tuple[str, tuple[object, ...]] | None:
        """Say what earlier changes have against firing."""
        if self.rearm is not None and not memory.armed:
            return "armed again only at {}", (self.rearm,)
        if self.all_time and memory.extreme is not None and self._moved(memory.extreme, latest) <= 0:
            return f"the {'lowest' if self.direction < 0 else 'highest'} so far is {{}}", (memory.extreme,)
        return None
