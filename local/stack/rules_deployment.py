"""Takes edited rules up in the deployed function: its own code as it is deployed, with the new alerts.toml in it.

It takes a second where a deploy takes ten, and comes to the same: alerts.toml is a file of the artifact, and all else
of the artifact stays.
"""

from __future__ import annotations

import io
import urllib.request
import zipfile
from pathlib import Path

from local.stack.errors import RulesRefusedError
from local.stack.local_aws import LocalAws
from notifications.common.errors import ConfigurationError, RulesError
from notifications.config import rules_file
from notifications.rules.ruleset import Ruleset
from operations.settings.compatibility import mismatches
from operations.settings.editing import version_of
from operations.settings.project import LOCAL_STAGE, PROJECT
from operations.settings.service_file import read_service


class DeployedRules:
    """The rules that the function runs."""

    def __init__(self, aws: LocalAws, function_name: str, path: Path, deployed: bytes) -> None:
        """`deployed` is the content of the file at `path` that was deployed."""
        self._lambda = aws.client("lambda")
        self._function_name = function_name
        self._path = path
        self._content = self._deployed = deployed
        self.ruleset = self._parsed(deployed)
        self.warnings: list[str] = []
        """Settings in serverless.yml that do not suit the rules last taken up."""

    @property
    def text(self) -> str:
        """The content of the file that is deployed."""
        return self._deployed.decode("utf-8", "replace")

    @property
    def version(self) -> str:
        """The version of the file as it was last seen."""
        return version_of(self._content)

    def is_edited(self) -> bool:
        """Tell whether `take_up_edits` has something to do."""
        try:
            return self._path.read_bytes() != self._content
        except OSError:
            return False

    def take_up_edits(self) -> bool:
        """Deploy the file if it was edited since the last call, and return whether it was.

        Raises RulesRefusedError for a mistake in it, once an edit; the function keeps the rules that it has.
        """
        try:
            content = self._path.read_bytes()
        except OSError:  # an editor is just replacing it
            return False
        if content == self._content:
            return False
        self._content = content
        ruleset = self._parsed(content)
        self._update(content)
        self._deployed = content
        self.ruleset = ruleset
        self.warnings = _warnings(ruleset)
        return True

    def _parsed(self, content: bytes) -> Ruleset:
        try:
            return rules_file.parse(content.decode("utf-8"), self._path.name)
        except (RulesError, UnicodeDecodeError) as error:
            raise RulesRefusedError("The edited rules are not deployed; the old ones still run.", str(error)) from error

    def _update(self, rules: bytes) -> None:
        location = self._lambda.get_function(FunctionName=self._function_name)["Code"]["Location"]
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(location, timeout=30) as answer:
            deployed = answer.read()
        self._lambda.update_function_code(
            FunctionName=self._function_name, ZipFile=_with_file(deployed, self._path.name, rules)
        )
        self._lambda.get_waiter("function_updated_v2").wait(
            FunctionName=self._function_name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )


def _with_file(artifact: bytes, name: str, content: bytes) -> bytes:
    """Return the zip with one of its files replaced."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(artifact)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry, content if entry.filename == name else old.read(entry))
    return made.getvalue()


def _warnings(ruleset: Ruleset) -> list[str]:
    try:
        found = mismatches(ruleset, read_service(PROJECT, LOCAL_STAGE, {}))
    except ConfigurationError as error:
        return [str(error)]
    return [f"{mismatch.key}: {mismatch.message}" for mismatch in found]
