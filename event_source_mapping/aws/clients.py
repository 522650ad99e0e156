"""boto3 clients of one endpoint, and what their errors say.

boto3's own retries are off: what is repeated, and what that costs, is for the mapping to decide.
"""

from __future__ import annotations

import os
from typing import Any, Protocol

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from event_source_mapping.model.errors import EndpointError

_FUNCTION_TIMEOUT = 900  # seconds: the longest a function may run
_CONNECTIONS = 100


class ClientFactory(Protocol):
    """Makes boto3 clients of one endpoint; AwsClients is one."""

    endpoint_url: str

    def client(self, service: str) -> Any:
        """Make a client of a service."""
        ...


class AwsClients:
    """Makes the clients of one endpoint."""

    def __init__(self, endpoint_url: str, region: str | None = None) -> None:
        """Use the environment's credentials and region, or stand-ins where it has none.

        A local endpoint checks neither, so none have to be configured for it. Raises EndpointError
        when the environment names a configuration that cannot be used.
        """
        self.endpoint_url = endpoint_url
        core = botocore.session.Session()
        # Asking a machine's metadata service for credentials would only cost seconds here.
        core.set_config_variable("metadata_service_num_attempts", 0)
        try:
            configured = core.get_config_variable("region") or os.environ.get("AWS_REGION")
            self._session = boto3.Session(botocore_session=core, region_name=region or configured or "us-east-1")
            credentials = self._session.get_credentials()
        except BotoCoreError as error:
            raise EndpointError(f"the AWS configuration cannot be used: {error}") from error
        self._stand_ins: dict[str, str] = {}
        if credentials is None:
            self._stand_ins = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

    def client(self, service: str) -> Any:
        """Make a client that tries once and waits as long as a function may run.

        Raises EndpointError when the endpoint's URL is not valid.
        """
        config = Config(
            connect_timeout=5,
            parameter_validation=False,  # the endpoint validates, and says so in one line
            read_timeout=_FUNCTION_TIMEOUT + 30,
            max_pool_connections=_CONNECTIONS,
            retries={"total_max_attempts": 1, "mode": "standard"},
            s3={"addressing_style": "path"},
        )
        try:
            return self._session.client(service, endpoint_url=self.endpoint_url, config=config, **self._stand_ins)
        except ValueError as error:
            raise EndpointError(
                f"{self.endpoint_url!r} is not an endpoint URL such as http://127.0.0.1:4566"
            ) from error


def error_code(error: ClientError) -> str:
    """Give AWS's code of an error, such as ThrottlingException; empty if the answer has none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_text(error: ClientError) -> str:
    """Give an error's code and message in one line."""
    message = error.response.get("Error", {}).get("Message") or ""
    return f"{error_code(error)}: {message}".strip().rstrip(":").replace("\n", " ")
