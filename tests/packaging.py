"""What `sls` makes of the project, and of copies of it that a test may spoil."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from local.stack.deployment import one_package_at_a_time
from tests.builders import ROOT

_FILES = ("serverless.yml", "package.json", "requirements.txt", "alerts.toml", "receivers.toml", "handler.py")
_FOLDERS = ("notifications", "operations", "event_source_mapping", "local", "infrastructure", "events")
_SHARED = ("node_modules", ".venv", ".cache")


def environment() -> dict[str, str]:
    """Give an environment in which nobody is logged in to AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLS_", "SERVERLESS_"))}
    return {
        **kept,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
        "NODE_NO_WARNINGS": "1",
        "npm_config_update_notifier": "false",
    }


def sls(*arguments: str, folder: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `sls` in a copy of the project. In the project itself somebody may be packaging."""
    command = ROOT / "node_modules" / ".bin" / "sls"
    assert command.exists(), "the Node packages are missing: run `npm ci` (or `npm run setup`) first"
    return subprocess.run(
        [str(command), *arguments],
        cwd=folder,
        env=env or environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def copy_of_project(folder: Path, receivers: str | None = None) -> Path:
    """Copy what `sls` reads to a new folder, with other receivers where some are given."""
    folder.mkdir(parents=True)
    (ROOT / ".cache").mkdir(exist_ok=True)
    for name in _FILES:
        shutil.copy(ROOT / name, folder / name)
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _SHARED:
        (folder / name).symlink_to((ROOT / name).resolve())
    if receivers is not None:
        (folder / "receivers.toml").write_text(receivers, encoding="utf-8")
    return folder


class Package:
    """What one `sls package` made."""

    def __init__(self, folder: Path) -> None:
        """Read what was packaged into `folder`."""
        self.folder = folder
        self.template_file = folder / "cloudformation-template-update-stack.json"
        self.template: dict[str, Any] = json.loads(self.template_file.read_text(encoding="utf-8"))

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Give the resources of a type, by their names."""
        return {name: found for name, found in self.template["Resources"].items() if found["Type"] == kind}

    def properties(self, name: str) -> dict[str, Any]:
        """Give the properties of a resource."""
        return dict(self.resource(name)["Properties"])

    def resource(self, name: str) -> dict[str, Any]:
        """Give a resource by its name."""
        return dict(self.template["Resources"][name])

    @property
    def mapping(self) -> dict[str, Any]:
        """The properties of the stream's event source mapping."""
        function = {"Fn::GetAtt": ["AlertsLambdaFunction", "Arn"]}
        mappings = [found["Properties"] for found in self.of_type("AWS::Lambda::EventSourceMapping").values()]
        (found,) = [found for found in mappings if found["FunctionName"] == function]
        return dict(found)

    @property
    def artifact(self) -> Path:
        """The zip that is deployed."""
        return self.folder / "product-alerts.zip"


Packaged = Callable[..., Package]


def package_project(project: Path, stage: str = "dev", **params: str) -> Package:
    """Package a stage of a copy of the project with parameters."""
    given = [f"--param={name}={value}" for name, value in params.items()]
    if params.get("productsStreamArn"):
        given += ["--region", params["productsStreamArn"].split(":")[3]]
    with nullcontext() if _requirements_are_fetched() else one_package_at_a_time():
        done = sls("package", "--stage", stage, "--package", "out", *given, folder=project)
    assert done.returncode == 0, done.stdout + done.stderr
    return Package(project / "out")


def _requirements_are_fetched() -> bool:
    """Tell whether the cache that all copies share is filled; two that fill it at once would mix halves."""
    changed = max((ROOT / name).stat().st_mtime for name in ("requirements.txt", "infrastructure/slim.yml"))
    return any(done.stat().st_mtime > changed for done in (ROOT / ".cache").glob("*/*/.completed_requirements"))
