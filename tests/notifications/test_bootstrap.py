"""Where the parts are put together, and what the function cannot start without."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notifications import bootstrap
from notifications.common.errors import ConfigurationError, RulesError
from notifications.common.time_budget import LONGEST_CALL
from tests.builders import ROOT, added, event
from tests.service import DONE


@pytest.fixture(autouse=True)
def fresh_clients() -> Iterator[None]:
    """Forget clients before and after: those of another test belong to another AWS."""
    bootstrap.make_client.cache_clear()
    yield
    bootstrap.make_client.cache_clear()


@pytest.fixture
def environ(topic_arn: str, queue_url: str, dynamodb: Any) -> dict[str, str]:  # noqa: ARG001 - the table is made by it
    """Give the environment that serverless.yml gives the function, with an AWS in memory behind it."""
    return {
        "ALERTS_TOPIC_ARN": topic_arn,
        "FAILURES_QUEUE_URL": queue_url,
        "LEDGER_TABLE_NAME": "ledger",
        "LEDGER_RETENTION_DAYS": "90",
        "CODE_VERSION": "1.0",
    }


def test_the_parts_fit_together(environ: dict[str, str], sqs: Any, dynamodb: Any) -> None:
    """One record, one alert in the ledger; one poison record in the queue."""
    pipeline = bootstrap.build(environ)
    assert pipeline.handle(event(added(), None)) == DONE
    assert len(dynamodb.scan(TableName="ledger")["Items"]) == 1
    assert len(sqs.receive_message(QueueUrl=environ["FAILURES_QUEUE_URL"])["Messages"]) == 1


@pytest.mark.parametrize(
    "name", ["ALERTS_TOPIC_ARN", "FAILURES_QUEUE_URL", "LEDGER_TABLE_NAME", "LEDGER_RETENTION_DAYS"]
)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_variable_is_named(environ: dict[str, str], name: str, value: str | None) -> None:
    """The function does not start, and says why."""
    environ = {key: found for key, found in environ.items() if key != name} | (
        {name: value} if value is not None else {}
    )
    with pytest.raises(ConfigurationError, match=f"environment variable {name} is not set"):
        bootstrap.build(environ)


@pytest.mark.parametrize("value", ["many", "0", "-1", "1.5"])
def test_a_retention_that_is_not_a_number_of_days_is_reported(environ: dict[str, str], value: str) -> None:
    """A typing mistake fails at the start, with the variable's name."""
    with pytest.raises(ConfigurationError, match="LEDGER_RETENTION_DAYS is"):
        bootstrap.build({**environ, "LEDGER_RETENTION_DAYS": value})


@pytest.mark.parametrize("more", [{}, {"PRINT_ALERTS": "true"}])
def test_a_mistake_in_the_rules_keeps_the_function_from_starting(tmp_path: Path, more: dict[str, str]) -> None:
    """Before anything is built, and whichever way it runs."""
    path = tmp_path / "alerts.toml"
    path.write_text("rules = []", encoding="utf-8")
    with pytest.raises(RulesError, match="expected at least one"):
        bootstrap.build(more, path)


def test_clients_give_up_in_time(environ: dict[str, str]) -> None:
    """No call may hang for longer than the pipeline reckons with."""
    bootstrap.build(environ)
    for service in ("sns", "sqs", "dynamodb"):
        config = bootstrap.make_client(service).meta.config
        attempts = config.retries["total_max_attempts"]
        assert (config.connect_timeout + config.read_timeout) * attempts * 1000 < LONGEST_CALL


def test_printing_needs_no_environment(capsys: pytest.CaptureFixture[str]) -> None:
    """Alerts go to the terminal."""
    assert bootstrap.build({"PRINT_ALERTS": "true"}).handle(event(added(name="Mouse"))) == DONE
    assert "New product: Mouse" in capsys.readouterr().out


def run(code: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a process of its own, with no environment but this."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_printing_needs_no_client() -> None:
    """`sls invoke local` starts without boto3 being imported."""
    done = run(
        "import sys, handler; print(handler.handle_stream({'Records': []}, None), 'boto3' in sys.modules)",
        PRINT_ALERTS="true",
    )
    assert done.stdout == "{'batchItemFailures': []} False\n", done.stderr


def test_the_handler_says_what_it_cannot_start_without() -> None:
    """The last line of the log names the variable."""
    done = run("import handler", AWS_DEFAULT_REGION="us-east-1")
    assert done.returncode != 0
    assert "ConfigurationError: environment variable ALERTS_TOPIC_ARN is not set" in done.stderr.splitlines()[-1]


def test_warnings_reach_the_terminal() -> None:
    """Outside Lambda nobody else sets up a log."""
    done = run("import handler; handler.handle_stream({'Records': [None]}, None)", PRINT_ALERTS="true")
    assert "[WARNING] given up, sequence number unknown" in done.stderr
