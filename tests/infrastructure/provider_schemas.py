"""What CloudFormation does with each type of resource, by AWS's own schemas of them, which cfn-lint brings along."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_CFN_LINT = find_spec("cfnlint")
assert _CFN_LINT
_FOLDER = Path(str(_CFN_LINT.origin)).parent / "data" / "schemas"
_HANDLERS = ("create", "read", "update", "delete")


@cache
def _files() -> dict[str, str]:
    return dict(json.loads((_FOLDER / "providers" / "us-east-1.json").read_text("utf-8")))


@cache
def permissions_for(kind: str) -> frozenset[str]:
    """List the actions that CloudFormation may take to make, read, change and delete a resource of a type."""
    handlers = _schema(kind)["handlers"]
    return frozenset(action for name in _HANDLERS for action in handlers.get(name, {}).get("permissions", ()))


def create_only_properties(kind: str) -> frozenset[str]:
    """List the properties of a type that only a new resource can have: to change one is to replace it."""
    return frozenset(path.removeprefix("/properties/") for path in _schema(kind).get("createOnlyProperties", ()))


def _schema(kind: str) -> dict[str, Any]:
    return dict(json.loads((_FOLDER / "resources" / f"{_files()[kind]}.json").read_text("utf-8")))
