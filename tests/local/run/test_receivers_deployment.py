"""Edits of local/receivers.toml are taken up while `npm start` runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from local.run import receivers_deployment
from local.run.receivers_deployment import DeployedReceivers
from local.samples.sample_receivers import SampleReceivers
from local.stack.errors import DeployRefusedError, ReceiversRefusedError
from local.stack.local_aws import LocalAws
from notifications.config.receiver import Receiver

ONE = '[[receivers]]\nname = "everyone"\nkind = "text"\n'
MINE = '[[receivers]]\nname = "mine"\nkind = "webhook"\nurl = "http://127.0.0.1:9099/"\nsecret = "mine-key"\n'


class Served:
    """What takes the messages."""

    endpoint_url = "http://127.0.0.1:1"

    def __init__(self) -> None:
        self.names: list[str] = []
        self.listening = 0

    def serve(self, receivers: tuple[Receiver, ...], _: Any) -> None:
        """Keep their names."""
        self.names = [each.name for each in receivers]

    def listen(self, _: Any) -> None:
        """Count the calls."""
        self.listening += 1


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[DeployedReceivers, Path, Served, list[str]]:
    """Give what is deployed, its file, what serves it, and the deploys."""
    path, served, deploys = tmp_path / "receivers.toml", Served(), list[str]()
    path.write_text(ONE)
    monkeypatch.setattr(receivers_deployment, "deploy", lambda _, url: deploys.append(url))
    made = DeployedReceivers(cast("LocalAws", None), cast("SampleReceivers", served), path, ONE.encode())
    return made, path, served, deploys


def test_an_edit_is_deployed_once(deployed: tuple[DeployedReceivers, Path, Served, list[str]]) -> None:
    """With the secrets and the server that the new receivers need; a webhook may be on the machine."""
    made, path, served, deploys = deployed
    assert not made.edited()
    path.write_text(ONE + MINE)
    assert made.edited()
    assert made.deploy() == 2
    assert (served.names, served.listening, deploys) == (["everyone", "mine"], 1, [served.endpoint_url])
    assert not made.edited()


def test_a_mistake_leaves_the_old_ones(deployed: tuple[DeployedReceivers, Path, Served, list[str]]) -> None:
    """Said once an edit, by the name of the file."""
    made, path, served, deploys = deployed
    path.write_text(ONE + MINE.replace("webhook", "webhok"))
    assert made.edited()
    with pytest.raises(ReceiversRefusedError, match="the old ones still are") as caught:
        made.deploy()
    assert 'local/receivers.toml: 1 mistake\n  line 6, receiver "mine", kind = "webhok"' in caught.value.details
    assert (served.names, deploys, made.edited()) == ([], [], False)


def test_a_deploy_that_is_refused_says_why(
    deployed: tuple[DeployedReceivers, Path, Served, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as for a mistake in the rules; `npm start` goes on."""

    def refuse(*_: object) -> None:
        raise DeployRefusedError("refused", "alerts.toml: 1 mistake")

    monkeypatch.setattr(receivers_deployment, "deploy", refuse)
    made, path, _, _ = deployed
    path.write_text(ONE + MINE)
    assert made.edited()
    with pytest.raises(ReceiversRefusedError) as caught:
        made.deploy()
    assert caught.value.details == "alerts.toml: 1 mistake"
