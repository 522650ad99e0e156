"""`receivers.toml`: read, checked, and turned into receivers. All mistakes are reported at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from notifications.common import sns_limits
from notifications.common.errors import Problem, ReceiversError, why_unreadable
from notifications.config.fields import Key, MistakeError
from notifications.config.only_reader import MOST_NAMES, only, unknown_value, values_of
from notifications.config.product_reader import FIXED_MESSAGE_ATTRIBUTES
from notifications.config.receiver import Receiver, Receivers
from notifications.config.receiver_keys import (
    COMMON_KEYS,
    KEYS_BY_KIND,
    LONGEST_NAME,
    RECEIVER_KEYS,
    URLS_ARE_SECRET,
    plain_url,
)
from notifications.config.toml_table import TomlTable, lines_of, not_toml, parse_toml
from notifications.rules.ruleset import Ruleset
from notifications.text.formatting import shorten

TOP_KEYS = ("receivers",)
MOST_RECEIVERS = 50  # a stack has 500 resources at the most, and a role's policy 10,240 characters
FIELDS: Mapping[str, str] = {key: {"from": "sender"}.get(key, key) for key in RECEIVER_KEYS}
"""Key to the field of Receiver that holds it."""
_SECRET = re.compile(r"://|whsec_|(?=[A-Za-z+/=_]*[0-9])(?=[0-9+/=_]*[A-Za-z])[A-Za-z0-9+/=_]{20,}")
"""An address, a secret of Standard Webhooks, or a token: letters and digits in one long word."""
_LONGEST_SHOWN = 1000
_WITH_PLAIN_HTTP = {**RECEIVER_KEYS, "url": RECEIVER_KEYS["url"]._replace(kind=plain_url)}


def load(path: FilePath, ruleset: Ruleset | None = None, *, plain_http: bool = False) -> Receivers:
    """Read and check the file at `path`, with `ruleset` also against its rules.

    `plain_http`: webhooks may be without TLS, as a stage with `allowPrivateAddresses` has it. Raises ReceiversError,
    which lists what is wrong. A file that is not there has no receivers.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Receivers(())
    except (OSError, UnicodeDecodeError) as error:
        raise ReceiversError(path.name, (Problem(f"cannot be read: {why_unreadable(error)}"),)) from None
    return parse(content, path.name, ruleset, plain_http=plain_http)


def parse(
    content: str, source: str = "receivers.toml", ruleset: Ruleset | None = None, *, plain_http: bool = False
) -> Receivers:
    """Check the text of a file as `load` does; ReceiversError lists what is wrong with it."""
    try:
        document = parse_toml(content)
    except (ValueError, RecursionError) as error:  # a value may be a secret, so none is repeated
        raise ReceiversError(source, (not_toml(error, content, values=False),)) from None
    lines = lines_of(content)
    problems: list[Problem] = []
    top = TomlTable(document, ("", 1), lines, problems)
    top.check_keys(TOP_KEYS)
    entries = document.get("receivers", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        top.problem("receivers", "expected [[receivers]] tables, one for each receiver")
        entries = []
    if len(entries) > MOST_RECEIVERS:
        top.problem("receivers", f"expected at most {MOST_RECEIVERS} receivers, got {len(entries)}")
    receivers: list[Receiver] = []
    names: set[str] = set()
    for number, entry in enumerate(entries, 1):
        name = entry.get("name")
        nameable = isinstance(name, str) and not _may_be_secret("name", name)
        label = shorten(str(name), LONGEST_NAME + 1) if nameable else f"number {number}"
        table = TomlTable(entry, ("receivers", number), lines, problems, label, entry="receiver")
        receiver = _read(table, _WITH_PLAIN_HTTP if plain_http else RECEIVER_KEYS)
        collapsed = label.replace("-", "")
        if collapsed in names:
            table.problem("name", "another receiver has this name, or differs in hyphens alone; give each its own")
        names.add(collapsed)
        for message in _mismatches(entry.get("only"), ruleset) if ruleset else ():
            table.problem("only", message)
        receivers.append(receiver)
    if problems:
        shown = map(_without_secrets, sorted(problems, key=lambda problem: problem.line or 0))
        raise ReceiversError(source, tuple(shown))
    return Receivers(tuple(receivers))


def _without_secrets(problem: Problem) -> Problem:
    """Leave out of a mistake what somebody may have put into the wrong place: the expectation says enough."""
    key, value = problem.key, problem.value
    if isinstance(value, str) and _may_be_secret(key, value):
        value = None
    if _may_be_secret("", key):
        key = ""
    return replace(problem, key=key, value=value)


def _may_be_secret(key: str, text: str) -> bool:
    """Tell whether a text looks like an address or a secret; names and kinds are words without a slash."""
    return len(text) > _LONGEST_SHOWN or bool(_SECRET.search(text)) or (key in {"name", "kind"} and "/" in text)


def _read(table: TomlTable, by_name: Mapping[str, Key]) -> Receiver:
    """Read one receiver; mistakes are reported to the table."""
    kind = table.get(by_name["kind"]) or ""
    keys: tuple[str, ...] = COMMON_KEYS + KEYS_BY_KIND.get(kind, ())
    if kind:
        table.check_keys(keys, _belongs_to(kind))
    else:  # any key may be right; the values can still be checked
        table.check_keys(RECEIVER_KEYS)
    for key in RECEIVER_KEYS.values():
        if key.required and key.name in keys and key.name not in table:
            table.problem(key.name, key.missing)
    wanted = [key for key in (keys if kind else by_name) if key != "kind"]
    values: dict[str, Any] = {FIELDS[key]: table.get(by_name[key]) for key in wanted}
    values = {field: value for field, value in values.items() if value is not None}
    return Receiver(**{"name": "", "kind": kind, **values})


def _belongs_to(kind: str) -> dict[str, str]:
    """Say of each key that other kinds have to which ones it belongs."""
    found = {
        key.name: f"{key.name} belongs to {', '.join(key.of)}, not to {kind}"
        for key in RECEIVER_KEYS.values()
        if key.of
    }
    return found | ({"url": URLS_ARE_SECRET[kind]} if kind in URLS_ARE_SECRET else {})


def _mismatches(asked: Any, ruleset: Ruleset) -> Iterator[str]:
    """Say what `only` asks for and alerts.toml does not have: such a receiver would wait for ever.

    `asked` stands as it is in the file, which may have other mistakes.
    """
    attributes = (*FIXED_MESSAGE_ATTRIBUTES, *(path.text for path in ruleset.product.message_attributes))
    rules = tuple(rule.name for rule in ruleset.rules)
    if not isinstance(asked, dict) or len(asked) > MOST_NAMES:
        return
    for name in asked:
        if name not in attributes and sns_limits.ATTRIBUTE_NAME.fullmatch(name):
            hint = unknown_value(name, attributes)
            yield f"{name} is not a message attribute ({hint}); message_attributes in alerts.toml names more"
    for value in _rules_in(asked):
        if value not in rules:
            yield f'alerts.toml has no rule "{value}"; {unknown_value(value, rules)}'


def _rules_in(asked: Mapping[str, Any]) -> list[str]:
    try:
        return values_of(only({"rule": asked["rule"]}), "rule") if "rule" in asked else []
    except MistakeError:  # which was reported
        return []
