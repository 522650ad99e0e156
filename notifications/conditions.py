"""When a rule fires: one class a kind of `when`, each judging one change.

A judgement always carries its reason, so that the question "why did I (not) get this?" has one answer, given by the
code that decided. The reason is put into words only when somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, NamedTuple, Protocol

from notifications.attributes import EXACT, Path, number
from notifications.changes import NEW, OLD, ProductChange
from notifications.templates import decimal_text

BOTH = frozenset({OLD, NEW})
_ROUGH = Context(prec=50)  # for percentages that people read


class Judgement(NamedTuple):
    """Whether a rule fires for a change, why, and what was compared with what."""

    fired: bool
    why: str
    """A format string for `facts`."""
    facts: tuple[Any, ...] = ()
    baseline: Decimal | None = None
    latest: Decimal | None = None
    threshold: str | None = None

    @property
    def reason(self) -> str:
        """The reason in words, with the numbers compared."""
        return self.why.format(*(decimal_text(fact) if isinstance(fact, Decimal) else fact for fact in self.facts))


class Condition(Protocol):
    """One kind of `when`."""

    @property
    def event_name(self) -> str:
        """The only event that it can fire for."""

    @property
    def needs(self) -> frozenset[str]:
        """The images that it compares."""

    @property
    def watches(self) -> tuple[Path, ...] | None:
        """A change of none of these cannot fire it; None: any attribute can."""

    def judge(self, change: ProductChange) -> Judgement:
        """Decide; never raises for a value that is absent or of another type."""


@dataclass(frozen=True, slots=True)
class Margin:
    """How much is enough: a percentage of the baseline, or an amount."""

    value: Decimal
    percent: bool

    def reached(self, difference: Decimal, baseline: Decimal) -> bool:
        """Tell whether `difference` (not negative) is at least this much; a percentage counts from |baseline|."""
        if not self.percent:
            return difference >= self.value
        return EXACT.multiply(difference, Decimal(100)) >= EXACT.multiply(self.value, abs(baseline))

    def __str__(self) -> str:
        return decimal_text(self.value) + ("%" if self.percent else "")


@dataclass(frozen=True, slots=True)
class Added:
    """A new item."""

    event_name = "INSERT"
    needs = frozenset[str]()
    watches = None

    def judge(self, change: ProductChange) -> Judgement:  # noqa: ARG002 - the event says it all
        """Fire: the event is an insertion already."""
        return Judgement(True, "the item is new")


@dataclass(frozen=True, slots=True)
class Removed:
    """An item deleted, or expired by its time to live."""

    event_name = "REMOVE"
    needs = frozenset[str]()
    watches = None

    def judge(self, change: ProductChange) -> Judgement:
        """Fire: the event is a removal already."""
        return Judgement(True, "the item expired" if change.record.expired else "the item was deleted")


@dataclass(frozen=True, slots=True)
class Changed:
    """One of the named attributes differs; sets are compared unordered."""

    watches: tuple[Path, ...] | None
    event_name = "MODIFY"
    needs = BOTH

    def judge(self, change: ProductChange) -> Judgement:
        """Fire if a watched attribute differs."""
        fields = change.fields(self.watches)
        if fields:
            return Judgement(True, "{} changed", (", ".join(field.attribute for field in fields),))
        if self.watches is None:
            return Judgement(False, "no attribute changed")
        return Judgement(False, "{} did not change", (", ".join(path.text for path in self.watches),))


@dataclass(frozen=True, slots=True)
class PriceMoved:
    """A price that went down (`direction` -1) or up (+1), by a margin, across a target, or both."""

    price: Path
    currency: Path | None
    direction: int
    margin: Margin | None = None
    target: Decimal | None = None
    event_name = "MODIFY"
    needs = BOTH

    @property
    def watches(self) -> tuple[Path, ...]:
        """The price alone: a rule about prices never fires for anything else."""
        return (self.price,)

    def judge(self, change: ProductChange) -> Judgement:
        """Compare the price with what it was before this change."""
        baseline, latest, problem = _two_numbers(change, self.price)
        if baseline is None or latest is None:
            return problem
        if self.currency and _differs(change, self.currency):
            return Judgement(False, "{} changed, so the prices cannot be compared", (self.currency.text,))
        moved = EXACT.multiply(EXACT.subtract(latest, baseline), Decimal(self.direction))
        verb = "dropped" if self.direction < 0 else "rose"
        if moved <= 0:
            return Judgement(
                False,
                "{} went from {} to {}",
                (self.price.text, baseline, latest),
                baseline,
                latest,
            )
        size = Moved(baseline, latest)
        if self.margin and not self.margin.reached(moved, baseline):
            return Judgement(
                False,
                f"{verb} {{}} from {{}}, needs {{}}",
                (size, baseline, str(self.margin)),
                baseline,
                latest,
            )
        if self.target is not None and not self._crossed(baseline, latest, self.target):
            side = "below" if self.direction < 0 else "above"
            return Judgement(
                False,
                f"{verb} from {{}} to {{}}, which does not cross {side} {{}}",
                (baseline, latest, self.target),
                baseline,
                latest,
            )
        return Judgement(True, f"{verb} {{}} from {{}}", (size, baseline), baseline, latest, self._threshold())

    def _crossed(self, baseline: Decimal, latest: Decimal, target: Decimal) -> bool:
        return baseline >= target > latest if self.direction < 0 else baseline <= target < latest

    def _threshold(self) -> str | None:
        if self.target is not None:
            return decimal_text(self.target)
        return str(self.margin) if self.margin else None


@dataclass(frozen=True, slots=True)
class StockMoved:
    """A stock that ran out, came back, or fell below a threshold."""

    stock: Path
    kind: str
    """out_of_stock, back_in_stock or low_stock."""
    threshold: Decimal = Decimal(0)
    """The stock that is not low yet: for low_stock alone."""
    event_name = "MODIFY"
    needs = BOTH

    @property
    def watches(self) -> tuple[Path, ...]:
        """The stock alone."""
        return (self.stock,)

    def judge(self, change: ProductChange) -> Judgement:
        """Compare the stock with what it was; back at the threshold, low_stock is armed again."""
        old, new, problem = _two_numbers(change, self.stock)
        if old is None or new is None:
            return problem
        if self.kind == "out_of_stock":
            fired = old > 0 >= new
        elif self.kind == "back_in_stock":
            fired = old <= 0 < new
        else:
            fired = old >= self.threshold > new
            threshold = decimal_text(self.threshold)
            why = "{} went from {} to {}, the threshold is {}"
            return Judgement(fired, why, (self.stock.text, old, new, threshold), old, new, threshold)
        return Judgement(fired, "{} went from {} to {}", (self.stock.text, old, new), old, new)


class Moved(NamedTuple):
    """How far a number moved, put into words when somebody asks."""

    baseline: Decimal
    latest: Decimal

    @property
    def amount(self) -> Decimal:
        """The difference, never negative."""
        return abs(EXACT.subtract(self.latest, self.baseline))

    @property
    def percent(self) -> str | None:
        """The difference in percent of |baseline|, with at most one decimal; None for a baseline of 0."""
        if not self.baseline:
            return None
        ratio = _ROUGH.divide(_ROUGH.multiply(self.amount, Decimal(100)), abs(self.baseline))
        return f"{decimal_text(ratio.quantize(Decimal('0.1'), context=EXACT))}%"

    def __str__(self) -> str:
        return self.percent or decimal_text(self.amount)


def _two_numbers(change: ProductChange, path: Path) -> tuple[Decimal | None, Decimal | None, Judgement]:
    old, new = number(change.old(path)), number(change.new(path))
    side = "old" if old is None else "new"
    return old, new, Judgement(False, f"the {side} {{}} is no number", (path.text,))


def _differs(change: ProductChange, path: Path) -> bool:
    return bool(change.fields((path,)))
