"""What botocore's models say of parameters and its clients do not check: lengths, ranges, patterns and enumerations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any


def mistakes(shape: Any, value: Any, path: str) -> Iterator[str]:
    """Say what is wrong with a parameter, and with what is in it."""
    yield from _own_mistakes(shape.metadata, value, path)
    if shape.type_name == "structure":
        for name, inner in value.items():
            yield from mistakes(shape.members[name], inner, f"{path}.{name}")
    elif shape.type_name == "list":
        for place, inner in enumerate(value):
            yield from mistakes(shape.member, inner, f"{path}[{place}]")
    elif shape.type_name == "map":
        for name, inner in value.items():
            yield from mistakes(shape.key, name, f"a name in {path}")
            yield from mistakes(shape.value, inner, f"{path}[{name[:40]!r}]")


def _own_mistakes(said: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    size = value if isinstance(value, int | float) else len(value) if hasattr(value, "__len__") else None
    if size is not None and not said.get("min", size) <= size <= said.get("max", size):
        yield f"{path} is or has {size}: expected {said.get('min', 'any')} to {said.get('max', 'any')}"
    if isinstance(value, str) and "enum" in said and value not in said["enum"]:
        yield f"{path} is {value[:40]!r}: expected one of {', '.join(said['enum'])}"
    if isinstance(value, str) and "pattern" in said and not re.fullmatch(said["pattern"], value):
        yield f"{path} is {value[:40]!r}: expected {said['pattern']}"
