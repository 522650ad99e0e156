"""Ends a command with scripts/run.mjs, which started it: if that is killed, it cannot pass the signal on."""

from __future__ import annotations

import os
import signal
import threading
import time


def end_with_launcher() -> None:
    """Send this process SIGTERM once its launcher has gone."""
    launcher = os.environ.get("LAUNCHER_PID")

    def watch() -> None:
        while str(os.getppid()) == launcher:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    if launcher == str(os.getppid()):
        threading.Thread(target=watch, daemon=True).start()
