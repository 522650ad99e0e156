"""What `npm start` does while it watches: with its receivers, and when the service is removed."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.run.watcher import Watcher
from local.samples.sample_receivers import Delivered
from local.stack.errors import ReceiversRefusedError, RemovedError, RulesRefusedError
from operations.activity.activity_log import ActivityLog

MAIL = Delivered("merchandising", "mail", "Lamp is 20% cheaper")


class FakeReport:
    """A report that keeps what it hears of receivers."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def mapping_log(self, _: Any) -> None:
        """Hear nothing."""

    def waiting(self, _: str) -> Any:
        """Count no seconds."""
        return nullcontext()

    def delivery(self, delivered: Delivered) -> None:
        """Keep it."""
        self.heard.append(delivered)

    def rules_deployed(self, _: Any) -> None:
        """Hear nothing."""

    def rules_refused(self, message: str, details: str) -> None:
        """Hear nothing."""

    def receivers_deployed(self, count: int) -> None:
        """Keep the count."""
        self.heard.append(count)

    def receivers_refused(self, message: str, details: str) -> None:
        """Keep both."""
        self.heard.append((message, details))


def watched(receivers: Any, activity: ActivityLog | None = None, **rules: Any) -> list[Any]:
    """Look once, and return what was reported; `rules` are what is known of edited ones."""
    report = FakeReport()
    quiet: Any = SimpleNamespace(
        client=lambda _: None,
        alerts_function_name="alerts",
        products_stream_arn="arn",
        receive=lambda _: [],
        stream_events=list,
        done=list,
        stream_arn="arn",
        **{"take_up_edits": lambda: False, "is_edited": lambda: False, **rules},
    )
    heard: Any = report
    watcher = Watcher(
        quiet,
        quiet,
        claim=quiet,
        subscriber=quiet,
        mapping=quiet,
        rules=quiet,
        expected=quiet,
        report=heard,
        activity=activity,
        receivers=receivers,
    )
    watcher.look()
    return report.heard


def _receivers(arrived: list[Delivered], *, edited: bool, deploy: Any = None) -> Any:
    return SimpleNamespace(
        version="v-2", served=SimpleNamespace(arrived=lambda _: arrived), edited=lambda: edited, deploy=deploy
    )


def test_what_receivers_are_sent_is_shown_as_it_happens() -> None:
    """After the samples, too."""
    assert watched(_receivers([MAIL], edited=False)) == [MAIL]


def test_an_edit_of_the_receivers_is_deployed() -> None:
    """As one of the rules is; a mistake is said, and the watching goes on."""
    assert watched(_receivers([], edited=True, deploy=lambda: 6)) == [6]

    def refuse() -> int:
        raise ReceiversRefusedError("not deployed", "line 3")

    assert watched(_receivers([], edited=True, deploy=refuse)) == [("not deployed", "line 3")]


def test_the_activity_log_has_how_far_an_edit_has_come(tmp_path: Path) -> None:
    """That it is being deployed before it is, and then what came of it: the console shows that."""
    noted: list[tuple[str, str, str, str]] = []

    class Noted(ActivityLog):
        def deployment(self, file: str, version: str, state: str, reason: str = "") -> None:
            noted.append((file, version, state, reason))

    def refuse() -> bool:
        assert noted[-1][2] == "deploying"
        raise RulesRefusedError("not deployed", "line 7")

    def deploy() -> int:
        assert noted[-1][2] == "deploying"
        return 6

    activity = Noted(tmp_path)
    receivers = _receivers([], edited=True, deploy=deploy)
    watched(receivers, activity, is_edited=lambda: True, take_up_edits=refuse, version="v-1")
    assert noted == [
        ("rules", "", "deploying", ""),
        ("rules", "v-1", "refused", "line 7"),
        ("receivers", "", "deploying", ""),
        ("receivers", "v-2", "deployed", ""),
    ]
    noted.clear()
    edited = {"text": "x", "ruleset": None, "version": "v-3"}
    watched(None, activity, is_edited=lambda: True, take_up_edits=lambda: True, **edited)
    assert noted == [("rules", "", "deploying", ""), ("rules", "v-3", "deployed", "")]
    activity.close()


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
def test_what_a_removal_takes_away_first_is_no_error(status: str, error: type[Exception]) -> None:
    """A table that is gone means that the service is being removed, if it is; another refusal passes through."""
    nothing: Any = None
    aws: Any = Aws(status)
    deployment: Any = type("Deployment", (), {"alerts_function_name": "alerts"})
    parts = dict.fromkeys(("claim", "mapping", "rules", "expected", "report"), nothing)
    subscriber: Any = Subscriber()
    with pytest.raises(error):
        Watcher(aws, deployment, subscriber=subscriber, **parts).watch()
