"""`npm run generate`: write what is made from the tables of keys, and from the mail's MJML, into the repository."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from notifications.config.product_reader import PRODUCT_KEYS
from notifications.config.receiver_keys import RECEIVER_KEYS
from notifications.config.rule_keys import RULE_KEYS
from notifications.config.where_reader import TESTS
from operations.reference import alerts_toml, mail_template, receivers_toml
from operations.reference.key_tables import placed, table_of, tests_table
from operations.reference.shapes import Schema
from operations.settings.project import PROJECT

SCHEMA, RULES_DOCUMENT = Path("schemas/alerts.schema.json"), Path("docs/rules.md")
RECEIVERS_SCHEMA, RECEIVERS_DOCUMENT = Path("schemas/receivers.schema.json"), Path("docs/receivers.md")
SOURCES = (RULES_DOCUMENT, RECEIVERS_DOCUMENT, mail_template.SOURCE)


def read_sources(folder: Path) -> dict[Path, str]:
    """Read the files that something is generated from, or into."""
    return {path: (folder / path).read_text("utf-8") for path in SOURCES}


def generated(sources: Mapping[Path, str]) -> Mapping[Path, str]:
    """Return what the files have to contain, by their paths in the repository; documents keep their own text."""
    shapes = alerts_toml.ALL_SHAPES
    rules = placed(sources[RULES_DOCUMENT], "[product]", table_of(PRODUCT_KEYS.values(), shapes))
    rules = placed(rules, "[[rules]]", table_of(RULE_KEYS.values(), shapes, "`when`"))
    rules = placed(rules, "where", tests_table(TESTS.values(), shapes))
    receivers = table_of(RECEIVER_KEYS.values(), receivers_toml.ALL_SHAPES, "`kind`")
    return {
        SCHEMA: _json(alerts_toml.schema()),
        RULES_DOCUMENT: rules,
        RECEIVERS_SCHEMA: _json(receivers_toml.schema()),
        RECEIVERS_DOCUMENT: placed(sources[RECEIVERS_DOCUMENT], "[[receivers]]", receivers),
        mail_template.COMPILED: mail_template.compiled(sources[mail_template.SOURCE]),
    }


def _json(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the files that differ, and name them."""
    for path, text in generated(read_sources(PROJECT)).items():
        target = PROJECT / path
        if target.exists() and target.read_text("utf-8") == text:
            continue
        target.write_text(text, "utf-8")
        print(f"{path} written")


if __name__ == "__main__":
    main()
