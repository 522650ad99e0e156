"""What a rule remembers of a product: for baselines, all-time prices, arming and cool-downs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from notifications.stream.attributes import number
from notifications.text.formatting import LONGEST_VALUE, storable


class Memory(NamedTuple):
    """One rule's memory of one product; a new one knows nothing, and is armed."""

    sequence_number: str = "0"
    """Of the last change that it has seen: a change is counted once, however often it comes."""
    baseline: Decimal | None = None
    """The value last alerted; before the first alert, the value before the first change seen."""
    extreme: Decimal | None = None
    """The lowest (for a rise the highest) value seen."""
    latest: Decimal | None = None
    """The last value known, for one that disappears and comes back."""
    currency: str = ""
    """Of the values above, where the item names its currency."""
    armed: bool = True
    alerted_at: float | None = None
    """Creation time of the last record alerted, epoch seconds."""
    held: int = 0
    """Changes held back by the cool-down since then."""
    held_title: str = ""
    held_sequence_number: str = ""
    held_time: str = ""
    """The latest of those."""
    stream: str = ""
    """The label of the stream that `sequence_number` is of; "" where that is not known."""

    def has_seen(self, sequence_number: str, stream: str = "") -> bool:
        """Tell whether a change is not newer than the last one seen.

        A stream made anew, of the same table or of one made anew, may count from a lower number: the younger stream's
        changes are the newer ones. Its label is the time at which it was made.
        """
        if self.is_of_another(stream):
            return stream < self.stream
        return int(sequence_number) <= int(self.sequence_number)

    def is_of_another(self, stream: str) -> bool:
        """Tell whether the last change seen came from another stream, as far as both are known."""
        return bool(stream and self.stream and stream != self.stream)


NOTHING = Memory()
_LONGEST_WORD = 60  # of a currency and the like: the item of a product has room for hundreds of rules
_NUMBERS = frozenset({"baseline", "extreme", "latest", "alerted_at", "held"})


def to_item(memory: Memory) -> dict[str, Any]:
    """Write the memory as a typed map, without what says nothing."""
    typed: dict[str, Any] = {}
    for name, value in memory._asdict().items():
        if value == NOTHING._asdict()[name]:
            continue
        if name in _NUMBERS:
            typed[name] = {"N": format(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), "f")}
        else:
            typed[name] = (
                {"BOOL": value}
                if isinstance(value, bool)
                else {"S": storable(value, LONGEST_VALUE if name == "held_title" else _LONGEST_WORD)}
            )
    return {"M": typed}


def from_item(value: Mapping[str, Any]) -> Memory:
    """Read what `to_item` wrote; names and kinds of value of another version of the code are passed over."""
    found: dict[str, Any] = {}
    for name, typed in value.get("M", {}).items():
        read = number(typed) if name in _NUMBERS else typed.get("BOOL" if name == "armed" else "S")
        if name in Memory._fields and read is not None:
            found[name] = read
    if "alerted_at" in found:
        found["alerted_at"] = float(found["alerted_at"])
    if "held" in found:
        found["held"] = int(found["held"])
    if not found.get("sequence_number", "0").isdecimal():
        del found["sequence_number"]
    return Memory(**found)


_SECONDS_AN_HOUR = 3600


class Hour(NamedTuple):
    """One hour of one rule that has a limit."""

    rule: str
    starts_at: int
    """Epoch seconds."""

    @classmethod
    def of(cls, rule: str, created_at: float) -> Hour:
        """Return the hour of the clock (UTC) that a record's creation time falls in."""
        return cls(rule, int(created_at // _SECONDS_AN_HOUR) * _SECONDS_AN_HOUR)

    @property
    def ends_at(self) -> int:
        """Epoch seconds."""
        return self.starts_at + _SECONDS_AN_HOUR


@dataclass(slots=True)
class HourlyCount:
    """The alerts of one hour of one rule, by id: adding one twice changes nothing."""

    admitted: set[str] = field(default_factory=set)
    summary: str = ""
    """The first alert held back, in whose place the summary goes out that says that the limit is reached; or ""."""

    def admits(self, alert_id: str, limit: int) -> bool:
        """Count an alert, unless the hour's limit is reached without it."""
        if alert_id not in self.admitted and len(self.admitted) >= limit:
            return False
        self.admitted.add(alert_id)
        return True
