"""Where the parts are put together: the only place that reads the environment and builds clients."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from notifications import rules_file
from notifications.errors import ConfigurationError
from notifications.failures import Parked, SqsFailures
from notifications.pipeline import Pipeline

RULES = Path(__file__).parent.parent / "alerts.toml"

CONNECT_SECONDS = 1
READ_SECONDS = 4
ATTEMPTS = 2
LONGEST_CALL = (CONNECT_SECONDS + READ_SECONDS) * ATTEMPTS * 1000 + 2000
"""Milliseconds that one call to AWS takes at the most, the pause between its attempts included."""


def build(environ: Mapping[str, str], rules: Path = RULES) -> Pipeline:
    """Build the pipeline; ConfigurationError (RulesError for the rules) says what it cannot start with."""
    printing = bool(environ.get("PRINT_ALERTS"))
    _log_to_stderr(logging.WARNING if printing else logging.INFO)
    loaded = rules_file.load(rules)
    if printing:
        from notifications.fakes import MemoryLedger  # noqa: PLC0415 - never used on AWS, as is the next
        from notifications.printing import PrintingFailures, PrintingTopic  # noqa: PLC0415

        return Pipeline(loaded, PrintingTopic(), MemoryLedger(), PrintingFailures())

    from notifications.ledger_table import DynamoDbLedger  # noqa: PLC0415
    from notifications.publish import SnsTopic  # noqa: PLC0415

    return Pipeline(
        loaded,
        SnsTopic(_client("sns"), _required(environ, "ALERTS_TOPIC_ARN")),
        DynamoDbLedger(
            _client("dynamodb"),
            _required(environ, "LEDGER_TABLE_NAME"),
            _days(environ, "LEDGER_RETENTION_DAYS"),
        ),
        _Failures(_required(environ, "FAILURES_QUEUE_URL"), environ.get("CODE_VERSION", "")),
        longest_call=LONGEST_CALL,
    )


class _Failures:
    """The failures queue, with its client made when the first record is parked: most functions never park one."""

    def __init__(self, queue_url: str, code_version: str) -> None:
        self._queue_url, self._code_version = queue_url, code_version

    def park(self, parked: Parked) -> None:
        """Park it in SQS."""
        SqsFailures(_client("sqs"), self._queue_url, self._code_version).park(parked)


@cache
def _client(service: str) -> Any:
    return make_client(service)


def make_client(service: str, **options: Any) -> Any:
    """Make a client; `options` are those of botocore's `create_client`, such as another endpoint to measure it with."""
    from botocore.config import Config  # noqa: PLC0415 - most of the start-up time; `invoke local` can do without

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        parameter_validation=False,  # of what we make ourselves: a fifth of the CPU of an alert
    )
    client = _session().create_client(service, config=config, **options)
    _encode_once(client)
    return client


def _encode_once(client: Any) -> None:
    """Have a client encode the form that SNS takes once a call; botocore does it twice, to sign and to send.

    With ten alerts in a call that is much of what publishing costs: 20% of the CPU of an alert is saved.
    """
    client.meta.events.register_first(f"request-created.{client.meta.service_model.service_id.hyphenize()}", _encode)


def _encode(request: Any, **_: Any) -> None:
    if isinstance(request.data, dict):
        request.data = urlencode(request.data, doseq=True)


@cache
def _session() -> Any:
    """Make the one session of all clients: what it loads and looks up, it does once.

    It is botocore's, which makes the very clients that boto3 hands on: boto3 would add its S3 transfers and resources
    to the start, 13% of it.
    """
    from botocore.session import Session  # noqa: PLC0415

    return Session()


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name)
    if not value:
        raise ConfigurationError(f"environment variable {name} is not set; serverless.yml gives it to the function")
    return value


def _days(environ: Mapping[str, str], name: str) -> int:
    value = _required(environ, name)
    if not value.isdecimal() or int(value) < 1:
        raise ConfigurationError(f"environment variable {name} is {value!r}; expected a whole number of days")
    return int(value)


def _log_to_stderr(level: int) -> None:
    """Log from `level` on. Lambda has a handler of its own, which adds the request's id; elsewhere one is made."""
    logger = logging.getLogger("notifications")
    logger.setLevel(level)
    if not logging.getLogger().handlers and not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
        logger.addHandler(handler)
