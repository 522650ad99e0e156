"""Titles, texts and links: where the value of each placeholder comes from."""

from __future__ import annotations

from collections.abc import Callable

from notifications.rules.conditions import Judgement, Moved
from notifications.rules.memory import Memory
from notifications.rules.product import Product
from notifications.rules.rule import Evaluation
from notifications.stream.attributes import Path
from notifications.text.formatting import decimal_text, value_text
from notifications.text.templates import Template, render_link
from notifications.text.wording import AT_FIRST_SIGHT

_MOST_CHANGES_NAMED = 5


class RenderContext:
    """All that the title, the text and the link of one alert can speak of; each value is looked up once."""

    def __init__(self, evaluation: Evaluation, product: Product) -> None:
        """Speak of what a rule made of a change of a product."""
        self._evaluation, self._product = evaluation, product
        self._found: dict[str, str | None] = {}

    def title(self) -> str:
        """Write the title: one line, and never an empty one. Raises MalformedRecordError, as all of these do."""
        title = self._render(self._evaluation.rule.title)
        return " ".join(title.split()) or f"{self._evaluation.rule.name}: {self._evaluation.product_id}"

    def text(self) -> str:
        """Write the text, with what was held back before as its last line."""
        text = self._render(self._evaluation.rule.text)
        held_back = held_back_text(self._evaluation.held_back)
        return "\n".join([part for part in (text, held_back) if part])

    def link(self) -> str | None:
        """Write the product's link, or None where the file has none or the item lacks what it is made of."""
        return render_link(self._product.link, self.value) if self._product.link else None

    def value(self, name: str) -> str | None:
        """Return the text of a placeholder; None where this alert has no value for it."""
        if name not in self._found:
            self._found[name] = self._look_up(name)
        return self._found[name]

    def _render(self, template: Template) -> str:
        if self._evaluation.judgement.baseline is None:
            template = AT_FIRST_SIGHT.get(template.text, template)
        return template.render(self.value)

    def _look_up(self, name: str) -> str | None:
        product, change, product_id = self._product, self._evaluation.change, self._evaluation.product_id
        match name:
            case "id":
                return product_id
            case "name":
                return value_text(change.current(product.name)) or product_id
            case "product":
                found = self.value("name")
                return product_id if found == product_id else f"{found} ({product_id})"
            case "currency":
                currency = product.currency
                return (value_text(change.current(currency)) if isinstance(currency, Path) else currency) or ""
            case "link":
                return self.link()
        if name in _OF_ALERT:
            return _OF_ALERT[name](self._evaluation)
        side, dot, rest = name.partition(".")
        if dot and side in {"old", "new"}:
            path = product.roles.get(rest) or Path.parse(rest)
            return value_text(change.old(path) if side == "old" else change.new(path))
        return value_text(change.current(product.roles.get(name) or Path.parse(name)))


def held_back_text(memory: Memory) -> str:
    """Say how many changes a cool-down held back, and which was the latest; "" if there were none."""
    if not memory.held:
        return ""
    count = "1 change before this was" if memory.held == 1 else f"{memory.held} changes before this were"
    return f"{count} held back, the latest: {memory.held_title}"


def _moved(judgement: Judgement) -> Moved | None:
    if judgement.baseline is None or judgement.latest is None:
        return None
    return Moved(judgement.baseline, judgement.latest)


def _delta(evaluation: Evaluation) -> str | None:
    moved = _moved(evaluation.judgement)
    return decimal_text(moved.amount) if moved else None


def _percent(evaluation: Evaluation) -> str | None:
    moved = _moved(evaluation.judgement)
    return str(moved) if moved else None


def _baseline(evaluation: Evaluation) -> str | None:
    baseline = evaluation.judgement.baseline
    return None if baseline is None else format(baseline, "f")


def _changes(evaluation: Evaluation) -> str:
    fields = evaluation.change.fields(evaluation.rule.condition.watches)
    named = [
        f"{field.attribute} {value_text(field.old) or 'none'} → {value_text(field.new) or 'none'}"
        for field in fields[:_MOST_CHANGES_NAMED]
    ]
    more = len(fields) - len(named)
    return ", ".join([*named, f"and {more} more"] if more else named)


_OF_ALERT: dict[str, Callable[[Evaluation], str | None]] = {
    "rule": lambda evaluation: evaluation.rule.name,
    "severity": lambda evaluation: evaluation.rule.severity,
    "changes": _changes,
    "removal": lambda evaluation: "has expired" if evaluation.change.expired else "was removed",
    "delta": _delta,
    "percent": _percent,
    "baseline": _baseline,
    "threshold": lambda evaluation: evaluation.judgement.threshold,
    "held_back": lambda evaluation: str(evaluation.held_back.held),
}
