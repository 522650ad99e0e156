"""Runs the modules of infrastructure/ that serverless.yml calls, with the parameters of a stage."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from operations.settings.service_file import read_document
from tests.builders import ROOT

_CODE = """
const [file, variables] = process.argv.slice(1);
const known = JSON.parse(variables);
const resolveVariable = async (name) => {
  if (!(name in known)) throw new Error(`unknown variable ${name}`);
  return known[name];
};
require(file)({ resolveVariable }).then((found) => console.log(JSON.stringify(found)));
"""


def resources_of(module: str, stage: str = "dev", **params: Any) -> dict[str, Any]:
    """Give the resources that a module computes."""
    by_stage = read_document(ROOT / "serverless.yml")["params"]
    values = {**by_stage["default"], **(by_stage.get(stage) or {}), **params}
    variables = {f"param:{name}": value for name, value in values.items()}
    variables |= {"self:service": "product-alerts", "sls:stage": stage}
    done = subprocess.run(
        ["node", "-e", _CODE, str(ROOT / "infrastructure" / module), json.dumps(variables)],
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout)["resources"]["Resources"])
