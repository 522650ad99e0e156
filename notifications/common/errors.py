"""What can go wrong, as types: whether trying again can help is the type, not a flag.

ProductAlertsError
├── ConfigurationError          what the function was started with; it does not start
│   └── SettingsFileError       a file that a user edits, with every mistake in it
│       ├── RulesError          alerts.toml
│       └── ReceiversError      receivers.toml
├── PermanentError              trying again cannot help: parked in the failures queue
│   ├── MalformedRecordError    not a stream record, or something else where an attribute value is expected
│   ├── RefusedAlertError       AWS refuses this one message or entry
│   ├── MalformedAlertError     not an alert as this project publishes it
│   └── RefusedDeliveryError    a receiver refuses this one alert: it goes to the queue `undelivered`
│       └── ReceiverGoneError   it will never take any again: it is disabled until the next deploy
└── RetryableError              the stream or the queue delivers the record or alert again
    ├── OutOfTimeError          the invocation's time is up
    ├── ServiceError            SNS, SQS or DynamoDB failed, throttled, or did not answer
    └── DeliveryFailedError     a receiver failed, throttled, or did not answer
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FRAMES_NAMED = 5
_MOST_BITS = 1000  # of a whole number that is written out
_LONGEST_VALUE = 60  # characters of a wrong value that a message repeats


class ProductAlertsError(Exception):
    """Base of every error that this project raises on purpose."""


class ConfigurationError(ProductAlertsError):
    """The function cannot start as it is configured; the message names the key."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file that a user edits."""

    message: str
    """What was expected, and what to do."""
    line: int | None = None
    """Counted from 1; None where it is not about one line."""
    rule: str = ""
    key: str = ""
    value: Any = None
    entry: str = "rule"
    """What `rule` is the name of, in words: a rule, or a receiver."""

    def __str__(self) -> str:
        place = [f"line {self.line}"] if self.line else []
        if self.rule:
            place.append(f'{self.entry} "{self.rule}"')
        if self.key:
            shown = "" if self.value is None else f" = {_as_written(self.value)}"
            place.append(self.key + shown)
        return ": ".join([", ".join(place), self.message]) if place else self.message


class SettingsFileError(ConfigurationError):
    """A file that a user edits is wrong; carries every mistake, not the first one only."""

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        """Say what is wrong with the file called `source`."""
        self.source = source
        self.problems = problems
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        super().__init__("\n".join([f"{source}: {count}", *(f"  {problem}" for problem in problems)]))


class RulesError(SettingsFileError):
    """`alerts.toml` is wrong."""


class ReceiversError(SettingsFileError):
    """`receivers.toml` is wrong."""


class PermanentError(ProductAlertsError):
    """Trying again cannot help."""


class MalformedRecordError(PermanentError):
    """The record is not what DynamoDB Streams documents; the message says where."""


class RefusedAlertError(PermanentError):
    """SNS, SQS or DynamoDB refuses this one message or entry, and would refuse it again."""


class MalformedAlertError(PermanentError):
    """What came to be delivered is not an alert; the message says why."""


class RefusedDeliveryError(PermanentError):
    """The receiver refuses this message, and would refuse it again."""


class ReceiverGoneError(RefusedDeliveryError):
    """The receiver says that it is gone for good (HTTP status 410)."""


class RetryableError(ProductAlertsError):
    """Trying again may help."""


class OutOfTimeError(RetryableError):
    """Too little of the invocation's time is left to start another call."""


class ServiceError(RetryableError):
    """An AWS service failed, throttled or did not answer."""


class DeliveryFailedError(RetryableError):
    """A receiver failed, throttled or did not answer."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Say what happened; `retry_after` are the seconds that the receiver asks to be left alone."""
        super().__init__(message)
        self.retry_after = retry_after


def _as_written(value: Any) -> str:
    """Write a value about as the file has it, cut to a line."""
    text = _toml(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "…"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(inner)}' for key, inner in value.items())} }}"
    return str(value)


def why_unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Say why a file cannot be read, without the number that the system has for it."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def where_raised(error: Exception) -> str:
    """Name an error and where it was raised for a log: its text and a traceback may repeat what a record holds."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_NAMED:]
    places = " < ".join(f"{frame.name} ({Path(frame.filename).name}:{frame.lineno})" for frame in reversed(frames))
    return f"{type(error).__name__}, in {places}"
