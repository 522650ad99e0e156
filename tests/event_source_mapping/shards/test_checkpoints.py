"""Checkpoints: one contract, in memory and in a file; a restart goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from event_source_mapping.mapping.ports import CheckpointStore, ShardCheckpoint
from event_source_mapping.model.errors import CheckpointError
from event_source_mapping.model.streams import ShardDescription
from event_source_mapping.shards.checkpoints import FileCheckpoints, MemoryCheckpoints
from event_source_mapping.shards.registry import KEEP_FINISHED, ShardRegistry
from event_source_mapping.testing.builders import make_record
from event_source_mapping.testing.fake_stream import FakeShard
from tests.event_source_mapping.scenario import START, fails_on, sent, simulate

SHARDS = {
    "a": ShardCheckpoint("17", "TRIM_HORIZON", None, 1.5),
    "b": ShardCheckpoint(None, "LATEST", "a", None),
}
Make = Callable[[Path], CheckpointStore]


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> CheckpointStore:
    """Give each kind of store in turn."""
    if request.param == "memory":
        return MemoryCheckpoints()
    return FileCheckpoints(tmp_path / "new" / "checkpoints.json")


def test_what_was_saved_is_loaded(store: CheckpointStore) -> None:
    """Per mapping, whole [Checkpoints]."""
    store.save("m-1", SHARDS)
    store.save("m-2", {})
    assert store.load("m-1") == SHARDS
    assert store.load("m-2") == {}
    assert store.load("m-3") == {}


def test_the_last_state_wins(store: CheckpointStore) -> None:
    """Saving replaces [Checkpoints]."""
    store.save("m-1", SHARDS)
    store.save("m-1", {"b": SHARDS["b"]})
    assert store.load("m-1") == {"b": SHARDS["b"]}


def test_a_file_outlives_the_process(tmp_path: Path) -> None:
    """Another store on the same file knows the same [Checkpoints]."""
    path = tmp_path / "checkpoints.json"
    FileCheckpoints(path).save("m-1", SHARDS)
    assert FileCheckpoints(path).load("m-1") == SHARDS
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoints.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 2, "mappings": {}}', '{"version": 1}'])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str) -> None:
    """It is neither overwritten nor read as empty [Checkpoints]."""
    path = tmp_path / "notes.json"
    path.write_text(content)
    with pytest.raises(CheckpointError, match=r"notes\.json"):
        FileCheckpoints(path)
    assert path.read_text() == content


def test_a_file_that_cannot_be_written_is_an_error_with_its_name(tmp_path: Path) -> None:
    """The message names the file [Checkpoints]."""
    store = FileCheckpoints(tmp_path / "blocker" / "checkpoints.json")
    (tmp_path / "blocker").write_text("not a directory")
    with pytest.raises(CheckpointError, match=r"checkpoints\.json"):
        store.save("m-1", SHARDS)


def test_a_write_that_breaks_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is replaced whole or not at all [Checkpoints]."""
    path = tmp_path / "checkpoints.json"
    store = FileCheckpoints(path)
    store.save("m-1", SHARDS)
    before = path.read_text()

    def broken(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(CheckpointError, match="No space left"):
        store.save("m-1", {})
    assert path.read_text() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoints.json"]


def test_a_restart_goes_on_after_the_last_record_done(tmp_path: Path) -> None:
    """What was acknowledged is not delivered again, what was not is [Checkpoints]."""
    path = tmp_path / "checkpoints.json"
    settings = {"batch_size": 2}
    first = simulate(fails_on(3), records=6, settings=settings, checkpoints=FileCheckpoints(path)).run(seconds=10)
    first.stop()
    again = simulate(records=6, settings=settings, checkpoints=FileCheckpoints(path)).run()
    assert sent(first)[0] == [1, 2]
    assert sent(again) == [[3, 4], [5, 6]]
    (known,) = json.loads(path.read_text())["mappings"].values()
    assert known["shardId-1"]["sequence_number"] == str(10**20 + 6)


def test_latest_stays_latest_after_a_restart_and_a_new_child_is_read_whole() -> None:
    """The starting position is for the mapping's first discovery only [Checkpoints]."""
    shards = [FakeShard("a", None, [make_record(1)], closes_at=START + 5)]
    settings = {"starting_position": "LATEST"}
    first = simulate(shards=shards, settings=settings).run(seconds=1).stop()
    shards.append(FakeShard("b", "a", [make_record(2)]))
    again = simulate(shards=shards, settings=settings, checkpoints=first.checkpoints, start=START + 10).run()
    assert sent(again) == [[2]]


def test_finished_parents_are_kept_for_more_than_a_day() -> None:
    """Forgotten too early, a shard listed again would be replayed [Checkpoints]."""
    kept = {"a": ShardCheckpoint("17", "TRIM_HORIZON", None, START)}
    registry = ShardRegistry("TRIM_HORIZON", kept)
    registry.discover([], START + 24 * 3600)
    assert "a" in registry.checkpoints()
    assert registry.discover([ShardDescription("a")], START + 24 * 3600) == []
    registry.discover([], START + KEEP_FINISHED + 1)
    assert registry.checkpoints() == {}
