"""How far a shard has come, with several batches in flight."""

from __future__ import annotations

from event_source_mapping.shards.progress import ShardProgress


def test_the_checkpoint_stands_before_the_lowest_unfinished_record() -> None:
    """Records done behind an unfinished one do not move it [Order and concurrency]."""
    progress = ShardProgress()
    for number in ("1", "2", "3", "4"):
        progress.start(number)
    assert not progress.finish(["2", "4"])
    assert progress.checkpoint is None
    assert progress.finish(["1"])
    assert progress.checkpoint == "2"
    assert progress.first_unfinished == "3"
    assert progress.finish(["3"])
    assert progress.checkpoint == "4"


def test_records_done_ahead_are_not_delivered_again_after_a_rewind() -> None:
    """What is read a second time is known to be done [Order and concurrency]."""
    progress = ShardProgress()
    for number in ("1", "2", "3"):
        progress.start(number)
    progress.finish(["2"])
    progress.rewind()
    assert [progress.start(number) for number in ("1", "2", "3")] == [True, False, True]
    progress.finish(["1", "3"])
    assert progress.checkpoint == "3"
