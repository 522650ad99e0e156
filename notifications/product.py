"""What an alert knows about the product: the `[product]` table of alerts.toml, applied to a change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from notifications.attributes import Image, Path, number, plain
from notifications.changes import ProductChange
from notifications.templates import Template, value_text

_NAME, _PRICE, _STOCK = (Path.parse(name) for name in ("name", "price", "stock"))


@dataclass(frozen=True, slots=True)
class Product:
    """Where the table keeps what an alert talks about."""

    id: Path | None = None
    """None: the table's own key."""
    name: Path = _NAME
    price: Path = _PRICE
    stock: Path = _STOCK
    currency: Path | str | None = None
    """An attribute, or the one currency of the whole table."""
    link: Template | None = None
    message_attributes: tuple[Path, ...] = ()
    overrides: Path | None = None
    """An attribute with exceptions from the rules for this product."""

    @property
    def currency_path(self) -> Path | None:
        """The attribute that holds the currency, if an attribute does."""
        return self.currency if isinstance(self.currency, Path) else None

    def roles(self) -> Iterator[tuple[str, Path]]:
        """List the attributes that have a role, by the role's name."""
        for role in ("id", "name", "price", "stock", "currency"):
            path = getattr(self, role)
            if isinstance(path, Path):
                yield role, path

    def id_of(self, change: ProductChange) -> str:
        """Return the product's id: the named attribute, and where it is absent the table's key."""
        named = _text(change, self.id) if self.id else None
        return named or key_text(change.record.keys)

    def name_of(self, change: ProductChange) -> str:
        """Return the product's name, and where it has none its id."""
        return _text(change, self.name) or self.id_of(change)

    def name_and_id_of(self, change: ProductChange) -> str:
        """Return both, "Wireless Mouse (prod-123)", or the id alone where there is no name."""
        name, product_id = self.name_of(change), self.id_of(change)
        return product_id if name == product_id else f"{name} ({product_id})"

    def currency_of(self, change: ProductChange) -> str | None:
        """Return the currency's code, or None where there is none."""
        return _text(change, self.currency) if isinstance(self.currency, Path) else self.currency


def key_text(keys: Image) -> str:
    """Write a primary key as one string: its values, a composite key's joined by "/" in the order of their names.

    Raises MalformedRecordError where a value is none.
    """
    values = (keys[name] for name in sorted(keys))
    return "/".join(_number_text(value) or str(plain(value)) for value in values)


def _text(change: ProductChange, path: Path) -> str | None:
    value = change.current(path)
    return value_text(value) or None


def _number_text(value: object) -> str | None:
    parsed: Decimal | None = number(value)
    return None if parsed is None else format(parsed, "f")
