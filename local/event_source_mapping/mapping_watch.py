"""Watching the mapping: enabled, disabled, updated, deleted while it is served.

docs/event-source-mapping.md, "While it runs".
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from .decisions import Outcome
from .errors import EventSourceMappingError, MappingNotFoundError
from .ports import MappingSource
from .settings import MappingStatus
from .tasks import Clock, Perform, Signal, Sleep, Task

_TWO_POLLERS = (
    "the mapping is enabled: the endpoint's own poller delivers its records as well; "
    "disable the mapping to have this command alone serve it"
)


class MappingWatch:
    """Knows the mapping as it stands, and says when what is served has to change."""

    def __init__(
        self,
        status: MappingStatus,
        source: MappingSource,
        *,
        clock: Clock,
        interval: float,
        decide: Callable[[Outcome, str], None],
        changed: Callable[[], None],
    ) -> None:
        """Call `changed` when the session has to end, or may begin again."""
        self.status = status
        self.paused = False
        self.deleted = False
        self._source = source
        self._clock = clock
        self._interval = interval
        self._decide = decide
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
            self._decide(Outcome.PAUSED, "the mapping was disabled")
            self._changed()
        elif self.paused and status.enabled:
            self.paused = False
            self._decide(Outcome.RESUMED, "the mapping was enabled")
            self._changed()
        elif not self.paused and status.settings != before.settings:
            self._decide(Outcome.UPDATED, status.settings.describe())
            self._changed()
        self._warn_if_enabled()

    def _delete(self) -> None:
        self.deleted = True
        self._decide(Outcome.DELETED, "the mapping was deleted")
        self._changed()

    def _warn_if_enabled(self) -> None:
        """Say once that two pollers are at work."""
        if self.status.enabled and not self._warned:
            self._warned = True
            self._decide(Outcome.WARNING, _TWO_POLLERS)

    def _report(self, trouble: str) -> None:
        """Say what is wrong when it begins, not at every try."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._decide(Outcome.WARNING, f"{trouble}: serving as before")
