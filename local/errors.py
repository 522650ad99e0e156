"""What can go wrong on the laptop. Each message says what happened and what to do about it.

LocalError
├── LocalAwsError
│   ├── PortTakenError       the port that was asked for cannot be listened on
│   ├── UnhealthyError       the local AWS started, and does not answer
│   └── DiedError            the local AWS ended while it was needed
├── DeployRefusedError       `sls deploy` ended with an error
├── MappingError             the event source mapping cannot be served, or its thread has ended
├── SamplesError             the sample changes cannot be played
└── ChangeError              `npm run change` cannot do what it was asked
"""


class LocalError(Exception):
    """Anything that a user can do something about.

    `details` are lines of another tool's output that belong with the message, and may be empty.
    """

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


class LocalAwsError(LocalError):
    """The local AWS is not there."""


class PortTakenError(LocalAwsError):
    """The port that was asked for cannot be listened on."""


class UnhealthyError(LocalAwsError):
    """The local AWS started, and does not answer."""


class DiedError(LocalAwsError):
    """The local AWS ended while it was needed."""


class DeployRefusedError(LocalError):
    """`sls deploy` ended with an error; the message is its own."""


class MappingError(LocalError):
    """The event source mapping cannot be served, or its thread has ended."""


class SamplesError(LocalError):
    """The sample changes cannot be played."""


class ChangeError(LocalError):
    """`npm run change` cannot do what it was asked."""
