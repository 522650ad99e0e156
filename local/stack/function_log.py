"""What the function logged in the local AWS."""

from __future__ import annotations

from local.stack.local_aws import LocalAws

_FRAME = ("START RequestId", "END RequestId", "REPORT RequestId")
_TROUBLE = ("[ERROR]", "[WARNING]", "[CRITICAL]", "Traceback")


class FunctionLog:
    """The log group of a function."""

    def __init__(self, aws: LocalAws, function_name: str) -> None:
        self._logs = aws.client("logs")
        self._group = f"/aws/lambda/{function_name}"
        self._shown: set[tuple[int, str]] = set()
        self._since = 0

    def last(self, lines: int = 15) -> str:
        """Return the last lines, without those of the Lambda runtime."""
        return "\n".join([text for _, text in self._lines(0)][-lines:])

    def new_errors(self) -> list[str]:
        """Return the errors and warnings since the last call, each once however often a retry repeated it."""
        found = [each for each in self._lines(self._since) if each not in self._shown]
        self._shown.update(found)
        self._since = max([self._since, *(time for time, _ in found)])
        return list(dict.fromkeys(text for _, text in found if text.startswith(_TROUBLE)))

    def _lines(self, since: int) -> list[tuple[int, str]]:
        events = self._logs.filter_log_events(logGroupName=self._group, startTime=since)["events"]
        lines = [(event["timestamp"], line) for event in events for line in event["message"].rstrip().splitlines()]
        return [(time, line) for time, line in lines if not line.startswith(_FRAME)]
