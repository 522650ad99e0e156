"""Paths in the rules that no record at hand has: typing mistakes, mostly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from notifications.common.errors import ProductAlertsError
from notifications.rules.prices import PriceMoved
from notifications.rules.rule import Rule
from notifications.rules.ruleset import Ruleset
from notifications.stream.attributes import Image, Path
from notifications.stream.changes import Change, decode
from notifications.text.formatting import Template
from notifications.text.nearest import nearest
from notifications.text.wording import ROLES
from operations.evaluation.amounts import Amounts
from operations.evaluation.where_types import WhereTypes

_MOST_NAMES = 1000  # of attributes, among which the one that was meant is looked for


class Unseen:
    """Looks through records for the attributes that the rules name."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._missing: dict[Path, str] = {}
        for path, place in _named(ruleset):
            self._missing.setdefault(path, place)
        self._names: set[str] = set()
        self._types = WhereTypes(ruleset)
        self._amounts = Amounts(ruleset)
        self.records = 0
        """Those that are stream records with an image."""

    def watch(self, records: Iterable[Any]) -> Iterator[Any]:
        """Pass the records on, and look at each."""
        for record in records:
            with suppress(ProductAlertsError):  # what is not a stream record says nothing about the table
                self._look(decode(record))
            yield record

    @property
    def warnings(self) -> list[str]:
        """Say of each path that nothing has where it is named, and what may have been meant; then types and amounts."""
        if not self.records:
            return []
        count = "the record" if self.records == 1 else f"any of the {self.records} records"
        meant = self._meant()
        hints = {path: f"; did you mean {meant[path]}?" if path in meant else "" for path in self._missing}
        for path in self._missing:
            if "/" in path.text and self._names.issuperset(path.text.split("/")):
                hints[path] = "; a composite key is joined by / without it: leave it out"
        return [
            *(f"{place}: {path.text} is not in {count}{hints[path]}" for path, place in self._missing.items()),
            *self._types.warnings,
            *self._amounts.warnings,
        ]

    def _look(self, change: Change) -> None:
        if change.old_image is None and change.new_image is None:
            return
        self.records += 1
        self._types.look(change)
        self._amounts.look(change)
        for path in [each for each in self._missing if change.old(each) is not None or change.new(each) is not None]:
            del self._missing[path]
        for image in (change.old_image or {}, change.new_image or {}):
            for name in _names_in(image):
                if len(self._names) < _MOST_NAMES:
                    self._names.add(name)

    def _meant(self) -> dict[Path, str]:
        """Return what may have been meant by each missing path; of those with a dot no two mean one attribute."""
        meant: dict[Path, str] = {}
        for path in self._missing:
            left = self._names - set(meant.values()) if path.rest else self._names
            last = str(path.rest[-1]) if path.rest else ""
            close = nearest(path.text, left) or (last if last in left else None) or nearest(path.top, left)
            if close and close != path.top:
                meant[path] = close
        return meant


def _names_in(image: Image) -> Iterator[str]:
    """Yield the attributes of an item, and what the maps among them hold, as paths."""
    for name, value in image.items():
        yield name
        inner = value.get("M") if isinstance(value, dict) else None
        if isinstance(inner, dict):
            yield from (f"{name}.{each}" for each in inner)


def _named(ruleset: Ruleset) -> Iterator[tuple[Path, str]]:
    """Yield each path that the file names, or that a rule watches, and the first place that does."""
    for rule in ruleset.rules:
        yield from ((path, f'rule "{rule.name}", {key}') for path, key in _of_rule(rule))
    product = ruleset.product
    for role in ("id", "currency_path", "image", "overrides"):
        path = getattr(product, role)
        if path:
            yield path, f"[product], {role.removesuffix('_path')}"
    yield from ((path, "[product], message_attributes") for path in product.message_attributes)


def _of_rule(rule: Rule) -> Iterator[tuple[Path, str]]:
    yield from ((path, "where") for each in rule.where for path in each.paths)
    yield from ((path, "when" if rule.when != "changed" else "attributes") for path in rule.condition.watches or ())
    if isinstance(rule.condition, PriceMoved):
        for key in ("baseline", "record"):
            path = getattr(rule.condition, key)
            if isinstance(path, Path):
                yield path, "baseline" if key == "baseline" else "all_time"
    for key, template in (("title", rule.title), ("text", rule.text)):
        yield from ((path, key) for path in _in(template))


def _in(template: Template) -> Iterator[Path]:
    for name in template.names:
        side, _, path = name.partition(".")
        if side in {"old", "new"} and path.removesuffix(".raw") not in ROLES:
            yield Path.parse(path)
