"""boto3 clients that answer what a test queued."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.stub import Stubber


class Stubbed:
    """Makes clients that answer what a test queued, and call nobody."""

    endpoint_url = "http://127.0.0.1:4566"

    def __init__(self, service: str) -> None:
        self._client = boto3.client(
            service,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - nobody is called
        )
        self.stubber = Stubber(self._client)
        self.stubber.activate()

    def client(self, _service: str) -> Any:
        """Give the client."""
        return self._client


def failing(service: str, operation: str, code: str, status: int = 400) -> Stubbed:
    """Queue an error."""
    stubbed = Stubbed(service)
    stubbed.stubber.add_client_error(operation, code, "words", status)
    return stubbed
