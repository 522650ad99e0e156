"""Sample products in the shape that the user's table has: its key, and the attributes that `[product]` names."""

import base64
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from local.stack.local_table import LocalTable
from notifications.rules.price_form import MAJOR, TEXT
from notifications.rules.product import Product
from notifications.stream.attributes import Path
from notifications.text.formatting import digits_of
from operations.products.products_table import item

_CATEGORY = Path.parse("category")
SAMPLE_CURRENCY = "USD"
SECOND_KEY = "1"  # the same for each product: samples are told apart by the first


class SampleProduct:
    """Writes products of this shape to the table."""

    def __init__(self, table: LocalTable, product: Product) -> None:
        self._table = table
        self._product = product
        self._keys = list(table.key_types)

    def attribute(self, role: str) -> str:
        """Return where the table keeps a role (name, price, stock), as `[product]` writes it."""
        return self._path(role).text

    def price(self, amount: str) -> Decimal | str:
        """Return a price as the table keeps it; an amount in yen is a hundred times what it is in dollars."""
        form = self._product.price_form
        fixed = self._product.currency if isinstance(self._product.currency, str) else None
        code = SAMPLE_CURRENCY if self._product.currency_path else fixed
        price = Decimal(amount)
        if code and not digits_of(code):
            price = price.scaleb(2).quantize(Decimal(1))
        if form.unit != MAJOR:
            price = price.scaleb(form.digits(code)).quantize(Decimal(1))
        return f"{price:f}" if form.type == TEXT else price

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
        self._table.set(self._key(product_id), {self._path(role): _typed(value)})

    def delete(self, product_id: str) -> None:
        """Delete the product."""
        self._table.delete(self._key(product_id))

    def shown_id(self, product_id: str) -> str:
        """Return the key as text: the id, or a composite key's NAME=VALUE pairs."""
        texts = self._key_texts(product_id)
        return product_id if texts == {self._keys[0]: product_id} else " ".join(f"{n}={v}" for n, v in texts.items())

    def hints(self, product_id: str) -> list[str]:
        """Return the arguments of three `npm run change` to try: a new product, a lower price, a deletion."""
        price, stock, name = (self._writable(role) for role in ("price", "stock", "name"))
        arguments = [
            f'{name}="Desk Lamp"' if name else "",
            f"{price}={self.price('49.90')}" if price else "",
            f"{stock}=7" if stock else "",
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
        digits = "".join(filter(str.isdecimal, product_id))
        types = self._table.key_types
        first, *others = types
        texts = {first: digits if types[first] == "N" else product_id}
        return texts | dict.fromkeys(others, SECOND_KEY)

    def _key(self, product_id: str) -> dict[str, Any]:
        return self._table.key(self._key_texts(product_id))

    def _values(self, product_id: str, roles: Mapping[str, Any]) -> dict[Path, Any]:
        values = dict.fromkeys((_CATEGORY, *self._product.message_attributes), "Electronics")
        if self._product.currency_path:
            values[self._product.currency_path] = SAMPLE_CURRENCY
        if self._product.id:
            values[self._product.id] = product_id
        values |= {self._path(role): value for role, value in roles.items()}
        return {path: _typed(value) for path, value in values.items() if path.top not in self._keys}


def _typed(value: Any) -> dict[str, Any]:
    return {"N": f"{value:f}"} if isinstance(value, Decimal) else {"S": str(value)}
