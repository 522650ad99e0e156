"""What the samples need to know of alerts.toml: which kinds of rule it has, and what the attributes are called.

It is read leniently: the deploy has already checked the file.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.stack.errors import SamplesError


@dataclass(frozen=True)
class RulesOutline:
    """The names of the rules by kind (`when`), and the `[product]` table."""

    names_by_kind: dict[str, list[str]]
    product: dict[str, Any] = field(default_factory=dict)

    def attribute(self, role: str) -> str:
        """Return the attribute that has a role (name, price, stock …) in the table."""
        name = self.product.get(role, role)
        return name if isinstance(name, str) else role


def read_rules_outline(path: Path) -> RulesOutline:
    """Read alerts.toml. Raises SamplesError if it cannot be read."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SamplesError(f"{path.name} cannot be read: {error}") from error
    names_by_kind: dict[str, list[str]] = {}
    for rule in content.get("rules", []):
        names_by_kind.setdefault(rule.get("when", ""), []).append(rule.get("name", ""))
    return RulesOutline(names_by_kind, content.get("product", {}))
