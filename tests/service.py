"""The function over a topic, a ledger and a failures queue in memory, and what came out of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from notifications.alerts.alert import Alert
from notifications.batch_report import BatchReport
from notifications.common.errors import ProductAlertsError, ServiceError
from notifications.pipeline import Pipeline, Response
from notifications.publishing.fakes import MemoryFailures, MemoryLedger, MemoryTopic
from notifications.publishing.messages import AlertMessage
from notifications.publishing.side_by_side import NewCalls, OneByOne
from notifications.rules.memory import NOTHING, Memory
from notifications.rules.ruleset import Ruleset
from tests.builders import event, rules, sequence_number

DOWN = ServiceError("SNS did not answer")
DONE: Response = {"batchItemFailures": []}
"""The response to a batch that is done."""


def from_(position: int) -> Response:
    """Give the response that has everything from a record on delivered again."""
    return {"batchItemFailures": [{"itemIdentifier": sequence_number(position)}]}


class Service:
    """A pipeline over fakes; each of its parts may be replaced between two batches."""

    new_calls: NewCalls = OneByOne
    lives_on = False
    """Whether one process takes all batches, or each its own."""

    def __init__(
        self,
        loaded: Ruleset | None = None,
        ledger: MemoryLedger | None = None,
        *,
        topic: MemoryTopic | None = None,
        failures: MemoryFailures | None = None,
        failure_of: Callable[[AlertMessage], ProductAlertsError | None] = lambda _: None,
        longest_call: int = 0,
    ) -> None:
        """Serve `loaded`, by default a rule of each kind; the ledger may be an older one."""
        self.rules = loaded or rules()
        self.topic = topic or MemoryTopic(failure_of)
        self.ledger = ledger or MemoryLedger()
        self.failures = failures or MemoryFailures()
        self.longest_call = longest_call
        self.report = BatchReport()
        self.sleep: Callable[[float], None] = lambda _: None
        self._process: Pipeline | None = None

    def handle(self, *records: Any, redrive: bool = False, remaining_time: Callable[[], int] | None = None) -> Response:
        """Deliver one batch."""
        return self.invoke({**event(*records), **({"redrive": True} if redrive else {})}, remaining_time)

    def invoke(self, given: Any, remaining_time: Callable[[], int] | None = None) -> Response:
        """Deliver an event of any shape."""
        pipeline = self._process or Pipeline(
            self.rules,
            self.topic,
            self.ledger,
            self.failures,
            self.longest_call,
            new_calls=self.new_calls,
            sleep=self._sleep,
            observe=self.report,
        )
        self._process = pipeline if self.lives_on else None
        return pipeline.handle(given, remaining_time)

    def _sleep(self, seconds: float) -> None:
        self.sleep(seconds)

    @property
    def alerts(self) -> list[Alert]:
        """What is out, in that order."""
        return [message.alert for message in self.topic.published]

    @property
    def titles(self) -> list[str]:
        """The titles of what is out."""
        return [alert.title for alert in self.alerts]

    @property
    def published(self) -> list[tuple[str, str]]:
        """Product and rule of what is out."""
        return [(alert.subject, alert.rule) for alert in self.alerts]

    @property
    def data(self) -> list[dict[str, Any]]:
        """The data of what is out, as the messages carry it."""
        return [json.loads(message.body)["data"] for message in self.topic.published]

    @property
    def parked(self) -> list[Any]:
        """The records in the failures queue."""
        return [parked.record for parked in self.failures.parked]

    def memory(self, rule: str, product: str = "mug") -> Memory:
        """Return what a rule remembers of a product."""
        found = [rules for name, rules in self.ledger.memories.items() if name.endswith(f'"{product}"}}}}')]
        return found[0].get(rule, NOTHING) if found else NOTHING
