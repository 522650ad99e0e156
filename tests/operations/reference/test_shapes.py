"""From a table of keys to schemas and Markdown, for any file."""

from __future__ import annotations

import pytest

from notifications.config.fields import Key, OneOf, WholeNumber, duration, text
from operations.reference.key_tables import placed, table_of
from operations.reference.shapes import SHAPES, definitions, properties, sentence

KEYS = (
    Key("kind", OneOf({"mail": "an e-mail", "slack": "a message in Slack"}), "where alerts go", required=True),
    Key("level", OneOf({"low": "", "high": ""}), "how loud", default="low"),
    Key("most", WholeNumber(1, 5), "the most at once", ("mail", "slack"), unset="no limit"),
    Key("wait", duration, "how long to wait", ("mail",), unset="0"),
)


def test_each_key_has_a_schema_with_its_description_and_default() -> None:
    """A kind with a name is referred to; a word that has a meaning carries it."""
    assert properties(KEYS, SHAPES) == {
        "kind": {
            "description": "Where alerts go.",
            "oneOf": [
                {"const": "mail", "description": "An e-mail."},
                {"const": "slack", "description": "A message in Slack."},
            ],
        },
        "level": {"description": "How loud.", "default": "low", "enum": ["low", "high"]},
        "most": {
            "description": "mail, slack: the most at once. Without the key: no limit.",
            "type": "integer",
            "minimum": 1,
            "maximum": 5,
        },
        "wait": {
            "description": "mail: how long to wait. Without the key: 0.",
            "$ref": "#/$defs/duration",
        },
    }
    assert {"text", "duration"} <= set(definitions(SHAPES))


def test_a_kind_that_has_no_shape_is_found() -> None:
    """A new kind cannot be left out of the schema."""
    with pytest.raises(KeyError):
        properties([Key("a", str, "anything")], SHAPES)


def test_the_table_has_a_row_for_each_key() -> None:
    """Key, the entries that have it, description, shape, and what holds without it."""
    assert table_of(KEYS, SHAPES, "`kind`").splitlines() == [
        "| key | `kind` | what it is | shape | without it |",
        "| --- | --- | --- | --- | --- |",
        "| `kind` | all | where alerts go | `mail` or `slack` | required |",
        '| `level` | all | how loud | `low` or `high` | `"low"` |',
        "| `most` | `mail`, `slack` | the most at once | whole number from 1 to 5 | no limit |",
        "| `wait` | `mail` | how long to wait | duration | 0 |",
    ]
    assert table_of([Key("a", text, "a word")], SHAPES).splitlines()[0] == "| key | what it is | shape | without it |"


def test_a_table_is_placed_between_its_markers() -> None:
    """What stood there is replaced; what stands around them stays."""
    document = "before\n<!-- keys of x: npm run generate -->\nold\n<!-- end of x -->\nafter\n"
    made = placed(document, "x", "new\n")
    assert made == "before\n<!-- keys of x: npm run generate -->\n\nnew\n\n<!-- end of x -->\nafter\n"
    assert placed(made, "x", "new\n") == made


def test_a_description_becomes_a_sentence() -> None:
    """A word of the file at its beginning keeps its small letter."""
    assert sentence("one of `a`") == "One of `a`."
    assert sentence("price_drop: the price") == "price_drop: the price."
    assert sentence("mail: the price") == "mail: the price."
