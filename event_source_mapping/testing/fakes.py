"""Fakes of the function, the destination and the Lambda API's mappings, for virtual time.

They pass the contract tests of the real ones, as `fake_stream.py` does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from event_source_mapping.mapping.ports import FailureNotice
from event_source_mapping.mapping.settings import MappingStatus
from event_source_mapping.model.errors import DestinationError, MappingNotFoundError
from event_source_mapping.model.invocations import Invocation, InvokeResult

Handler = Callable[[Invocation], InvokeResult]


class FakeFunction:
    """A function that is a Python callable; remembers what it was invoked with."""

    def __init__(self, handler: Handler = lambda _: InvokeResult()) -> None:
        """Take a `handler`; it raises an InvokeError when an invocation is not to reach it."""
        self.invocations: list[Invocation] = []
        self._handler = handler

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:  # noqa: ARG002 - the port's signature
        """Call the handler."""
        result = self._handler(invocation)
        self.invocations.append(invocation)
        return result


def python_function(handler: Callable[[dict[str, Any], None], Any]) -> Handler:
    """Make a Lambda handler's answer what Invoke would answer, for FakeFunction.

    It is called with the event and no context. An exception, or an answer that is not JSON, is
    a function error; nothing else of Lambda's runtime is imitated.
    """

    def invoke(invocation: Invocation) -> InvokeResult:
        try:
            return InvokeResult(json.dumps(handler(invocation.event(), None)).encode())
        except Exception as error:  # noqa: BLE001 - as the runtime does
            words = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return InvokeResult(json.dumps(words).encode(), "Unhandled")

    return invoke


class FakeDestination:
    """A destination that keeps what it receives, or refuses everything."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.notices: list[FailureNotice] = []
        self.refuses = refuses

    def send(self, destination_arn: str, notice: FailureNotice) -> None:
        """Keep the document."""
        if self.refuses:
            raise DestinationError(f"{destination_arn} refused the document")
        self.notices.append(notice)

    @property
    def documents(self) -> list[Mapping[str, Any]]:
        """The documents received, oldest first."""
        return [notice.document for notice in self.notices]


class FakeMappings:
    """Mappings in memory; a test changes them while they are served."""

    def __init__(self, *statuses: MappingStatus) -> None:
        self.statuses = {status.settings.uuid: status for status in statuses}

    def mapping(self, uuid: str) -> MappingStatus:
        """Give the mapping as it stands."""
        status = self.statuses.get(uuid)
        if status is None:
            raise MappingNotFoundError(f"no event source mapping {uuid}")
        return status
