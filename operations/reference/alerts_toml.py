"""The JSON Schema of alerts.toml, with which editors complete and check it while it is written."""

from __future__ import annotations

from notifications.config import product_reader, rule_keys, where_reader
from notifications.config.product_reader import PRODUCT_KEYS
from notifications.config.rule_keys import COMMON_KEYS, DEFAULTS_KEYS, KEYS_BY_WHEN, NEEDS_TARGET, RULE_KEYS, TARGETS
from notifications.config.where_reader import TESTS
from notifications.rules.prices import LAST_ALERT, PREVIOUS
from operations.reference.shapes import POSITIVE, SHAPES, Schema, Shape, Shapes, definitions, properties

_PATH, _TEXT = {"$ref": "#/$defs/path"}, {"$ref": "#/$defs/text"}
# sns_limits.ATTRIBUTE_NAME without what not every editor's JavaScript knows; what it leaves out, a path cannot hold.
_ATTRIBUTE_NAME = r"^(?!([Aa][Ww][Ss]|[Aa][Mm][Aa][Zz][Oo][Nn])\.)[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}$"
_VALUES: list[Schema] = [
    {"$ref": "#/$defs/scalar"},
    {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/scalar"}},
]


def _table_with(key: str, value: Schema) -> Schema:
    return {"type": "object", "required": [key], "additionalProperties": False, "properties": {key: value}}


OWN_SHAPES: Shapes = {
    rule_keys.rule_name: Shape(
        f"text, at most {rule_keys.LONGEST_NAME} characters",
        {**_TEXT, "maxLength": rule_keys.LONGEST_NAME, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"},
    ),
    rule_keys.threshold: Shape(
        "number above 0", {"description": 'A number above 0, 5 or "4.99".', **POSITIVE}, "positive"
    ),
    rule_keys.baseline: Shape(
        '`"previous"`, `"last_alert"` or `{ attribute = … }`',
        {
            "anyOf": [
                {"enum": [PREVIOUS, LAST_ALERT]},
                _table_with("attribute", {"description": "The attribute to compare with.", **_PATH}),
            ]
        },
    ),
    rule_keys.all_time: Shape(
        "`true`, `false` or `{ attribute = … }`",
        {
            "anyOf": [
                {"type": "boolean"},
                _table_with("attribute", {"description": "The attribute that keeps the record so far.", **_PATH}),
            ]
        },
    ),
    where_reader.where: Shape(
        "[conditions](#where), or a list of them",
        {
            "anyOf": [
                {"$ref": "#/$defs/conditions"},
                {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/conditions"}},
            ]
        },
    ),
    where_reader.negated: Shape(
        "a value, a list of values, or one test",
        {"anyOf": [*_VALUES, {"$ref": "#/$defs/tests", "maxProperties": 1}]},
    ),
    product_reader.currency: Shape(
        "path, or `{ value = … }`",
        {
            "anyOf": [
                {
                    **_PATH,
                    "not": {
                        "description": 'A code by itself is not an attribute: write { value = "USD" }.',
                        "enum": sorted(product_reader.CURRENCY_CODES),
                    },
                },
                _table_with("value", {"description": "The one currency of the whole table, such as USD.", **_TEXT}),
            ]
        },
    ),
    product_reader.message_attributes: Shape(
        f"list of at most {product_reader.MOST_MESSAGE_ATTRIBUTES} paths",
        {
            "type": "array",
            "minItems": 1,
            "maxItems": product_reader.MOST_MESSAGE_ATTRIBUTES,
            "items": {
                **_PATH,
                "pattern": _ATTRIBUTE_NAME,
                "not": {"enum": list(product_reader.FIXED_MESSAGE_ATTRIBUTES)},
            },
        },
    ),
}
ALL_SHAPES: Shapes = {**SHAPES, **OWN_SHAPES}


def schema() -> Schema:
    """Return the schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "alerts.toml",
        "description": "Which changes of the products table alert, and what the alert says. docs/rules.md has an "
        "example of every key; `python -m operations check` also sees what a schema cannot, such as unknown names in "
        "a template.",
        "type": "object",
        "required": ["rules"],
        "additionalProperties": False,
        "properties": {
            "product": {
                "description": "Where the table keeps what an alert talks about.",
                "$ref": "#/$defs/product",
            },
            "defaults": {
                "description": "Keys for every rule that has a use for them and does not set them itself.",
                "$ref": "#/$defs/defaults",
            },
            "rules": {
                "description": "The rules, a [[rules]] table each.",
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/rule"},
            },
        },
        "allOf": [
            *(
                _unless_default(key.name, key.of, {"required": [key.name]})
                for key in RULE_KEYS.values()
                if key.of and key.required
            ),
            *(
                _unless_default(target, (when,), {"dependentRequired": {key: [target] for key in NEEDS_TARGET}})
                for when, target in TARGETS.items()
            ),
        ],
        "$defs": {
            "product": _table(properties(PRODUCT_KEYS.values(), ALL_SHAPES)),
            "defaults": _table({key: {"$ref": f"#/$defs/rule/properties/{key}"} for key in DEFAULTS_KEYS}),
            "rule": _rule(),
            "conditions": {
                "description": "Conditions on attributes, all of which have to hold.",
                "type": "object",
                "minProperties": 1,
                "propertyNames": _PATH,
                "additionalProperties": {"$ref": "#/$defs/predicates"},
            },
            "predicates": {
                "description": "A value to be equal to, a list of them, or tests, all of which have to pass.",
                "anyOf": [*_VALUES, {"$ref": "#/$defs/tests"}],
            },
            "tests": {"minProperties": 1, **_table(properties(TESTS.values(), ALL_SHAPES))},
            "scalar": {"type": ["string", "boolean", "number"]},
            **definitions(ALL_SHAPES),
        },
    }


def _table(keys: Schema) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": keys}


def _rule() -> Schema:
    return {
        **_table(properties(RULE_KEYS.values(), ALL_SHAPES)),
        "required": [key.name for key in RULE_KEYS.values() if key.required and not key.of],
        "allOf": [
            {"if": _is((when,)), "then": {"propertyNames": {"enum": [*COMMON_KEYS, *keys]}}}
            for when, keys in KEYS_BY_WHEN.items()
        ],
    }


def _unless_default(key: str, whens: tuple[str, ...], required: Schema) -> Schema:
    """Hold rules with one of these values of `when` against `required`, unless [defaults] has `key`."""
    without = {"not": {"required": ["defaults"], "properties": {"defaults": {"required": [key]}}}}
    return {"if": without, "then": {"properties": {"rules": {"items": {"if": _is(whens), "then": required}}}}}


def _is(whens: tuple[str, ...]) -> Schema:
    return {"required": ["when"], "properties": {"when": {"enum": list(whens)}}}
