"""`check`: whether alerts.toml and receivers.toml are right, and whether serverless.yml suits the rules."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from notifications.common.errors import ConfigurationError, Problem, SettingsFileError
from notifications.config import rules_file
from notifications.rules.ruleset import Ruleset
from operations.evaluation.receivers_check import load_receivers
from operations.evaluation.recorded_events import files_of, records_in
from operations.evaluation.unseen import Unseen
from operations.settings.compatibility import Mismatch, in_few_lines, mismatches
from operations.settings.project import DEFAULT_REGION, DEFAULT_STAGE, PROJECT
from operations.settings.service_file import Service, read_service
from operations.terminal.arguments import UsageError, not_empty
from operations.terminal.terminal import Terminal
from operations.terminal.words import how_many

_DEFAULT_RECEIVERS = "receivers.toml"


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser(
        "check", help="check the rules and receivers, and whether serverless.yml suits them", description=__doc__
    )
    parser.add_argument("--rules", type=Path, default=PROJECT / "alerts.toml", help="the rules file (alerts.toml)")
    parser.add_argument("--receivers", type=Path, metavar="FILE", help="the receivers file (the stage's receiversFile)")
    parser.add_argument("--stage", type=not_empty, default=DEFAULT_STAGE, help="the stage to check for (dev)")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="as for `sls deploy`")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    parser.add_argument(
        "--region", type=not_empty, default=region, help="the region to deploy in (AWS_REGION, or us-east-1)"
    )
    parser.add_argument(
        "--events",
        type=Path,
        nargs="+",
        default=[],
        metavar="EVENTS",
        help="files or folders of recorded events: warn of attributes in the rules that none of them has",
    )
    parser.add_argument(
        "--packaging", action="store_true", help="only warn about settings that do not suit, but could be deployed"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


@dataclass(slots=True)
class Findings:
    """What the check found."""

    rules: int = 0
    receivers: int = 0
    receivers_file: str = ""
    problems: list[tuple[str, tuple[Problem, ...]]] = field(default_factory=list)
    """By file."""
    mismatches: list[Mismatch] = field(default_factory=list)
    warnings: list[str] | None = None
    """None where no events were given."""


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and return 0 if all is well, 1 if not. Raises UsageError for a parameter without its value."""
    _given(arguments.param)
    found = _check(arguments)
    if arguments.json:
        print(json.dumps(_as_json(found), indent=2))
    else:
        _show(found, arguments)
    return 1 if found.problems or any(each.fatal or not arguments.packaging for each in found.mismatches) else 0


def _check(arguments: argparse.Namespace) -> Findings:
    """Check each file, and what fits together of those that are right."""
    found = Findings()
    ruleset: Ruleset | None = None
    try:
        ruleset = rules_file.load(arguments.rules)
        found.rules = len(ruleset.rules)
    except SettingsFileError as error:
        found.problems.append((error.source, error.problems))
    service, wrong = _service(arguments)
    _check_receivers(arguments, service, ruleset, found)
    if ruleset and service:
        found.mismatches = mismatches(ruleset, service, arguments.region)
    if wrong:
        found.problems.append(("serverless.yml", (Problem(wrong),)))
    if ruleset and arguments.events:
        found.warnings = _unseen(ruleset, arguments.events)
    return found


def _service(arguments: argparse.Namespace) -> tuple[Service | None, str]:
    """Read what serverless.yml says of the stage, and what is wrong with it."""
    try:
        service = read_service(PROJECT, arguments.stage, _given(arguments.param))
    except ConfigurationError as error:
        return None, str(error)
    named = service.receivers_file
    if arguments.receivers or named == _DEFAULT_RECEIVERS or (PROJECT / named).is_file():
        return service, ""
    return service, (
        f"params: receiversFile is {named}, and there is no such file: a deploy would remove all receivers"
    )


def _check_receivers(
    arguments: argparse.Namespace, service: Service | None, ruleset: Ruleset | None, found: Findings
) -> None:
    """Check the file that is named, or else the stage's, whose templates lie in the project."""
    named: Path | None = arguments.receivers
    found.receivers_file = named.name if named else service.receivers_file if service else _DEFAULT_RECEIVERS
    path, folder = named or PROJECT / found.receivers_file, None if named else PROJECT
    if named and not named.exists():
        found.problems.append((found.receivers_file, (Problem("there is no such file"),)))
        return
    try:
        loaded = load_receivers(path, ruleset, folder, plain_http=service is not None and service.plain_http)
        found.receivers = len(loaded.all)
    except SettingsFileError as error:
        found.problems.append((found.receivers_file, error.problems))


def _unseen(ruleset: Ruleset, events: list[Path]) -> list[str]:
    unseen = Unseen(ruleset)
    deque(unseen.watch(record for path in events for file in files_of(path) for record in records_in(file)), maxlen=0)
    if not unseen.records:
        return ["no event at hand has an image to compare the rules with"]
    return unseen.warnings


def _given(params: list[str]) -> dict[str, str]:
    for param in params:
        if not param.partition("=")[0] or "=" not in param:
            raise UsageError(f"--param {param}: expected NAME=VALUE, such as batchSize=10")
    return dict(param.split("=", 1) for param in params)


def _as_json(found: Findings) -> dict[str, Any]:
    return {
        "ok": not found.problems and not found.mismatches,
        "rules": found.rules,
        "receivers": found.receivers,
        "problems": [
            {
                "line": each.line,
                "rule": (each.entry == "rule" and each.rule) or None,
                "key": each.key or None,
                "message": each.message,
                "file": source,
                "receiver": (each.entry == "receiver" and each.rule) or None,
            }
            for source, problems in found.problems
            for each in problems
        ],
        "misfits": [{"key": each.key, "rule": each.rule or None, "message": each.message} for each in found.mismatches],
        **({} if found.warnings is None else {"warnings": found.warnings}),
    }


def _show(found: Findings, arguments: argparse.Namespace) -> None:
    bad = Terminal(sys.stderr)
    for source, problems in found.problems:
        bad.lines(str(SettingsFileError(source, problems)), "bad")
    place = f"serverless.yml, stage {arguments.stage}"
    by_header = {
        f"{place}:": [each for each in found.mismatches if each.of_place],
        f"{place}, does not fit the rules:": [each for each in found.mismatches if not each.of_place],
    }
    for header, listed in by_header.items():
        for line in [bad.style("warning", header), *(f"  {line}" for line in in_few_lines(listed))] if listed else ():
            bad.line(line)
    for warning in found.warnings or ():
        bad.line(bad.style("warning", "warning: ") + warning)
    if not found.problems and not found.mismatches:
        terminal = Terminal()
        fit = "it fits" if found.rules == 1 else "they fit"
        terminal.line(
            f"{arguments.rules.name}: {how_many(found.rules, 'rule')}, no mistake; "
            f"{fit} serverless.yml, stage {arguments.stage}"
        )
        if found.receivers:
            terminal.line(f"{found.receivers_file}: {how_many(found.receivers, 'receiver')}, no mistake")
