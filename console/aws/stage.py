"""The stage that the console looks at, found again when it goes and comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from operations.deployed.running import Running, find_running
from operations.deployed.stack import Stack, find_stack
from operations.settings.project import LOCAL_STAGE

_LOOK_SECONDS = 1.0  # between looks at whether another `npm start` runs


@dataclass(frozen=True)
class SharedStack(Stack):
    """A stack whose clients are made once: they may be used by several threads."""

    _clients: dict[str, Any] = field(default_factory=dict, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, compare=False)

    def client(self, service: str) -> Any:
        """Give the client of a service."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = super().client(service)
            return self._clients[service]


class Stage:
    """A stage by its name."""

    def __init__(
        self,
        name: str,
        region: str | None = None,
        *,
        running: Callable[[], Running | None] = find_running,
        find: Callable[[str, str | None, Callable[[], Running | None]], Stack] = find_stack,
    ) -> None:
        """Look at the stage of this name; `find` looks it up, `running` finds the `npm start` of stage local."""
        self.name = name
        self.running = running
        self._region = region
        self._find = find
        self._lock = threading.Lock()
        self._found: Stack | None = None
        self._of_running: Running | None = None
        self._looked = 0.0

    @property
    def is_local(self) -> bool:
        """Whether it is the one on the laptop."""
        return self.name == LOCAL_STAGE

    @property
    def region(self) -> str:
        """The region, as far as it is known."""
        if self.is_local:
            return "this machine"
        found = self._found
        return str(found.session.region_name) if found else self._region or ""

    def stack(self) -> Stack:
        """Return the deployed stage. Raises ConfigurationError, which says what to do if there is none."""
        with self._lock:
            if self.is_local and (self._found is None or time.monotonic() - self._looked > _LOOK_SECONDS):
                self._looked = time.monotonic()
                running = self.running()
                if running != self._of_running:  # started anew, or deployed with another table
                    self._found, self._of_running = None, running
            if self._found is None:
                found = self._find(self.name, self._region, self.running)
                self._found = SharedStack(found.stage, found.outputs, found.session, found.endpoint_url)
                self._looked = time.monotonic()
            return self._found

    def forget(self) -> None:
        """Look the stage up anew next time: what was found does not answer."""
        with self._lock:
            self._found = None
