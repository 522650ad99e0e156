"""`npm run change`: changes a product in the table of a running `npm start`, without AWS tools.

npm run change -- prod-456 name="Desk Lamp" price=49.90 stock=7
npm run change -- prod-456 --json '{"tags": ["lamp", "desk"], "dimensions": {"weight": 2}}'
npm run change -- prod-456 --delete
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from local.stack.errors import ChangeError
from operations.deployed.local_endpoint import local_client
from operations.deployed.running import Running, find_running
from operations.terminal.terminal import Terminal

KEY = "productId"
MOST_DIGITS, MAGNITUDE = 38, 125
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_EXACT = Context(prec=5000)


def main(argv: Sequence[str]) -> int:
    """Make the change and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        done = change(_running(), arguments.product, _values(arguments), delete=arguments.delete)
    except ChangeError as error:
        Terminal(sys.stderr).error(str(error))
        return 1
    print(done)
    return 0


def change(running: Running, product: str, values: dict[str, Any], *, delete: bool) -> str:
    """Set attributes of a product (name to str, Decimal, list, dict …), or delete it.

    Returns a sentence that says what was done. Raises ChangeError.
    """
    client = local_client("dynamodb", running.endpoint_url)
    target = {"TableName": running.products_table_name, "Key": {KEY: {"S": product}}}
    try:
        if delete:
            client.delete_item(**target)
            return f"{product} is deleted."
        serialize = TypeSerializer().serialize
        typed = {f":{n}": serialize(value) for n, value in enumerate(values.values())}
        client.update_item(
            **target,
            UpdateExpression="SET " + ", ".join(f"#{n} = :{n}" for n in range(len(values))),
            ExpressionAttributeNames={f"#{n}": name for n, name in enumerate(values)},
            ExpressionAttributeValues=typed,
        )
    except (BotoCoreError, ClientError) as error:
        raise ChangeError(f"The local AWS refused the change: {error}") from error
    except (ArithmeticError, TypeError) as error:
        raise ChangeError(f"DynamoDB cannot store this value: {error!r}") from error
    shown = ", ".join(
        f'{name} "{value}"' if isinstance(value, str) else f"{name} {value}" for name, value in values.items()
    )
    return f"{product} has {shown}."


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
    parser.add_argument("product", help="the product's id")
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="a number or a text")
    parser.add_argument("--json", metavar="OBJECT", help="attributes of any type, as one JSON object")
    parser.add_argument("--delete", action="store_true", help="delete the product")
    return parser


def _values(arguments: argparse.Namespace) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for pair in arguments.values:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise ChangeError(f'{pair!r} is not NAME=VALUE, such as price=49.90 or name="Desk Lamp".')
        values[name] = _number_or_text(value)
    if arguments.json:
        values |= _json_object(arguments.json)
    if bool(values) == arguments.delete:
        raise ChangeError(
            "Give attributes to set, such as price=49.90, or --delete. Options come after two dashes: "
            "npm run change -- prod-456 --delete"
        )
    if KEY in values:
        raise ChangeError(f"{KEY} is the key and cannot be changed. Give the product's id as the first argument.")
    return values


def _number_or_text(text: str) -> Decimal | str:
    """Read a number exactly, and anything else as a text. Raises ChangeError for a number that DynamoDB cannot hold."""
    if not _NUMBER.fullmatch(text):
        return text
    number = Decimal(text)
    digits = len(number.normalize(_EXACT).as_tuple().digits)
    if digits > MOST_DIGITS or (number and not -MAGNITUDE <= number.adjusted() <= MAGNITUDE):
        raise ChangeError(
            f"DynamoDB cannot store {text}: a number has at most {MOST_DIGITS} digits, "
            f"and an exponent from -{MAGNITUDE} to {MAGNITUDE}."
        )
    return number


def _json_object(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ChangeError(f"--json is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise ChangeError("--json takes one object, with the names of attributes and their values.")
    return content


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
