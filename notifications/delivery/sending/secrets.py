"""Secrets of receivers: SecureString parameters of SSM, `/product-alerts/STAGE/NAME`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from notifications.common.errors import DeliveryFailedError, ServiceError
from notifications.publishing.aws_calls import aws_call

KEPT_SECONDS = 300
"""How long a value that was read is used: a changed secret counts from then on."""


class SsmSecrets:
    """Reads a secret when it is first needed, and again after a while or a failure."""

    def __init__(self, client: Any, prefix: str, now: Callable[[], float] = time.monotonic) -> None:
        """Read the parameters below `prefix`, such as `/product-alerts/dev/`, with a boto3 SSM client."""
        self._client, self._prefix, self._now = client, prefix, now
        self._known: dict[str, tuple[float, str]] = {}

    def get(self, name: str) -> str:
        """Return the value. Raises ServiceError, or DeliveryFailedError where the parameter is missing: it may come."""
        read_at, value = self._known.get(name, (float("-inf"), ""))
        if self._now() - read_at > KEPT_SECONDS:
            value = self._read(f"{self._prefix}{name}")
            self._known[name] = (self._now(), value)
        return value

    def forget(self, name: str) -> None:
        """Read it anew next time."""
        self._known.pop(name, None)

    def _read(self, path: str) -> str:
        try:
            with aws_call("SSM GetParameter"):
                return str(self._client.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"])
        except ServiceError as error:
            code = getattr(error.__cause__, "response", None) or {}
            if code.get("Error", {}).get("Code") == "ParameterNotFound":
                raise DeliveryFailedError(
                    f"the secret {path} does not exist: `aws ssm put-parameter --type SecureString --name {path} "
                    '--value "$SECRET"` stores it, after `read -rs SECRET`'
                ) from error
            raise
