"""What was seen of a running `npm start`: a record with its invocations, a step of a mapping, a deployment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from notifications.alerts.alert import Alert
from operations.evaluation.verdicts import Verdict


@dataclass(slots=True)
class Attempt:
    """One invocation with a record."""

    at: float
    """Epoch seconds."""
    outcome: str = ""
    """done, handed back, failed; "" while it is under way."""
    error: str = ""


@dataclass(slots=True)
class SeenRecord:
    """A record that was taken to the function."""

    position: int
    """Counted over all records and events, from 1."""
    at: float
    """When it was first seen, epoch seconds."""
    number: str
    """Its sequence number; "" for a malformed one."""
    raw: dict[str, Any]
    verdicts: tuple[Verdict, ...]
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def product_id(self) -> str:
        """The product's id; "" for a malformed record."""
        return self.verdicts[0].subject if self.verdicts else ""

    @property
    def alerts(self) -> list[Alert]:
        """What it alerts."""
        return [alert for verdict in self.verdicts for alert in verdict.alerts]

    @property
    def keys(self) -> dict[str, Any]:
        """The item's key in typed JSON."""
        change = self.raw.get("dynamodb")
        keys = change.get("Keys") if isinstance(change, dict) else None
        return keys if isinstance(keys, dict) else {}


@dataclass(frozen=True, slots=True)
class MappingEvent:
    """A step of a mapping."""

    position: int
    at: float
    text: str
    outcome: str
    of_queue: bool
    numbers: tuple[str, str]
    """The first and the last sequence number; "" where it has none."""


@dataclass(frozen=True, slots=True)
class FileDeployment:
    """How far the deployment of an edited file to the local stage has come."""

    at: float
    """Epoch seconds."""
    state: str
    """deploying, deployed or refused."""
    version: str
    """Of the file; "" while it is being deployed."""
    reason: str
    """Why it was refused."""
