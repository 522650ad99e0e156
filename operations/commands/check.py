"""`check`: whether alerts.toml is right, and whether the stream and function in serverless.yml suit its rules."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from notifications.common.errors import ConfigurationError, Problem, RulesError
from notifications.config import rules_file
from operations.settings.compatibility import Mismatch, in_few_lines, mismatches
from operations.settings.project import DEFAULT_STAGE, PROJECT
from operations.settings.service_file import read_service
from operations.terminal.terminal import Terminal


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser(
        "check", help="check the rules, and whether serverless.yml suits them", description=__doc__
    )
    parser.add_argument("--rules", type=Path, default=PROJECT / "alerts.toml", help="the rules file (alerts.toml)")
    parser.add_argument("--stage", default=DEFAULT_STAGE, help="the stage to check for (dev)")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="as for `sls deploy`")
    parser.add_argument("--packaging", action="store_true", help="only warn about settings that do not suit the rules")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and return 0 if all is well, 1 if not."""
    source = arguments.rules.name
    problems: tuple[Problem, ...] = ()
    found: list[Mismatch] = []
    count = 0
    try:
        ruleset = rules_file.load(arguments.rules)
        count = len(ruleset.rules)
        found = mismatches(ruleset, read_service(PROJECT, arguments.stage, _given(arguments.param)))
    except RulesError as error:
        problems = error.problems
    except ConfigurationError as error:
        source, problems = "serverless.yml", (Problem(str(error)),)
    if arguments.json:
        print(json.dumps(_as_json(count, problems, found), indent=2))
    else:
        _show(source, count, problems, found, arguments.stage)
    return 1 if problems or (found and not arguments.packaging) else 0


def _given(params: list[str]) -> dict[str, str]:
    for param in params:
        if "=" not in param:
            raise ConfigurationError(f"--param {param}: expected NAME=VALUE, such as batchSize=10")
    return dict(param.split("=", 1) for param in params)


def _as_json(count: int, problems: tuple[Problem, ...], found: list[Mismatch]) -> dict[str, Any]:
    return {
        "ok": not problems and not found,
        "rules": count,
        "problems": [
            {"line": each.line, "rule": each.rule or None, "key": each.key or None, "message": each.message}
            for each in problems
        ],
        "misfits": [{"key": each.key, "rule": each.rule or None, "message": each.message} for each in found],
    }


def _show(source: str, count: int, problems: tuple[Problem, ...], found: list[Mismatch], stage: str) -> None:
    bad = Terminal(sys.stderr)
    if problems:
        bad.lines(str(RulesError(source, problems)), "bad")
    if found:
        bad.line(bad.style("warning", f"serverless.yml, stage {stage}, does not fit the rules:"))
        for line in in_few_lines(found):
            bad.line(f"  {line}")
    if not problems and not found:
        Terminal().line(f"{source}: {count} rules, no mistake; they fit serverless.yml, stage {stage}")
