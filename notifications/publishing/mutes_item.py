"""The mutes in the ledger table: one item that every batch reads with what else it asks, an attribute a mute.

Operators write it and nothing else vouches for it, so each entry is checked in kind and length before it counts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from notifications.rules.mutes import Mute

MUTES = "#mutes"
"""The item's partition and sort key; no product begins with "#"."""
MOST_MUTES = 100  # so that the item stays a few units to read, and costs a batch nothing to look through
LONGEST_RULE, LONGEST_PRODUCT = 100, 512  # characters
_UNTIL = re.compile("[0-9]{1,10}")
PREFIX = "mute:"
"""Of the attributes that hold one."""


def attribute_of(rule: str, product: str) -> str:
    """Return the attribute that holds a mute: one a pair of rule and product."""
    digest = hashlib.sha256(f"{rule}\0{product}".encode(errors="surrogatepass")).hexdigest()
    return f"{PREFIX}{digest[:32]}"


def to_attribute(mute: Mute, made_at: float) -> dict[str, Any]:
    """Write a mute, and when it was made."""
    return {
        "M": {
            "rule": {"S": mute.rule},
            "product": {"S": mute.product},
            "until": {"N": str(int(mute.until))},
            "madeAt": {"N": str(int(made_at))},
        }
    }


def mutes_in(item: Mapping[str, Any]) -> list[Mute]:
    """Read the mutes of the item, at most a hundred; an entry that is not one is left out, and mutes nothing."""
    entries = (read_mute(item[name]) for name in sorted(item) if name.startswith(PREFIX))
    return list(islice(filter(None, entries), MOST_MUTES))


def read_mute(typed: Any) -> Mute | None:
    """Read one entry; None for one that is not a mute."""
    fields = typed.get("M") if isinstance(typed, dict) else None
    if not isinstance(fields, dict):
        return None
    rule, product, until = _plain(fields, "rule", "S"), _plain(fields, "product", "S"), _plain(fields, "until", "N")
    if rule is None or product is None or until is None or not (rule or product):
        return None
    if len(rule) > LONGEST_RULE or len(product) > LONGEST_PRODUCT or not _UNTIL.fullmatch(until):
        return None
    return Mute(rule, product, float(until))


def _plain(fields: Mapping[str, Any], name: str, kind: str) -> str | None:
    typed = fields.get(name)
    value = typed.get(kind) if isinstance(typed, dict) else None
    return value if isinstance(value, str) else None
