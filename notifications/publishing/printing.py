"""A topic and a failures queue that print what they would send: for `sls invoke local`, where neither exists."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from notifications.publishing.failures import Parked
from notifications.publishing.messages import AlertMessage
from notifications.publishing.topic import PublishResult
from notifications.text.visible import visible


class PrintingTopic:
    """Prints alerts instead of publishing them."""

    def __init__(self, out: TextIO | None = None) -> None:
        """Print to `out`, by default standard output."""
        self._out = out or sys.stdout

    def publish(self, messages: Sequence[AlertMessage]) -> list[PublishResult]:
        """Print each message; all succeed."""
        for message in messages:
            alert = message.alert
            attributes = ", ".join(f"{name}={value['StringValue']}" for name, value in message.attributes.items())
            lines = (
                f"alert   {alert.type} ({alert.severity}) by rule {alert.rule}",
                f"        {alert.title}",
                f"        {alert.data['text']}",
                f"        {attributes}",
                f"        id {alert.id}",
            )
            print("\n".join(map(visible, lines)), end="\n\n", file=self._out)
        return [PublishResult(message, message.alert.id, None) for message in messages]


class PrintingFailures:
    """Prints records instead of parking them."""

    def __init__(self, out: TextIO | None = None) -> None:
        """Print to `out`, by default standard output."""
        self._out = out or sys.stdout

    def park(self, parked: Parked) -> None:
        """Print why the record was given up."""
        rule = f" (rule {parked.rule})" if parked.rule else ""
        print(visible(f"parked  {parked.error}{rule}: {parked.reason}"), end="\n\n", file=self._out)
