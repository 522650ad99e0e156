"""Mutes: what an operator silenced for a time, without a deploy.

A mute holds alerts back, not memory: rules go on learning what they compare with, as under a product's own mute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple


class Mute(NamedTuple):
    """Silence for a rule, a product, or a rule about one product."""

    rule: str
    """The rule's name; "": every rule."""
    product: str
    """What people call the product, an alert's `subject`; "": every product."""
    until: float
    """Epoch seconds: the creation time of a record from which on alerts go out again."""


Mutes = Mapping[tuple[str, str], float]
"""Rule and product, as `Mute` has them, to the end."""
NO_MUTES: Mutes = MappingProxyType({})


def ends_of(mutes: Iterable[Mute]) -> Mutes:
    """Look mutes up by what they are about; of two for the same, the one that lasts longer counts."""
    ends: dict[tuple[str, str], float] = {}
    for rule, product, until in mutes:
        ends[rule, product] = max(until, ends.get((rule, product), until))
    return ends


def muted_until(mutes: Mutes, rule: str, product: str, created_at: float | None) -> float | None:
    """Return until when a rule is muted about a product, for a record of that time; None if it is not.

    A record without a time is not muted, as it has no cool-down either.
    """
    if created_at is None:
        return None
    end = max(mutes.get(key, 0.0) for key in ((rule, product), (rule, ""), ("", product)))
    return end if created_at < end else None
