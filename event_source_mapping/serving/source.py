"""The two kinds of sources, and what they have to do alike to be served."""

from __future__ import annotations

from typing import Any, Protocol

from event_source_mapping.mapping.queue_settings import QueueSettings
from event_source_mapping.mapping.session import Ports, Session
from event_source_mapping.mapping.settings import MappingSettings
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.queues.queue_source import QueueSource
from event_source_mapping.running.tasks import Scheduler, Task
from event_source_mapping.shards.stream_source import StreamSource

ServedSession = Session[Any]  # its settings are of the kind that its source has


class Source(Protocol):
    """What a mapping reads: it outlives the sessions, which follow each other."""

    two_pollers: str  # the warning that the endpoint's own poller is at work, too
    foreign_counters: tuple[str, ...]  # counters that this kind of source does not have

    def run(self, session: ServedSession) -> Task[None]:
        """Consume until the session stops and what is in flight has ended."""
        ...

    def wake(self) -> None:
        """Let every task look at the session again."""
        ...

    def save(self, session: ServedSession) -> Task[None]:
        """Keep what has to outlive the process, until closed."""
        ...

    def close(self, *, deleted: bool) -> None:
        """End saving; a deleted mapping leaves nothing behind."""
        ...

    @property
    def busy(self) -> bool:
        """Whether something is in flight, pending, or still to be looked at."""
        ...


def source_of(settings: MappingSettings, ports: Ports, scheduler: Scheduler) -> Source:
    """Make the source that the settings name. Raises CheckpointError."""
    if isinstance(settings, QueueSettings):
        return QueueSource(scheduler)
    assert isinstance(settings, StreamSettings)  # noqa: S101 - there are two kinds
    return StreamSource(settings, ports, scheduler)
