"""`npm run change`: changes a product in the table of a running `npm start`, without AWS tools.

npm run change -- prod-456 name="Desk Lamp" price=49.90 stock=7
npm run change -- prod-456 pricing.amount=39.90
npm run change -- prod-456 tags='set(new, sale)'
npm run change -- prod-456 --json '{"tags": ["lamp", "desk"], "dimensions": {"weight": 2}}'
npm run change -- shop=berlin sku=prod-456 price=39.90     # a table with a composite key
npm run change -- prod-456 --delete
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from local.samples.sample_product import EXAMPLE_ID, SampleProduct
from local.stack.local_table import LocalTable
from notifications.common.errors import RulesError
from notifications.config import rules_file
from notifications.stream.attributes import Path
from operations.deployed.local_endpoint import local_client
from operations.deployed.running import Running, find_running
from operations.products.products_table import ChangeError, number_or_text
from operations.settings.project import PROJECT
from operations.terminal.terminal import Terminal

RULES = PROJECT / "alerts.toml"
_MONEY = "(?:[$€£¥₹]|USD|EUR|GBP|JPY|CHF)?"
_LOOKS_LIKE_A_NUMBER = re.compile(
    rf"{_MONEY}\s*([+-]?\d{{1,3}}(?:[.,]\d{{3}})*|[+-]?\d+)([.,]\d{{1,2}})?\s*{_MONEY}", re.ASCII
)
_SET = re.compile(r"set\((.*)\)", re.DOTALL)
_NOT_TEXTS = frozenset({"true", "false", "null"})


def main(argv: Sequence[str]) -> int:
    """Make the change and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        words, values = _split(arguments), _json_values(arguments.json)
        running = _running()
        table = LocalTable(local_client("dynamodb", running.endpoint_url), running.products_table_name)
        done = change(table, words, values, delete=arguments.delete)
    except ChangeError as error:
        Terminal(sys.stderr).error(str(error))
        return 1
    except EndpointConnectionError:
        Terminal(sys.stderr).error(
            "The local AWS refused the change: it does not answer. `npm start` is ending; start it again."
        )
        return 1
    except (BotoCoreError, ClientError) as error:
        Terminal(sys.stderr).error(f"The local AWS refused the change: {error}")
        return 1
    terminal = Terminal()
    for line in done:
        terminal.line(line)
    return 0


def change(table: LocalTable, words: Sequence[str], values: Mapping[Path, Any], *, delete: bool) -> list[str]:
    """Set attributes of the product that the words name, or delete it; `values` are set besides those in the words.

    Returns lines that say what was done. Raises ChangeError, ClientError or BotoCoreError.
    """
    key, pairs = _key_and_pairs(table, words)
    product = "/".join(key.values())
    typed_key = table.key(key)
    given = {_path(name): _value(name, text) for name, text in pairs} | dict(values)
    for path in given:
        if path.top in key:
            raise ChangeError(f"{path.top} is the key and cannot be changed. It is given first, as {_usage(table)}")
    if bool(given) == delete:
        raise ChangeError(f"Give attributes to set, or --delete: {_usage(table)}")
    if delete:
        if table.get(typed_key) is None:
            return [f"There is no product {product}, so nothing is deleted."]
        table.delete(typed_key)
        return [f"{product} is deleted."]
    serialize = TypeSerializer().serialize
    try:
        table.set(typed_key, {path: serialize(value) for path, value in given.items()})
    except (ArithmeticError, TypeError) as error:
        raise ChangeError(f"DynamoDB cannot store this value: {error!r}") from error
    shown = ", ".join(f"{path.text} {_shown(value)}" for path, value in given.items())
    return [f"{product} has {shown}.", *_doubts(pairs)]


def _key_and_pairs(table: LocalTable, words: Sequence[str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Tell the product's key from the attributes: one id in front, or the key's attributes by their names."""
    names = list(table.key_types)
    if len(names) == 1 and "=" not in words[0]:
        return {names[0]: words[0]}, [_pair(word) for word in words[1:]]
    key = {name: text for name, equals, text in (word.partition("=") for word in words) if equals and name in names}
    if set(key) != set(names):
        raise ChangeError(f"The key of this table is {' and '.join(names)}: {_usage(table)}")
    pairs = [_pair(word) for word in words]
    return {name: key[name] for name in names}, [pair for pair in pairs if pair[0] not in names]


def _usage(table: LocalTable) -> str:
    try:
        ruleset = rules_file.load(RULES)
    except RulesError:  # `npm start` tells its user
        names = list(table.key_types)
        product = EXAMPLE_ID if len(names) == 1 else " ".join(f"{name}=…" for name in names)
        return f"npm run change -- {product} price=49.90"
    return f"npm run change -- {SampleProduct(table, ruleset).hints(EXAMPLE_ID)[1]}"


def _pair(word: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not name or not equals:
        raise ChangeError(f'{word!r} is not NAME=VALUE, such as price=49.90 or name="Desk Lamp".')
    return name, text


def _value(name: str, text: str) -> Decimal | str | set[str]:
    """Read a number, a set of texts, or a text."""
    found = _SET.fullmatch(text)
    if not found:
        return number_or_text(text)
    entries = {each.strip() for each in found[1].split(",")}
    if "" in entries:
        raise ChangeError(f"A set has at least one text, and none of them is empty: {name}='set(new, sale)'.")
    return entries


def _shown(value: Any) -> str:
    """Write a value as JSON does, a number with its own digits and a set as it is given."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, set):
        return f"set({', '.join(sorted(value))})"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_shown(name)}: {_shown(inner)}' for name, inner in value.items())}}}"
    return json.dumps(value, ensure_ascii=False)


def _path(name: str) -> Path:
    try:
        return Path.parse(name)
    except ValueError:
        raise ChangeError(
            f"{name!r} is not the name of an attribute. A dot goes into a map, such as pricing.amount=39.90; "
            "a dot that belongs to a name has a backslash before it."
        ) from None


def _doubts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Point out texts that look like something else."""
    lines = []
    for name, text in pairs:
        if not text:
            lines.append(f"note: {name} is an empty text now. The product keeps the attribute.")
        found = _LOOKS_LIKE_A_NUMBER.fullmatch(text)
        if found and isinstance(number_or_text(text), str):
            number = re.sub("[.,]", "", found[1]) + (found[2] or "").replace(",", ".")
            lines.append(f'note: "{text}" is a text, so no rule takes it for a number. This is one: {name}={number}')
        elif text.lower() in _NOT_TEXTS:
            value = json.dumps({name: json.loads(text.lower())})
            lines.append(f"note: \"{text}\" is a text. The value {text.lower()} is given as --json '{value}'")
    return lines


def _running() -> Running:
    running = find_running()
    if not running:
        raise ChangeError(
            "`npm start` is not running. Run it in another terminal, and wait until it says that you can make changes."
        )
    return running


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="npm run change --", description="Change a product of the running `npm start`."
    )
    parser.add_argument("product", help="the product's id; of a composite key, each attribute as NAME=VALUE")
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="a number or a text; a.b=VALUE goes into a map")
    parser.add_argument("--json", metavar="OBJECT", help="attributes of any type, as one JSON object")
    parser.add_argument("--delete", action="store_true", help="delete the product")
    return parser


def _split(arguments: argparse.Namespace) -> list[str]:
    for word in arguments.values:
        _path(_pair(word)[0])
    given = bool(arguments.values or arguments.json)
    if given == arguments.delete and "=" not in arguments.product:
        raise ChangeError(
            "Give attributes to set, such as price=49.90, or --delete. Options come after two dashes: "
            "npm run change -- prod-456 --delete"
        )
    return [arguments.product, *arguments.values]


def _json_values(text: str | None) -> dict[Path, Any]:
    if not text:
        return {}
    try:
        content = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ChangeError(f"--json is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise ChangeError("--json takes one object, with the names of attributes and their values.")
    return {Path(name, name, ()): value for name, value in content.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
