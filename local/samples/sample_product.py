"""Sample products in the shape that the user's table has: its key, and the attributes that `[product]` names."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from local.samples import fitting
from local.stack.local_table import LocalTable
from notifications.rules.price_form import MAJOR, TEXT
from notifications.rules.prices import PriceMoved
from notifications.rules.rule import Rule
from notifications.rules.ruleset import Ruleset
from notifications.stream.attributes import Path
from notifications.stream.changes import MODIFY, decode
from notifications.text.formatting import USUAL_DIGITS, digits_of, value_text
from operations.products.products_table import item, with_value

_CATEGORY = Path.parse("category")
SAMPLE_CURRENCY = "USD"
SECOND_KEY = "1"  # the same for each product: samples are told apart by the first key that no rule asks for
_HIGH, _LOW = "25.99", "19.99"
_MANY, _FEW = Decimal(12), Decimal(3)
SAMPLE_ID = "prod-123"
EXAMPLE_ID = "prod-456"
"""Of the product in the commands that a user is shown."""


class SampleProduct:
    """Writes products of this shape to the table, with the values that the rules ask for in `where`."""

    def __init__(self, table: LocalTable, ruleset: Ruleset) -> None:
        self._table = table
        self._product = ruleset.product
        self._rules = ruleset.rules
        self._keys = list(table.key_types)
        usual = {path: _typed("Electronics") for path in (_CATEGORY, *self._product.message_attributes)}
        if self._product.currency_path:
            usual[self._product.currency_path] = _typed(SAMPLE_CURRENCY)
        self._values_asked_for = fitting.asked_for(self._rules, usual)

    def attribute(self, role: str) -> str:
        """Return where the table keeps a role (name, price, stock), as `[product]` writes it."""
        return self._path(role).text

    def price(self, amount: str | Decimal) -> Decimal | str:
        """Return a price as the table keeps it; an amount as text is that in dollars, in yen a hundred times that."""
        form = self._product.price_form
        price = self._usual_amount(amount) if isinstance(amount, str) else amount
        if form.unit != MAJOR:
            price = price.scaleb(form.digits(self._currency)).quantize(Decimal(1))
        return f"{price:f}" if form.type == TEXT else price

    def prices(self) -> tuple[Decimal | str, Decimal | str]:
        """Return two prices as the table keeps them: a drop for which most rules fire that are about one."""
        usual = (self._usual_amount(_HIGH), self._usual_amount(_LOW))
        digits = digits_of(self._currency) if self._currency else USUAL_DIGITS
        rules = [rule for rule in self._rules if rule.when == "price_drop"]
        high, low = fitting.best(
            fitting.price_steps(rules, usual, digits),
            rules,
            lambda rule, step: self._fires(rule, "price", *map(self.price, step)),
        )
        return self.price(high), self.price(low)

    def stocks(self) -> tuple[Decimal, Decimal]:
        """Return two stocks: a fall for which most rules about a low stock fire."""
        rules = [rule for rule in self._rules if rule.when == "low_stock"]
        steps = fitting.stock_steps(rules, (_MANY, _FEW))
        return fitting.best(steps, rules, lambda rule, step: self._fires(rule, "stock", *step))

    def edit(self, name: str) -> tuple[Path, dict[str, Any]] | None:
        """Return an attribute that a rule with `when = "changed"` names, and another value for it; None without one."""
        before = self.item(SAMPLE_ID, name=name)
        left_alone = {path for role, path in self._product.roles.items() if role != "name"}  # an edit would break them
        for rule in self._rules:
            for path in (rule.when == "changed" and rule.condition.watches) or ():
                value = fitting.edited(path.find(before))
                editable = path not in left_alone and path.top not in self._keys
                if editable and self._judged(rule, before, path, value):
                    return path, value
        return None

    def key(self, product_id: str) -> dict[str, Any]:
        """Return the typed key of a product, as stream records have it: binary as base64 text."""
        return {
            name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value
            for name, value in self._key(product_id).items()
        }

    def item(self, product_id: str, **roles: Any) -> dict[str, Any]:
        """Return a whole typed item, as stream records have it."""
        return item(self.key(product_id), self._values(product_id, roles))

    def put(self, product_id: str, **roles: Any) -> None:
        """Put a product; roles are name, price and stock."""
        self._table.put(self._key(product_id), self._values(product_id, roles))

    def put_all(self, product_ids: Sequence[str]) -> None:
        """Put products in one call, so that they arrive in one batch."""
        self._table.put_all([(self._key(each), self._values(each, {"name": f"Sample {each}"})) for each in product_ids])

    def set(self, product_id: str, role: str, value: Any) -> None:
        """Set one role."""
        self.set_typed(product_id, self._path(role), _typed(value))

    def set_typed(self, product_id: str, path: Path, value: Any) -> None:
        """Set one attribute."""
        self._table.set(self._key(product_id), {path: value})

    def delete(self, product_id: str) -> None:
        """Delete the product."""
        self._table.delete(self._key(product_id))

    def shown_id(self, product_id: str) -> str:
        """Return the key as text: the id, or a composite key's NAME=VALUE pairs."""
        texts = self._key_texts(product_id)
        return product_id if texts == {self._keys[0]: product_id} else " ".join(f"{n}={v}" for n, v in texts.items())

    def shown_values(self) -> str:
        """Return what every sample has beside its roles, in words."""
        values = self._values("", {})
        return ", ".join(
            f"{path.text} {value_text(value)}" for path, value in values.items() if path != self._product.id
        )

    def hints(self, product_id: str) -> list[str]:
        """Return the arguments of three `npm run change` to try: a new product, a lower price, a deletion."""
        price, stock, name = (self._writable(role) for role in ("price", "stock", "name"))
        arguments = [
            *self._arguments_asked_for(),
            f'{name}="Desk Lamp"' if name else "",
            f"{price}={self.price('49.90')}" if price else "",
            f"{stock}=7" if stock else "",
            self._json_asked_for(),
        ]
        shown = self.shown_id(product_id)
        lower = f"{price}={self.price('39.90')}" if price else f"{stock}=0" if stock else ""
        return [
            " ".join(filter(None, [shown, *arguments])),
            *([f"{shown} {lower}"] if lower else []),
            f"{shown} --delete",
        ]

    def example(self, product_id: str) -> str:
        """Return a whole item for the `aws` command line tool, as compact JSON."""
        item = self.item(product_id, name="Desk Lamp", price=self.price("49.90"), stock=Decimal(7))
        return json.dumps(item, separators=(",", ":"), ensure_ascii=False)

    def _writable(self, role: str) -> str:
        path = self._path(role)
        return "" if path.top in self._keys else path.text

    def _path(self, role: str) -> Path:
        return self._product.roles.get(role) or Path.parse(role)

    def _key_texts(self, product_id: str) -> dict[str, str]:
        types = self._table.key_types
        texts: dict[str, str] = {}
        for path, value in self._values_asked_for.items():
            kind, text = next(iter(value.items()))
            if types.get(path.top) == kind and not path.rest:
                texts[path.top] = text
        if len(texts) == len(types):
            texts.popitem()  # samples have to be told apart
        first, *others = (name for name in types if name not in texts)
        digits = "".join(filter(str.isdecimal, product_id))
        texts |= {first: digits if types[first] == "N" else product_id, **dict.fromkeys(others, SECOND_KEY)}
        return {name: texts[name] for name in types}

    def _key(self, product_id: str) -> dict[str, Any]:
        return self._table.key(self._key_texts(product_id))

    def _values(self, product_id: str, roles: Mapping[str, Any]) -> dict[Path, Any]:
        values: dict[Path, Any] = {}
        if "price" in roles:
            values |= dict.fromkeys(self._compared_with_price(), _typed(roles["price"]))
        values |= self._values_asked_for
        if self._product.id:
            values[self._product.id] = _typed(product_id)
        values |= {self._path(role): _typed(value) for role, value in roles.items()}
        return {path: value for path, value in values.items() if path.top not in self._keys}

    def _compared_with_price(self) -> Iterator[Path]:
        """Yield the attributes that a rule compares the price with."""
        for rule in self._rules:
            if isinstance(rule.condition, PriceMoved):
                compared = (rule.condition.baseline, rule.condition.record)
                yield from (path for path in compared if isinstance(path, Path))

    def _asked_for(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield what the rules ask for in `where`, and the currency, beside the other roles and the key."""
        asked = {path for rule in self._rules for condition in rule.where for path in condition.paths}
        asked |= {self._product.currency_path} if self._product.currency_path else set()
        roles = {path for role, path in self._product.roles.items() if role != "currency"}
        for path, value in self._values_asked_for.items():
            if path in asked and path not in roles and path.top not in self._keys:
                yield path, value

    def _arguments_asked_for(self) -> Iterator[str]:
        """Yield NAME=VALUE for the texts and numbers among them."""
        for path, value in self._asked_for():
            text = value.get("S", value.get("N"))
            if text is not None:
                yield f"{shlex.quote(path.text)}={shlex.quote(text)}"

    def _json_asked_for(self) -> str:
        """Return the --json argument with the truth values that the rules ask for in `where`."""
        asked = {path.top: value["BOOL"] for path, value in self._asked_for() if "BOOL" in value and not path.rest}
        return f"--json '{json.dumps(asked)}'" if asked else ""

    @property
    def _currency(self) -> str | None:
        """The code of the samples' currency."""
        if self._product.currency_path:
            return value_text(self._values_asked_for.get(self._product.currency_path))
        return self._product.currency if isinstance(self._product.currency, str) else None

    def _usual_amount(self, amount: str) -> Decimal:
        price, code = Decimal(amount), self._currency
        return price.scaleb(2).quantize(Decimal(1)) if code and not digits_of(code) else price

    def _fires(self, rule: Rule, role: str, old: Any, new: Any) -> bool:
        return self._judged(rule, self.item(SAMPLE_ID, **{role: old}), self._path(role), _typed(new))

    def _judged(self, rule: Rule, before: Mapping[str, Any], path: Path, value: Any) -> bool:
        """Tell whether a rule that remembers nothing fires for a change of one attribute."""
        after = {**before, path.top: with_value(before.get(path.top), path.rest, value)}
        images = {"OldImage": before, "NewImage": after}
        record = {"Keys": self.key(SAMPLE_ID), "SequenceNumber": "1", "StreamViewType": "NEW_AND_OLD_IMAGES"}
        return rule.judge(decode({"eventName": MODIFY, "dynamodb": record | images})).fired


def _typed(value: Any) -> dict[str, Any]:
    return {"N": f"{value:f}"} if isinstance(value, Decimal) else {"S": str(value)}
