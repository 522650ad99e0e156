"""Watching the mapping: enabled, disabled, updated, deleted while it is served.

docs/event-source-mapping.md, "While it runs".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.ports import MappingSource
from event_source_mapping.mapping.settings import MappingStatus
from event_source_mapping.model.errors import EventSourceMappingError, MappingNotFoundError
from event_source_mapping.running.tasks import Clock, Perform, Signal, Sleep, Task


class MappingWatch:
    """Knows the mapping as it stands, and says when the session has to change with it."""

    def __init__(
        self,
        status: MappingStatus,
        source: MappingSource,
        *,
        clock: Clock,
        interval: float,
        two_pollers: str,
        log: Callable[[EventType, str], None],
        changed: Callable[[], None],
    ) -> None:
        """Call `changed` when the session has to end, or may begin again; `interval` is in seconds.

        `two_pollers` is the warning that the endpoint's own poller is at work, too.
        """
        self.status = status
        self.paused = False
        self.deleted = False
        self._source = source
        self._clock = clock
        self._interval = interval
        self._two_pollers = two_pollers
        self._log = log
        self._changed = changed
        self._warned = False
        self._trouble = ""
        self._closing = False
        self._over = Signal()

    def close(self) -> None:
        """Stop watching."""
        self._closing = True
        self._over.fire()

    def run(self) -> Task[None]:
        """Read the mapping again and again, until it is deleted or `close` is called."""
        self._warn_if_enabled()
        while not self.deleted:
            yield Sleep(self._clock.now() + self._interval, self._over)
            if self._closing:
                return
            try:
                status = yield Perform(partial(self._source.mapping, self.status.settings.uuid))
            except MappingNotFoundError:
                self._delete()
            except EventSourceMappingError as error:
                self._report(str(error))
            else:
                self._trouble = ""
                self._adopt(status)

    def _adopt(self, status: MappingStatus) -> None:
        before = self.status
        if status.enabled is None:
            status = replace(status, enabled=before.enabled)
        self.status = status
        if status.deleting:
            self._delete()
        elif before.enabled and not status.enabled:
            self.paused = True
            self._log(EventType.PAUSED, "the mapping was disabled")
            self._changed()
        elif self.paused and status.enabled:
            self.paused = False
            self._log(EventType.RESUMED, "the mapping was enabled")
            self._changed()
        elif not self.paused and status.settings != before.settings:
            self._log(EventType.UPDATED, status.settings.describe())
            self._changed()
        self._warn_if_enabled()

    def _delete(self) -> None:
        self.deleted = True
        self._log(EventType.DELETED, "the mapping was deleted")
        self._changed()

    def _warn_if_enabled(self) -> None:
        """Warn once that two pollers are at work."""
        if self.status.enabled and not self._warned:
            self._warned = True
            self._log(EventType.WARNING, self._two_pollers)

    def _report(self, trouble: str) -> None:
        """Warn when the trouble begins, not at every try."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._log(EventType.WARNING, f"{trouble}: serving as before")
