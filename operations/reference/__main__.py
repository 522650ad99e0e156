"""`npm run generate`: write what is made from the tables of keys into the repository."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from notifications.config.product_reader import PRODUCT_KEYS
from notifications.config.rule_keys import RULE_KEYS
from notifications.config.where_reader import TESTS
from operations.reference import alerts_toml
from operations.reference.key_tables import placed, table_of, tests_table
from operations.settings.project import PROJECT

SCHEMA, RULES_DOCUMENT = Path("schemas/alerts.schema.json"), Path("docs/rules.md")


def generated(rules_document: str) -> Mapping[Path, str]:
    """Return what the files have to contain, by their paths in the repository; documents keep their own text."""
    shapes = alerts_toml.ALL_SHAPES
    document = placed(rules_document, "[product]", table_of(PRODUCT_KEYS.values(), shapes))
    document = placed(document, "[[rules]]", table_of(RULE_KEYS.values(), shapes, "`when`"))
    document = placed(document, "where", tests_table(TESTS.values(), shapes))
    schema = json.dumps(alerts_toml.schema(), indent=2, ensure_ascii=False) + "\n"
    return {SCHEMA: schema, RULES_DOCUMENT: document}


def main() -> None:
    """Write the files that differ, and name them."""
    for path, text in generated((PROJECT / RULES_DOCUMENT).read_text("utf-8")).items():
        target = PROJECT / path
        if target.exists() and target.read_text("utf-8") == text:
            continue
        target.write_text(text, "utf-8")
        print(f"{path} written")


if __name__ == "__main__":
    main()
