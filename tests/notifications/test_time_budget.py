"""The budget of calls follows the function's timeout: an answer goes out in time though every call is slow."""

from __future__ import annotations

from typing import Any

import pytest

from notifications import bootstrap
from notifications.common.errors import ConfigurationError
from notifications.common.time_budget import LEAST_TIMEOUT, LONGEST_CALL, for_timeout
from notifications.publishing.fakes import MemoryFailures, MemoryLedger, MemoryTopic
from tests.builders import added, rules
from tests.rules.scenario import rule
from tests.service import Service

TIMEOUTS = [1, 3, 10, 20, 29, 30, 31, 36, 47, 48, 50, 60, 900]
POISON = {"dynamodb": {"SequenceNumber": "1", "Keys": {}}, "eventName": "UPSERT"}


class Clock:
    """What is left of an invocation whose every call takes as long as it may."""

    def __init__(self, timeout: float) -> None:
        self.left = timeout * 1000
        self.longest = for_timeout(timeout).longest

    def __call__(self) -> int:
        """Give milliseconds."""
        return int(self.left)

    def slow(self, kind: type) -> Any:
        """Make a fake whose every method takes its time."""
        clock = self

        class Slow(kind):  # type: ignore[misc]
            def _spend(self, *arguments: Any) -> None:
                if len(arguments) > 1 and callable(arguments[-1]):
                    arguments[-1]()  # what is asked before each call
                clock.left -= clock.longest

            def publish(self, *arguments: Any) -> Any:
                self._spend()
                return super().publish(*arguments)

            def park(self, *arguments: Any) -> Any:
                self._spend()
                return super().park(*arguments)

            def read(self, *arguments: Any) -> Any:
                self._spend(*arguments)
                return super().read(*arguments)

            def write(self, *arguments: Any) -> Any:
                self._spend(*arguments)
                return super().write(*arguments)

            def reserve(self, *arguments: Any) -> Any:
                self._spend(*arguments)
                return super().reserve(*arguments)

        return Slow()


@pytest.mark.parametrize("timeout", TIMEOUTS)
@pytest.mark.parametrize("more", ["", 'cooldown = "1h"', "max_per_hour = 100"])
def test_slow_calls_never_overrun_the_timeout(timeout: int, more: str) -> None:
    """Whatever the timeout: what there is no time for comes again, and each delivery brings it further."""
    clock = Clock(timeout)
    service = Service(
        rules(rule("added", more)),
        clock.slow(MemoryLedger),
        topic=clock.slow(MemoryTopic),
        failures=clock.slow(MemoryFailures),
        longest_call=clock.longest,
    )
    service.handle(POISON, *(added(f"p{at}", at) for at in range(60)), remaining_time=clock)
    assert clock.left >= 0
    assert service.alerts or service.failures.parked


@pytest.mark.parametrize("timeout", TIMEOUTS)
def test_the_clients_give_up_within_the_budget(timeout: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All attempts, and the pause of up to a second between them, fit into what the pipeline reckons with."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    budget = for_timeout(timeout)
    for service in ("sns", "sqs", "dynamodb"):
        config = bootstrap.make_client(service, float(timeout)).meta.config
        attempts = config.retries["total_max_attempts"]
        longest = (config.connect_timeout + config.read_timeout) * attempts + (attempts - 1)
        assert longest * 1000 <= budget.longest <= min(timeout * 250, LONGEST_CALL)
        assert timeout < LEAST_TIMEOUT or config.read_timeout > 1.5


@pytest.mark.parametrize("value", ["0", "-1", "901", "1e3", "sixty", "9" * 5_000])
def test_a_timeout_that_is_none_is_reported(value: str) -> None:
    """With the variable's name."""
    names = ("ALERTS_TOPIC_ARN", "LEDGER_TABLE_NAME", "FAILURES_QUEUE_URL")
    given = {**dict.fromkeys(names, "x"), "LEDGER_RETENTION_DAYS": "90", "FUNCTION_TIMEOUT_SECONDS": value}
    with pytest.raises(ConfigurationError, match="FUNCTION_TIMEOUT_SECONDS"):
        bootstrap.build(given)
