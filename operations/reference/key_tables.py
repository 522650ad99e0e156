"""The tables of keys in a document, between a pair of markers each."""

from __future__ import annotations

import json
from collections.abc import Iterable

from notifications.config.fields import Key
from operations.reference.shapes import Shapes, shape_of


def table_of(keys: Iterable[Key], shapes: Shapes, kind: str = "") -> str:
    """Return the Markdown table of keys; `kind` heads the column of the entries that have a key, if there is one."""
    heads = ["key", *([kind] if kind else []), "what it is", "shape", "without it"]
    rows = [heads, ["---"] * len(heads)]
    for key in keys:
        having = [", ".join(f"`{each}`" for each in key.of) or "all"] if kind else []
        rows.append([f"`{key.name}`", *having, key.description, shape_of(key.kind, shapes).words, _without(key)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def tests_table(keys: Iterable[Key], shapes: Shapes) -> str:
    """Return the Markdown table of the tests of `where`."""
    rows = [["test", "its value", "passes"], ["---"] * 3]
    rows += [[f"`{key.name}`", shape_of(key.kind, shapes).words, key.description] for key in keys]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _without(key: Key) -> str:
    if key.required:
        return "required"
    return key.unset or f"`{json.dumps(key.default)}`"


def placed(document: str, name: str, table: str) -> str:
    """Put a table between the markers of its name in a document; ValueError without them."""
    begin, end = f"<!-- keys of {name}: npm run generate -->\n", f"<!-- end of {name} -->\n"
    before, found, rest = document.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the document has no markers for the keys of {name}")
    return f"{before}{begin}\n{table}\n{end}{after}"
