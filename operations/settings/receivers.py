"""`python -m operations.settings.receivers FILE`: what infrastructure/ has to know of receivers.toml, as JSON.

infrastructure/receivers.cjs calls it: the file has one reader, which is the function's own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from notifications.common.errors import ConfigurationError
from notifications.config import receivers_file
from notifications.config.receiver import Receiver
from notifications.delivery.handling.windows import flush_minutes
from operations.settings.project import PROJECT


def as_json(receiver: Receiver) -> dict[str, Any]:
    """Write what makes a difference to the template."""
    return {
        "name": receiver.name,
        "kind": receiver.kind,
        "sender": receiver.sender,
        "secret": receiver.secret,
        "only": receiver.only,
        "flushes": [{"minute": minute, "zone": zone} for minute, zone in sorted(flush_minutes(receiver))],
    }


def main(file: str = "receivers.toml", folder: Path = PROJECT) -> int:
    """Print all receivers of a file and return 0; 1 for one that is wrong, which `check` explains."""
    try:
        receivers = receivers_file.load(folder / file, plain_http=True).all  # `check` knows the stage
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps([as_json(receiver) for receiver in receivers]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if sys.argv[1:] else "receivers.toml"))
