"""Where the parts are put together: the only place that reads the environment and builds clients."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from notifications.batch_report import BatchReport
from notifications.common.errors import ConfigurationError
from notifications.common.time_budget import CALLS_AT_ONCE, FULL_TIMEOUT, for_timeout
from notifications.config import rules_file
from notifications.pipeline import Pipeline
from notifications.publishing.failures import Parked, SqsFailures

_LONGEST_TIMEOUT = 900  # seconds, of any function
RULES = Path(__file__).parent.parent / "alerts.toml"


def build(environ: Mapping[str, str], rules: Path = RULES) -> Pipeline:
    """Build the pipeline; ConfigurationError (RulesError for the rules) says what it cannot start with."""
    printing = bool(environ.get("PRINT_ALERTS"))
    log_to_stderr(logging.WARNING if printing else log_level(environ))
    ruleset = rules_file.load(rules)
    if printing:
        from notifications.publishing.fakes import MemoryLedger  # noqa: PLC0415 - never used on AWS, as is the next
        from notifications.publishing.printing import PrintingFailures, PrintingTopic  # noqa: PLC0415

        return Pipeline(ruleset, PrintingTopic(), MemoryLedger(), PrintingFailures(), observe=BatchReport())

    from notifications.publishing.ledger_table import DynamoDbLedger  # noqa: PLC0415 - boto3 is most of the start-up
    from notifications.publishing.side_by_side import InThreads  # noqa: PLC0415
    from notifications.publishing.topic import SnsTopic, encode_form_once  # noqa: PLC0415

    topic_arn = required(environ, "ALERTS_TOPIC_ARN")
    table_name = required(environ, "LEDGER_TABLE_NAME")
    retention_days = days(environ, "LEDGER_RETENTION_DAYS")
    timeout = _timeout(environ)
    budget = for_timeout(timeout)
    failures = LazyFailures(required(environ, "FAILURES_QUEUE_URL"), environ.get("CODE_VERSION", ""), timeout)
    topic = SnsTopic(encode_form_once(make_client("sns", timeout)), topic_arn, refusal_search=budget.refusal_search)
    return Pipeline(
        ruleset,
        topic,
        DynamoDbLedger(make_client("dynamodb", timeout), table_name, retention_days, new_calls=InThreads),
        failures,
        longest_call=budget.longest,
        new_calls=InThreads,
        observe=_report(environ),
    )


class LazyFailures:
    """The failures queue, with its client made when the first record is parked: most functions never park one."""

    def __init__(self, queue_url: str, code_version: str, timeout: float = FULL_TIMEOUT) -> None:
        """Park to `queue_url`, from a function with this timeout."""
        self._queue_url, self._code_version, self._timeout = queue_url, code_version, timeout

    def park(self, parked: Parked) -> None:
        """Park it in SQS."""
        SqsFailures(make_client("sqs", self._timeout), self._queue_url, self._code_version).park(parked)


@cache
def make_client(service: str, timeout: float = FULL_TIMEOUT, **options: Any) -> Any:
    """Make the boto3 client of a service, once, for a function with this timeout in seconds.

    `options` are boto3's own, such as `endpoint_url`.
    """
    import boto3  # noqa: PLC0415 - most of the start-up time; `invoke local` can do without
    from botocore.config import Config  # noqa: PLC0415

    budget = for_timeout(timeout)
    config = Config(
        connect_timeout=budget.connect,
        read_timeout=budget.read,
        max_pool_connections=CALLS_AT_ONCE,
        retries={"mode": "standard", "total_max_attempts": budget.attempts},
        parameter_validation=False,  # of what we make ourselves: a fifth of the CPU of an alert
    )
    return boto3.client(service, config=config, **options)


def required(environ: Mapping[str, str], name: str) -> str:
    """Return a variable. Raises ConfigurationError if it is not set."""
    value = environ.get(name)
    if not value:
        raise ConfigurationError(f"environment variable {name} is not set; serverless.yml gives it to the function")
    return value


def _timeout(environ: Mapping[str, str]) -> float:
    """Read the function's timeout: Lambda tells what is left of it with each event, too late for the clients."""
    value = environ.get("FUNCTION_TIMEOUT_SECONDS") or str(int(FULL_TIMEOUT))
    if not re.fullmatch("[0-9]{1,3}", value) or not 1 <= int(value) <= _LONGEST_TIMEOUT:
        raise ConfigurationError(
            f"environment variable FUNCTION_TIMEOUT_SECONDS is {value!r}; expected seconds from 1 to {_LONGEST_TIMEOUT}"
        )
    return float(value)


def days(environ: Mapping[str, str], name: str) -> int:
    """Return a number of days. Raises ConfigurationError."""
    value = required(environ, name)
    if not value.isdecimal() or int(value) < 1:
        raise ConfigurationError(f"environment variable {name} is {value!r}; expected a whole number of days")
    return int(value)


def _report(environ: Mapping[str, str]) -> BatchReport:
    """Report with metrics on Lambda, which names the function; elsewhere nobody would read them."""
    name = environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    return BatchReport(name, write_line if name else None)


def write_line(text: str) -> None:
    """Write to the function's log as it is: a line of metrics has to begin with its brace."""
    sys.stdout.write(text)
    sys.stdout.flush()


def log_level(environ: Mapping[str, str]) -> int:
    """Return the level that the function's logging configuration sets; Lambda's TRACE is our DEBUG."""
    named = environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO")
    return logging.getLevelNamesMapping().get(named, logging.DEBUG if named == "TRACE" else logging.INFO)


def log_to_stderr(level: int) -> None:
    """Log from `level` on. Lambda has a handler of its own, which adds the request's id; elsewhere one is made."""
    logger = logging.getLogger("notifications")
    logger.setLevel(level)
    if not logging.getLogger().handlers and not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_visible_lines())
        logger.addHandler(handler)


def _visible_lines() -> logging.Formatter:
    from notifications.text.visible import visible  # noqa: PLC0415 - Lambda's own handler writes there

    class VisibleLines(logging.Formatter):
        def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - as logging has it
            return visible(super().formatMessage(record))

    return VisibleLines("[%(levelname)s] %(message)s")
