"""The kinds of value that a key can take: as JSON Schema for editors, and in words for the documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from notifications.config import fields
from notifications.config.fields import Key, OneOf, WholeNumber

Schema = dict[str, Any]
Kind = Callable[..., Any]

# JavaScript reads these patterns in editors, Python in the tests: only what means the same to both.
_DIGITS = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_POSITIVE = rf"^\s*\+?(?=[0-9.]*[1-9]){_DIGITS}\s*"
_PATH_PART = r"([^.\[\]\\]|\\.)+"


class Shape(NamedTuple):
    """What the values of a kind look like."""

    words: str
    """For documents, such as "number"."""
    schema: Schema
    name: str = ""
    """The schema's name among the definitions; without one it stands with each key."""


Shapes = Mapping[Kind, Shape]


def number_or_text(pattern: str, **limits: Any) -> Schema:
    """Return the schema of a number that may stand in quotes, and then matches `pattern`."""
    return {"anyOf": [{"type": "number", **limits}, {"type": "string", "pattern": pattern}]}


POSITIVE = number_or_text(f"{_POSITIVE}$", exclusiveMinimum=0)
SHAPES: Shapes = {
    fields.text: Shape("text", {"type": "string", "pattern": r"\S"}, "text"),
    fields.template: Shape(
        "template",
        {
            "description": "Text with names between braces, {name} or {new.specs.color}; {{ and }} for plain braces.",
            "$ref": "#/$defs/text",
        },
        "template",
    ),
    fields.path: Shape(
        "path",
        {
            "description": "An attribute: price, specs.color, offers[0].price. "
            "A dot that is part of a name has a backslash before it.",
            "$ref": "#/$defs/text",
            "pattern": rf"^{_PATH_PART}(\.{_PATH_PART}|\[[0-9]+\])*$",
        },
        "path",
    ),
    fields.paths: Shape("list of paths", {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/path"}}, "paths"),
    fields.duration: Shape(
        "duration",
        {
            "description": "A duration such as 90s, 30m, 1h, 1h30m or 2d.",
            "type": "string",
            "pattern": r"^\s*(?=.*[1-9])([0-9]+\s*d)?\s*([0-9]+\s*h)?\s*([0-9]+\s*m)?\s*([0-9]+\s*s)?\s*$",
        },
        "duration",
    ),
    fields.amount: Shape(
        "number",
        {"description": 'A number, 5 or "4.99".', **number_or_text(rf"^\s*[+-]?{_DIGITS}\s*$")},
        "amount",
    ),
    fields.margin: Shape(
        "percentage or number above 0",
        {
            "description": 'A percentage such as "10%" or an amount such as "5.00", more than 0.',
            **number_or_text(f"{_POSITIVE}%?\\s*$", exclusiveMinimum=0),
        },
        "margin",
    ),
    fields.yes_or_no: Shape("`true` or `false`", {"type": "boolean"}),
}
"""Those that any file can have; a file adds its own."""


def shape_of(kind: Kind, shapes: Shapes) -> Shape:
    """Return the shape of a kind; KeyError if nobody described it."""
    if isinstance(kind, OneOf):
        return Shape(" or ".join([", ".join(_coded(kind.words)[:-1]), _coded(kind.words)[-1]]), _words(kind.words))
    if isinstance(kind, WholeNumber):
        limits = {"type": "integer", "minimum": kind.least, "maximum": kind.most}
        return Shape(f"whole number from {kind.least} to {kind.most}", limits)
    return shapes[kind]


def _coded(words: Iterable[str]) -> list[str]:
    return [f"`{word}`" for word in words]


def _words(words: Mapping[str, str]) -> Schema:
    if not any(words.values()):
        return {"enum": list(words)}
    return {"oneOf": [{"const": word, "description": sentence(meaning)} for word, meaning in words.items()]}


def definitions(shapes: Shapes) -> dict[str, Schema]:
    """Return the named schemas."""
    return {shape.name: shape.schema for shape in shapes.values() if shape.name}


def properties(keys: Iterable[Key], shapes: Shapes) -> dict[str, Schema]:
    """Return the schema of each key, described for an editor."""
    return {key.name: _property(key, shapes) for key in keys}


def _property(key: Key, shapes: Shapes) -> Schema:
    shape = shape_of(key.kind, shapes)
    said = sentence(", ".join(key.of) + ": " + key.description if key.of else key.description)
    if key.unset:
        said += f" Without the key: {key.unset}."
    found: Schema = {"description": said}
    if key.default is not None:
        found["default"] = key.default
    return found | ({"$ref": f"#/$defs/{shape.name}"} if shape.name else shape.schema)


def sentence(phrase: str) -> str:
    """Make a sentence of a phrase; one that begins with a word of the file keeps it as it is."""
    first = phrase.split(maxsplit=1)[0]
    return (phrase if "_" in first or first.endswith((":", ",")) else phrase[0].upper() + phrase[1:]) + "."
