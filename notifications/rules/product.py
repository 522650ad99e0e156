"""Where the table keeps what an alert talks about: the `[product]` table of alerts.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from notifications.rules.price_form import PLAIN, PriceForm
from notifications.stream.attributes import Path
from notifications.text.formatting import Template

_NAME, _PRICE, _STOCK = (Path.parse(name) for name in ("name", "price", "stock"))


@dataclass(frozen=True, slots=True)
class Product:
    """The attributes that have a role."""

    id: Path | None = None
    """None: the table's own key."""
    name: Path = _NAME
    price: Path = _PRICE
    price_form: PriceForm = PLAIN
    """How the table keeps prices."""
    stock: Path = _STOCK
    currency: Path | str | None = None
    """An attribute, or the one currency of the whole table."""
    link: Template | None = None
    image: Path | None = None
    """An attribute with the address of a picture."""
    message_attributes: tuple[Path, ...] = ()
    overrides: Path | None = None
    """An attribute with exceptions from the rules for this product."""
    roles: Mapping[str, Path] = field(init=False, compare=False)
    """The attributes above that a text may name by their role."""

    def __post_init__(self) -> None:
        """List the roles."""
        named = {role: getattr(self, role) for role in ("id", "name", "price", "stock", "currency")}
        roles = {role: path for role, path in named.items() if isinstance(path, Path)}
        object.__setattr__(self, "roles", roles)

    @property
    def currency_path(self) -> Path | None:
        """The attribute that holds the currency, if an attribute does."""
        return self.currency if isinstance(self.currency, Path) else None
