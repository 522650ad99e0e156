"""The JSON Schema of receivers.toml, with which editors complete and check it while it is written."""

from __future__ import annotations

from notifications.config import only_reader, receiver_keys, where_reader
from notifications.config.receiver_keys import COMMON_KEYS, KEYS_BY_KIND, RECEIVER_KEYS
from operations.reference import alerts_toml
from operations.reference.shapes import SHAPES, Schema, Shape, Shapes, definitions, properties

_CLOCK = "([01]?[0-9]|2[0-3]):[0-5][0-9]"
_ZONE = "[A-Za-z0-9_+/-]+"
_ADDRESS: Schema = {"type": "string", "maxLength": 320, "pattern": f"^{receiver_keys.ADDRESS.pattern}$"}


def _words(words: tuple[str, ...]) -> Schema:
    return {"anyOf": [{"enum": list(words)}, {"type": "array", "minItems": 1, "items": {"enum": list(words)}}]}


OWN_SHAPES: Shapes = {
    receiver_keys.receiver_name: Shape(
        f"lower-case letters, digits and hyphens, at most {receiver_keys.LONGEST_NAME}",
        {"type": "string", "pattern": f"^[a-z]([a-z0-9-]{{0,{receiver_keys.LONGEST_NAME - 2}}}[a-z0-9])?$"},
    ),
    receiver_keys.sender: Shape(
        "address without `*`, `?` and `$`", {**_ADDRESS, "not": {"pattern": receiver_keys.SPECIAL_IN_TEMPLATES.pattern}}
    ),
    receiver_keys.addresses: Shape(
        f"list of at most {receiver_keys.MOST_ADDRESSES} addresses",
        {"type": "array", "minItems": 1, "maxItems": receiver_keys.MOST_ADDRESSES, "items": _ADDRESS},
    ),
    receiver_keys.https_url: Shape("https address", {"type": "string", "pattern": r"^https://[^\s/@]+(/\S*)?$"}),
    receiver_keys.secret_name: Shape(
        "lower-case letters, digits and hyphens",
        {"type": "string", "pattern": f"^(?!xox|whsec|http){receiver_keys.SECRET_NAME.pattern}$"},
    ),
    receiver_keys.template_path: Shape(
        "path such as `templates/shop.html`",
        {"type": "string", "pattern": f"^{receiver_keys.TEMPLATE_PATH.pattern}$"},
    ),
    receiver_keys.digest: Shape(
        "`hourly`, or a time with its zone",
        {"anyOf": [{"const": receiver_keys.HOURLY}, {"type": "string", "pattern": f"^{_CLOCK} {_ZONE}$"}]},
    ),
    receiver_keys.quiet: Shape("a span with its zone", {"type": "string", "pattern": f"^{_CLOCK}-{_CLOCK} {_ZONE}$"}),
    only_reader.only: Shape(
        "[conditions](#only)",
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": only_reader.MOST_NAMES,
            "propertyNames": {"maxLength": 256},
            "properties": {
                name: {"anyOf": [_words(words), {"$ref": "#/$defs/tests"}]}
                for name, words in only_reader.KNOWN_VALUES.items()
            },
            "additionalProperties": {"$ref": "#/$defs/predicates"},
        },
    ),
    where_reader.negated: alerts_toml.ALL_SHAPES[where_reader.negated],
}
ALL_SHAPES: Shapes = {**SHAPES, **OWN_SHAPES}
_NEEDED = ("text", "path", "amount")


def schema() -> Schema:
    """Return the schema."""
    alerts = alerts_toml.schema()["$defs"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "receivers.toml",
        "description": "Who gets the alerts, how and when. docs/receivers.md has an example of every kind; `python -m "
        "operations check` also sees what a schema cannot, such as rules that do not exist.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "receivers": {
                "description": "The receivers, a [[receivers]] table each.",
                "type": "array",
                "items": {"$ref": "#/$defs/receiver"},
            },
        },
        "$defs": {
            "receiver": _receiver(),
            "predicates": alerts["predicates"],
            "tests": alerts["tests"],
            "scalar": alerts["scalar"],
            **{name: value for name, value in definitions(ALL_SHAPES).items() if name in _NEEDED},
        },
    }


def _receiver() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key.name for key in RECEIVER_KEYS.values() if key.required and not key.of],
        "properties": properties(RECEIVER_KEYS.values(), ALL_SHAPES),
        "allOf": [
            {
                "if": {"required": ["kind"], "properties": {"kind": {"const": kind}}},
                "then": {
                    "propertyNames": {"enum": [*COMMON_KEYS, *keys]},
                    "required": [key for key in keys if RECEIVER_KEYS[key].required],
                },
            }
            for kind, keys in KEYS_BY_KIND.items()
        ],
    }
