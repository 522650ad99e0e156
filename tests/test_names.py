"""One word for one thing, as the glossary has it: a public class or type has a name of its own."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.test_directions import MODULES

# The same thing on both sides: the records of one invocation, as Lambda's mapping sends them and as the function has
# them; what the function returns for them; and the time.
SHARED = {
    "Batch": {"notifications.batch", "event_source_mapping.lanes.retries"},
    "Response": {"notifications.pipeline", "notifications.delivery.handling.delivery"},
    "Clock": {"benchmarks.measuring.timing", "event_source_mapping.running.tasks"},
}


def _types(source: str) -> Iterator[str]:
    """Yield the public classes and type aliases at the top of a module."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation).endswith("TypeAlias"):
            yield ast.unparse(node.target)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id


def test_a_public_type_has_a_name_of_its_own() -> None:
    """No two modules give one name to two classes or aliases; constants are in capitals, and private names begin so."""
    homes = defaultdict(set)
    for module, path in MODULES.items():
        for name in _types(path.read_text("utf-8")):
            if name[0].isupper() and not name.isupper():
                homes[name].add(module)
    assert {name: found for name, found in homes.items() if len(found) > 1} == SHARED
