"""An AWS in memory, which moto plays, and its clients: one of each service for the whole process.

A client takes 20 ms to make, and most tests need several. It keeps nothing of a test: what it calls is in moto's
memory, which is empty at the beginning of each `aws_in_memory`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws
from moto.core import models

from tests.builders import ROOT

REGION = "us-east-1"
LEDGER = "ledger"
_SETTINGS = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": REGION}

models.RESPONSES_METHODS.clear()  # a thousand patterns, made each time, for calls by `requests`: nothing here makes any


@contextmanager
def aws_in_memory() -> Iterator[None]:
    """Put an empty AWS in memory behind every boto3 client, whatever the settings of the shell are."""
    with pytest.MonkeyPatch.context() as shell:
        for name, value in _SETTINGS.items():
            shell.setenv(name, value)
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
            shell.delenv(name, raising=False)
        with mock_aws():
            yield


@cache
def _session() -> boto3.Session:
    return boto3.Session("none", "none", region_name=REGION)


def new_client(service: str) -> Any:
    """Make a client of a service, for a test that changes it."""
    return _session().client(service)


@cache
def client_of(service: str) -> Any:
    """Give the client of a service that all tests share; it knows at once that a queue is empty."""
    client = new_client(service)
    client.meta.events.register("before-parameter-build.sqs.ReceiveMessage", _without_waiting)
    return client


def _without_waiting(params: dict[str, Any], **_: Any) -> None:
    params["WaitTimeSeconds"] = 0


class MemorySession:
    """A boto3 session whose clients are those of the process, but for the ones that a test gives."""

    region_name = REGION

    def __init__(self, **given: Any) -> None:
        self._given = given

    def client(self, service: str, **_: Any) -> Any:
        """Give a client."""
        return self._given.get(service) or client_of(service)


def make_ledger() -> Any:
    """Make the ledger table, as infrastructure/ describes it; give the client."""
    client = client_of("dynamodb")
    client.create_table(TableName=LEDGER, **_ledger())
    return client


def make_products(name: str = "products") -> Any:
    """Make a products table, without a stream; give the client."""
    client = client_of("dynamodb")
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "productId", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "productId", "KeyType": "HASH"}],
    )
    return client


@cache
def _ledger() -> dict[str, Any]:
    described = yaml.safe_load((ROOT / "infrastructure" / "ledger-table.yml").read_text(encoding="utf-8"))
    properties = described["Resources"]["LedgerTable"]["Properties"]
    return {name: properties[name] for name in ("BillingMode", "AttributeDefinitions", "KeySchema")}
