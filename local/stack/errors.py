"""The errors of `npm start`. Each message says what happened and what to do next.

LocalError
├── LocalAwsError
│   ├── PortTakenError       the local AWS cannot listen on the port given
│   ├── UnhealthyError       the local AWS started but does not answer
│   └── DiedError            the local AWS ended while it was needed
├── DeployRefusedError       `sls deploy` ended with an error
├── RulesRefusedError        edited rules have a mistake, so they are not deployed
├── ReceiversRefusedError    edited receivers have a mistake, so they are not deployed
├── RemovedError             the service was removed while `npm start` served it
├── MappingError             the event source mapping cannot be served, or its thread has ended
└── SamplesError             the sample changes cannot be played
"""

from __future__ import annotations


class LocalError(Exception):
    """An error that the user can do something about.

    `details` holds the output of another tool that belongs to the message; it may be empty. `trace` is the traceback
    behind it, for `--verbose`; empty where the message says all.
    """

    def __init__(self, message: str, details: str = "", trace: str = "") -> None:
        super().__init__(message)
        self.details = details
        self.trace = trace


class LocalAwsError(LocalError):
    """The local AWS cannot be used."""


class PortTakenError(LocalAwsError):
    """The local AWS cannot listen on the port given."""


class UnhealthyError(LocalAwsError):
    """The local AWS started but does not answer."""


class DiedError(LocalAwsError):
    """The local AWS ended while it was needed."""


class DeployRefusedError(LocalError):
    """`sls deploy` ended with an error; the details are its output."""


class RulesRefusedError(LocalError):
    """Edited rules have a mistake, so they are not deployed; the details say which."""


class ReceiversRefusedError(LocalError):
    """Edited receivers have a mistake, so they are not deployed; the details say which."""


REMOVED = "The service was removed from the local AWS."


class RemovedError(LocalError):
    """The service was removed while `npm start` served it."""


class MappingError(LocalError):
    """The event source mapping cannot be served, or its thread has ended."""


class SamplesError(LocalError):
    """The sample changes cannot be played."""
