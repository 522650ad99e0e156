"""When a rule about stock fires: it ran out, came back, or fell below a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from notifications.rules.conditions import FiresOnInsert, Judgement, comes_or_goes, no_number
from notifications.rules.memory import Memory
from notifications.stream.attributes import Path, number
from notifications.stream.changes import Change
from notifications.text.formatting import decimal_text


@dataclass(frozen=True, slots=True)
class StockMoved(FiresOnInsert):
    """A stock that ran out, came back, or fell below a threshold."""

    stock: Path
    kind: str
    """out_of_stock, back_in_stock or low_stock."""
    threshold: Decimal = Decimal(0)
    """For low_stock: a stock below this is low."""
    rearm: Decimal | None = None
    """The stock at which low_stock may fire again; None: as soon as it is at the threshold again."""
    first_sight: bool = False
    """Whether a product fires that appears with such a stock."""
    includes_zero: bool = True
    """For low_stock: whether a stock of 0 or less is low, too, or only left to out_of_stock."""

    @property
    def watches(self) -> tuple[Path, ...]:
        """The stock alone."""
        return (self.stock,)

    @property
    def uses_memory(self) -> bool:
        """Whether it has to know if it is armed, or which stock was the last one known."""
        return self.rearm is not None or self.first_sight

    def asks_memory(self, change: Change) -> bool:
        """Tell whether this judgement depends on earlier changes: first sight only where a stock comes or goes."""
        return self.rearm is not None or (self.first_sight and comes_or_goes(change, self.stock))

    def judge(self, change: Change, memory: Memory) -> Judgement:
        """Compare the stock with what it was."""
        old, new = number(change.old(self.stock)), number(change.new(self.stock))
        threshold = decimal_text(self.threshold) if self.kind == "low_stock" else None
        if new is None:
            return no_number("new", self.stock, change.new(self.stock))
        if old is None:
            old = memory.latest  # it was away, and is back
        if old is None:
            if not self.first_sight:
                return no_number("old", self.stock, change.old(self.stock))
            armed = self.rearm is None or memory.armed
            fired = new <= 0 if threshold is None else armed and self._is_low(new)
            return Judgement(fired, "{} is {} at first sight", (self.stock.text, new), None, new, threshold)
        if old == new:
            return Judgement(False, "{} stays at {}", (self.stock.text, new), old, new)
        facts = (self.stock.text, old, new, threshold)
        if threshold is None:
            fired = old > 0 >= new if self.kind == "out_of_stock" else old <= 0 < new
            return Judgement(fired, "{} went from {} to {}", facts, old, new)
        fired = old >= self.threshold and self._is_low(new)
        if old >= self.threshold > new and not fired:
            return Judgement(False, "{} went from {} to {}, and includes_zero is false", facts[:3], old, new, threshold)
        if fired and self.rearm is not None and not memory.armed:
            why = "{} went from {} to {}; armed again only at {}"
            return Judgement(False, why, (self.stock.text, old, new, self.rearm), old, new, threshold)
        return Judgement(fired, "{} went from {} to {}, the threshold is {}", facts, old, new, threshold)

    def _is_low(self, stock: Decimal) -> bool:
        return stock < self.threshold and (self.includes_zero or stock > 0)

    def learn(self, change: Change, memory: Memory, judgement: Judgement, alerted: bool) -> Memory:  # noqa: ARG002
        """Disarm when it fires, arm again when the stock is back."""
        old, new = number(change.old(self.stock)), number(change.new(self.stock))
        known = old if new is None else new
        if not self.uses_memory or known is None:
            return memory
        back = self.rearm is None or (new is not None and new >= self.rearm)
        return memory._replace(armed=back or (memory.armed and not judgement.fired), latest=known)
