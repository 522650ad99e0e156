"""The project's JSON Schemas, ready to validate with."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.builders import ROOT

SCHEMAS = ROOT / "schemas"
COMMON = "alert.schema.json"


@cache
def validator_of(alert_type: str) -> Draft202012Validator:
    """Give the validator of one type of alert."""
    return Draft202012Validator(
        _read(f"{alert_type}.schema.json"),
        registry=Registry().with_resource(COMMON, Resource.from_contents(_read(COMMON))),
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


def mistakes_in(message: dict[str, Any]) -> list[str]:
    """Validate an alert by the schema of its type; an empty list is a valid alert."""
    found = validator_of(message["type"]).iter_errors(message)
    return [f"{error.json_path}: {error.message}" for error in found]


def _read(name: str) -> Any:
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
