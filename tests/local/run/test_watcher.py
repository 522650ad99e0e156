"""What `npm start` does with its receivers while it watches."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from local.run.watcher import Watcher
from local.samples.sample_receivers import Delivered
from local.stack.errors import ReceiversRefusedError

MAIL = Delivered("merchandising", "mail", "Lamp is 20% cheaper")


class Recorder:
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

    def receivers_deployed(self, count: int) -> None:
        """Keep the count."""
        self.heard.append(count)

    def receivers_refused(self, message: str, details: str) -> None:
        """Keep both."""
        self.heard.append((message, details))


def watched(receivers: Any) -> list[Any]:
    """Look once, and return what was reported."""
    report = Recorder()
    quiet: Any = SimpleNamespace(
        client=lambda _: None,
        alerts_function_name="alerts",
        products_stream_arn="arn",
        receive=lambda _: [],
        stream_events=list,
        done=list,
        stream_arn="arn",
        take_up_edits=lambda: False,
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
        receivers=receivers,
    )
    watcher.look()
    return report.heard


def _receivers(arrived: list[Delivered], *, edited: bool, deploy: Any = None) -> Any:
    return SimpleNamespace(served=SimpleNamespace(arrived=lambda _: arrived), edited=lambda: edited, deploy=deploy)


def test_what_receivers_are_sent_is_shown_as_it_happens() -> None:
    """After the samples, too."""
    assert watched(_receivers([MAIL], edited=False)) == [MAIL]


def test_an_edit_of_the_receivers_is_deployed() -> None:
    """As one of the rules is; a mistake is said, and the watching goes on."""
    assert watched(_receivers([], edited=True, deploy=lambda: 6)) == [6]

    def refuse() -> int:
        raise ReceiversRefusedError("not deployed", "line 3")

    assert watched(_receivers([], edited=True, deploy=refuse)) == [("not deployed", "line 3")]
