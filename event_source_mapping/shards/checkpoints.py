"""Checkpoints: how far each shard has come, in memory or in a file.

docs/event-source-mapping.md, "Checkpoints".
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from event_source_mapping.mapping.ports import ShardCheckpoint
from event_source_mapping.model.errors import CheckpointError

_VERSION = 1


class MemoryCheckpoints:
    """Checkpoints that end with the process."""

    def __init__(self) -> None:
        self._mappings: dict[str, dict[str, ShardCheckpoint]] = {}

    def load(self, mapping: str) -> dict[str, ShardCheckpoint]:
        """Give what is known of each shard."""
        return dict(self._mappings.get(mapping, {}))

    def save(self, mapping: str, shards: Mapping[str, ShardCheckpoint]) -> None:
        """Keep the state of every shard."""
        self._mappings[mapping] = dict(shards)


class FileCheckpoints:
    """Checkpoints in one JSON file, replaced whole at each change; for one command at a time."""

    def __init__(self, path: Path) -> None:
        """Read the file if there is one. Raises CheckpointError when it cannot be understood."""
        self._path = path
        self._writing = threading.Lock()  # mappings save from threads of their own
        self._mappings = self._read()

    def load(self, mapping: str) -> dict[str, ShardCheckpoint]:
        """Give what is known of each shard."""
        return dict(self._mappings.get(mapping, {}))

    def save(self, mapping: str, shards: Mapping[str, ShardCheckpoint]) -> None:
        """Keep the state of every shard, on disk before this returns. Raises CheckpointError."""
        with self._writing:
            self._mappings[mapping] = dict(shards)
            self._write()

    def _write(self) -> None:
        content = {
            "version": _VERSION,
            "mappings": {
                uuid: {shard_id: asdict(shard) for shard_id, shard in known.items()}
                for uuid, known in self._mappings.items()
            },
        }
        try:
            self._replace(json.dumps(content, indent=1))
        except OSError as error:
            raise CheckpointError(f"cannot write {self._path}: {error.strerror}") from error

    def _read(self) -> dict[str, dict[str, ShardCheckpoint]]:
        try:
            content = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise CheckpointError(f"cannot read {self._path}: {error}") from error
        try:
            return self._parse(content)
        except (AttributeError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{self._path} is not a checkpoint file of this command: name another or remove it"
            ) from error

    @staticmethod
    def _parse(content: dict[str, Any]) -> dict[str, dict[str, ShardCheckpoint]]:
        if content["version"] != _VERSION:
            raise KeyError("version")
        return {
            uuid: {shard_id: ShardCheckpoint(**shard) for shard_id, shard in known.items()}
            for uuid, known in content["mappings"].items()
        }

    def _replace(self, text: str) -> None:
        """Write beside the file and rename: a reader sees the old content or the new, whole."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
