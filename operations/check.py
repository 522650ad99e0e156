"""`check`: whether alerts.toml is right, and fits the stream that serverless.yml gives it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from notifications import rules_file
from notifications.changes import images_sent
from notifications.errors import ConfigurationError, RulesError
from notifications.rules import blindness
from operations.service_file import DEFAULT_STAGE, Service, read_service

PROJECT = Path(__file__).parent.parent


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser("check", help="check the rules, and their fit to serverless.yml", description=__doc__)
    parser.add_argument("--rules", type=Path, default=PROJECT / "alerts.toml", help="the rules file (alerts.toml)")
    parser.add_argument("--stage", default=DEFAULT_STAGE, help="the stage to check for (dev)")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="as for `sls deploy`")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and return 0 if the service can be deployed, 1 if not."""
    problems: list[dict[str, Any]] = []
    warnings: list[str] = []
    count = 0
    try:
        rules = rules_file.load(arguments.rules)
        count = len(rules.ruleset.rules)
        given = dict(param.split("=", 1) for param in arguments.param if "=" in param)
        warnings = _misfits(rules, read_service(PROJECT, arguments.stage, given))
    except RulesError as error:
        problems = [
            {"line": found.line, "rule": found.rule, "key": found.key, "message": found.message}
            for found in error.problems
        ]
        text = str(error)
    except ConfigurationError as error:
        problems = [{"line": None, "rule": "", "key": "", "message": str(error)}]
        text = str(error)
    if arguments.json:
        print(
            json.dumps(
                {"ok": not problems, "rules": count, "problems": problems, "warnings": warnings},
                indent=2,
            )
        )
        return 1 if problems else 0
    if problems:
        print(text, file=sys.stderr)
        return 1
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"{arguments.rules.name}: {count} rules, no mistake")
    return 0


def _misfits(rules: rules_file.Rules, service: Service) -> list[str]:
    """Name the rules that the stream can never make fire."""
    sent = images_sent(service.view_type)
    found = []
    for rule in rules.ruleset.rules:
        for event_name in sorted(rule.condition.events, reverse=True):
            missing = rule.needs(event_name, service.key_attributes) - sent
            if missing:
                found.append(blindness(rule, service.view_type, missing))
                break
    return found
