"""Where the table keeps what an alert talks about: the `[product]` table of alerts.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from notifications.stream.attributes import Path
from notifications.stream.changes import Change
from notifications.text.formatting import value_text
from notifications.text.templates import Template

_NAME, _PRICE, _STOCK = (Path.parse(name) for name in ("name", "price", "stock"))


@dataclass(frozen=True, slots=True)
class Product:
    """The attributes that have a role."""

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

    def id_of(self, change: Change) -> str:
        """Return the product's id: the named attribute, and where it is absent the table's key.

        Raises MalformedRecordError where it is not an attribute value.
        """
        named = value_text(change.current(self.id)) if self.id else None
        return named or change.key_text()
