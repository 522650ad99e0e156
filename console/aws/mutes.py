"""What is muted in a stage: asked at most once a second, and changed as `mute` and `unmute` do."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from console.aws.stage import Stage
from notifications.common.errors import ConfigurationError
from notifications.rules.mutes import NO_MUTES, Mutes
from notifications.text.formatting import rfc3339
from operations.ledger.mutes import mute, mutes_for_rules, mutes_of, unmute
from operations.terminal.moments import read_moment

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

    def listed(self, now: datetime) -> list[dict[str, Any]]:
        """List what is muted, as `mutes` does."""
        return mutes_of(self._stage.stack(), now)

    def mute(self, rule: str, product: str, until: str, now: datetime) -> str:
        """Mute a rule, a product or both until a span or a time from `now`; return the end, RFC 3339.

        Raises ConfigurationError for what the function would not take.
        """
        if not rule and not product:
            raise ConfigurationError("Choose a rule, name a product, or both.")
        end = read_moment("Until", until, now, forward=True)
        mute(self._stage.stack(), rule, product, end, now)
        self._read_at = -_FRESH_SECONDS
        return rfc3339(int(end.timestamp())) or ""

    def unmute(self, rule: str, product: str, now: datetime) -> bool:
        """Take a mute back; return whether there was one."""
        self._read_at = -_FRESH_SECONDS
        return unmute(self._stage.stack(), rule, product, now)
