"""What CloudFormation calls for each type of resource, by AWS's own schemas of them, which cfn-lint brings along."""

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
    schema: dict[str, Any] = json.loads((_FOLDER / "resources" / f"{_files()[kind]}.json").read_text("utf-8"))
    return frozenset(action for name in _HANDLERS for action in schema["handlers"].get(name, {}).get("permissions", ()))
