"""The stream function starts without anything of the deliveries."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.builders import ROOT


def test_the_stream_function_imports_nothing_of_the_deliveries() -> None:
    """Neither the room nor what it needs: jinja2 and the mail package of the standard library cost start-up time."""
    code = (
        "import json, sys; from notifications import bootstrap; "
        "bootstrap.build({'PRINT_ALERTS': 'true'}); print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    unwanted = {"jinja2", "zoneinfo", "mjml", "notifications.config.receivers_file", "notifications.delivery"}
    assert not loaded & unwanted
