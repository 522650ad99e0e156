"""Saving a mapping's checkpoints whenever one has moved, one save at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from event_source_mapping.mapping.ports import CheckpointStore, ShardCheckpoint
from event_source_mapping.model.errors import CheckpointError
from event_source_mapping.running.tasks import Perform, Signal, Sleep, Task


class CheckpointSaver:
    """Saves the newest state; states that come while one is being saved are saved as one."""

    def __init__(
        self,
        store: CheckpointStore,
        mapping: str,
        *,
        state: Callable[[], Mapping[str, ShardCheckpoint]],
    ) -> None:
        """Take `state`, which gives what to save."""
        self._store = store
        self._mapping = mapping
        self._state = state
        self._wake = Signal()
        self._unsaved = False
        self._closing = False

    def request(self) -> None:
        """Save soon."""
        self._unsaved = True
        self._wake.fire()

    def close(self) -> None:
        """Save once more, then end."""
        self._closing = True
        self.request()

    def run(self, trouble: Callable[[str], None]) -> Task[None]:
        """Save when asked to, until closed; call `trouble` with the reason when that fails."""
        while self._unsaved or not self._closing:
            if not self._unsaved:
                yield Sleep(None, self._wake)
                continue
            self._unsaved = False
            try:
                yield Perform(partial(self._store.save, self._mapping, self._state()))
            except CheckpointError as error:
                trouble(f"{error}: a restart may repeat records")
