"""What the samples need of alerts.toml: which kinds of rule it has, and how attributes are called.

It is read as loosely as it goes: the deploy has checked it already, and a user's own rules are no
reason for the laptop to complain.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.errors import SamplesError


@dataclass(frozen=True)
class Rules:
    """The rules by kind (`when`), and the `[product]` table."""

    names_by_kind: dict[str, list[str]]
    product: dict[str, Any] = field(default_factory=dict)

    def attribute(self, role: str) -> str:
        """Return the attribute that plays a role (name, price, stock …) in the table."""
        name = self.product.get(role, role)
        return name if isinstance(name, str) else role


def read_rules(path: Path) -> Rules:
    """Read alerts.toml. Raises SamplesError when it cannot be."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SamplesError(f"{path.name} cannot be read: {error}") from error
    names_by_kind: dict[str, list[str]] = {}
    for rule in content.get("rules", []):
        names_by_kind.setdefault(rule.get("when", ""), []).append(rule.get("name", ""))
    return Rules(names_by_kind, content.get("product", {}))
