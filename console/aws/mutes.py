"""What is muted in a stage now, asked at most once a second."""

from __future__ import annotations

import time

from botocore.exceptions import BotoCoreError, ClientError

from console.aws.stage import Stage
from notifications.common.errors import ConfigurationError
from notifications.rules.mutes import NO_MUTES, Mutes
from operations.deployed.mutes import mutes_for_rules

_FRESH_SECONDS = 1.0


class CurrentMutes:
    """The mutes of a stage."""

    def __init__(self, stage: Stage) -> None:
        """Ask the ledger of `stage`."""
        self._stage = stage
        self._mutes = NO_MUTES
        self._read_at = -_FRESH_SECONDS

    def read(self) -> Mutes:
        """Return them as the function has them; those known last where the ledger does not answer."""
        if time.monotonic() - self._read_at >= _FRESH_SECONDS:
            self._read_at = time.monotonic()
            try:
                stack = self._stage.stack()
                self._mutes = mutes_for_rules(stack.client("dynamodb"), stack.outputs["LedgerTableName"])
            except (ConfigurationError, ClientError, BotoCoreError):
                return self._mutes
        return self._mutes
