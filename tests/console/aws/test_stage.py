"""The stage that is looked at: found once, and found again when it goes and comes back."""

from __future__ import annotations

from typing import Any

import pytest

from console.aws import stage as module
from console.aws.stage import Stage
from notifications.common.errors import ConfigurationError
from operations.deployed.running import Running
from operations.deployed.stack import Stack


class Session:
    """Makes clients that are told apart."""

    region_name = "eu-west-1"

    def client(self, service: str, **options: Any) -> Any:
        """Make one."""
        return (service, options["endpoint_url"], object())


class Laptop:
    """An `npm start` that comes and goes."""

    def __init__(self) -> None:
        self.endpoint: str | None = "http://127.0.0.1:1"
        self.table = "products"
        self.found = 0

    def running(self) -> Running | None:
        """Give the run."""
        return Running(self.endpoint, self.table) if self.endpoint else None

    def find(self, name: str, region: str | None, running: Any) -> Stack:
        """Look the stage up."""
        del region
        self.found += 1
        now = running()
        if now is None:
            raise ConfigurationError("start it with `npm start`")
        return Stack(name, {"ProductsTableName": now.products_table_name}, Session(), now.endpoint_url)


@pytest.fixture
def laptop(monkeypatch: pytest.MonkeyPatch) -> Laptop:
    """Give a laptop that is looked at each time."""
    monkeypatch.setattr(module, "_LOOK_SECONDS", -1)
    return Laptop()


def test_a_stage_is_found_once_and_its_clients_are_shared(laptop: Laptop) -> None:
    """Making a client takes a tenth of a second."""
    stage = Stage("local", running=laptop.running, find=laptop.find)
    assert stage.stack().client("sqs") is stage.stack().client("sqs")
    assert stage.stack().client("sqs") != stage.stack().client("s3")
    assert laptop.found == 1


def test_a_deploy_with_another_table_is_noticed(laptop: Laptop) -> None:
    """What is listed and changed from then on is the table that is watched."""
    stage = Stage("local", running=laptop.running, find=laptop.find)
    assert stage.stack().outputs["ProductsTableName"] == "products"
    laptop.table = "catalogue"
    assert stage.stack().outputs["ProductsTableName"] == "catalogue"


def test_a_local_aws_that_was_restarted_is_found_again(laptop: Laptop) -> None:
    """At its new address, with new clients; meanwhile the error says what to do."""
    stage = Stage("local", running=laptop.running, find=laptop.find)
    before = stage.stack().client("sqs")
    laptop.endpoint = None
    with pytest.raises(ConfigurationError, match="npm start"):
        stage.stack()
    laptop.endpoint = "http://127.0.0.1:2"
    assert stage.stack().client("sqs")[:2] == ("sqs", "http://127.0.0.1:2")
    assert stage.stack().client("sqs") is not before


def test_a_deployed_stage_is_looked_up_anew_when_it_did_not_answer(laptop: Laptop) -> None:
    """It may have been deployed anew."""
    stage = Stage("prod", running=laptop.running, find=laptop.find)
    stage.stack()
    stage.stack()
    assert (laptop.found, stage.region) == (1, "eu-west-1")
    stage.forget()
    stage.stack()
    assert laptop.found == 2
