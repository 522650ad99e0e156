"""Watching ends with the right error."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.run.watcher import Watcher
from local.stack.errors import RemovedError


class Aws:
    """A local AWS whose stack has a status."""

    def __init__(self, status: str) -> None:
        self._status = status

    def client(self, _: str) -> Any:
        """Give itself, for whatever service."""
        return self

    def describe_stacks(self, **_: Any) -> Any:
        """Describe the stack, if there is one."""
        if not self._status:
            raise refusal("ValidationError")
        return {"Stacks": [{"StackStatus": self._status}]}


class Subscriber:
    """A queue that is gone."""

    def receive(self, _: float) -> list[Any]:
        """Refuse."""
        raise refusal("ResourceNotFoundException")


def refusal(code: str) -> ClientError:
    """Make what boto3 raises."""
    return ClientError({"Error": {"Code": code, "Message": "it is gone"}}, "GetItem")


@pytest.mark.parametrize(
    ("status", "error"), [("DELETE_IN_PROGRESS", RemovedError), ("", RemovedError), ("UPDATE_COMPLETE", ClientError)]
)
def test_10_14_what_a_removal_takes_away_first_is_no_error(status: str, error: type[Exception]) -> None:
    """A table that is gone means that the service is being removed, if it is; another refusal passes through."""
    nothing: Any = None
    aws: Any = Aws(status)
    deployment: Any = type("Deployment", (), {"alerts_function_name": "alerts"})
    parts = dict.fromkeys(("claim", "mapping", "rules", "expected", "report"), nothing)
    subscriber: Any = Subscriber()
    with pytest.raises(error):
        Watcher(aws, deployment, subscriber=subscriber, **parts).watch()
