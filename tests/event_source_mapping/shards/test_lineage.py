"""Lineage: parents before children, late children, trimmed parents, paged listings."""

from __future__ import annotations

import pytest

from event_source_mapping.log.events import EventType
from event_source_mapping.model.errors import StreamThrottledError
from event_source_mapping.model.stream_records import StreamRecord
from event_source_mapping.model.streams import ShardDescription
from event_source_mapping.shards.checkpoints import MemoryCheckpoints
from event_source_mapping.shards.lineage import childless, may_start, new_shards
from event_source_mapping.testing.builders import make_record
from event_source_mapping.testing.fake_stream import FakeShard
from tests.event_source_mapping.scenario import START, fails_on, sent, simulate


def records(*numbers: int, created: float = START) -> list[StreamRecord]:
    """Make records with these numbers."""
    return [make_record(number, created=created) for number in numbers]


def split_shards() -> list[FakeShard]:
    """Make a parent that split in two, listed children first."""
    return [
        FakeShard("child-b", "parent", records(5, 6)),
        FakeShard("child-a", "parent", records(3, 4)),
        FakeShard("parent", None, records(1, 2), closes_at=START),
    ]


def test_a_parent_is_done_before_its_children_whatever_the_listing_order() -> None:
    """Children start when the parent is read to its end and every record is done [Shards]."""
    simulation = simulate(shards=split_shards(), settings={"batch_size": 1}).run()
    flat = [number for (number,) in sent(simulation)]
    assert flat[:2] == [1, 2]
    assert sorted(flat) == [1, 2, 3, 4, 5, 6]


def test_children_wait_for_a_parent_that_is_blocked() -> None:
    """A parent read to its end but not done keeps its children waiting [Shards]."""
    simulation = simulate(fails_on(2), shards=split_shards(), settings={"batch_size": 1})
    simulation.run(seconds=3600)
    assert {number for batch in sent(simulation) for number in batch} == {1, 2}


def test_siblings_run_side_by_side() -> None:
    """A blocked child does not stop its sibling [Shards]."""
    simulation = simulate(fails_on(3), shards=split_shards(), settings={"batch_size": 1})
    simulation.run(seconds=60)
    assert {5, 6} <= {number for batch in sent(simulation) for number in batch}


def test_a_child_that_is_listed_late_is_found_quickly() -> None:
    """After a shard's end its child is looked for at once, again and again [Shards]."""
    shards = [
        FakeShard("parent", None, records(1), closes_at=START),
        FakeShard("child", "parent", records(2), listed_at=START + 0.4),
    ]
    simulation = simulate(shards=shards).run()
    assert sent(simulation) == [[1], [2]]
    started = simulation.logged(EventType.SHARD_STARTED)[1]
    assert started.time < START + 2


def test_a_child_that_is_listed_very_late_is_found_at_the_interval() -> None:
    """The periodic listing finds what the quick tries did not [Shards]."""
    shards = [
        FakeShard("parent", None, records(1), closes_at=START),
        FakeShard("child", "parent", records(2), listed_at=START + 3000),
    ]
    assert sent(simulate(shards=shards).run(idle=4000)) == [[1], [2]]


def test_a_child_whose_parent_was_trimmed_is_a_root() -> None:
    """A parent that is not listed stands in nobody's way [Shards]."""
    simulation = simulate(shards=[FakeShard("child", "gone", records(1))]).run()
    assert sent(simulation) == [[1]]


def test_every_page_of_the_listing_is_read() -> None:
    """DescribeStream pages are followed to the last [Shards]."""
    shards = [FakeShard(f"shard-{n}", None, records(n)) for n in range(1, 8)]
    simulation = simulate(shards=shards, page_size=2).run()
    assert sorted(number for batch in sent(simulation) for number in batch) == list(range(1, 8))


def test_three_generations_are_read_in_order() -> None:
    """Lineage holds over generations, all listed at once [Shards]."""
    shards = [
        FakeShard("c", "b", records(3)),
        FakeShard("b", "a", records(2), closes_at=START),
        FakeShard("a", None, records(1), closes_at=START),
    ]
    assert sent(simulate(shards=shards).run()) == [[1], [2], [3]]


def test_latest_skips_what_is_there_and_reads_later_children_whole() -> None:
    """LATEST is for the first listing; a later child starts at its beginning [Shards]."""
    shards = [
        FakeShard("old", None, records(1), closes_at=START),
        FakeShard("open", "old", [*records(2), *records(3, created=START + 5)], closes_at=START + 10),
        FakeShard("later", "open", records(4, created=START + 9), listed_at=START + 12),
    ]
    simulation = simulate(shards=shards, settings={"starting_position": "LATEST"}).run(idle=30)
    assert sent(simulation) == [[3], [4]]


def test_trim_horizon_reads_everything_there_is() -> None:
    """TRIM_HORIZON starts at the oldest record the stream holds [Shards]."""
    simulation = simulate(records=records(1, 2, 3)).run()
    assert sent(simulation) == [[1, 2, 3]]


def test_a_parent_shown_open_beside_its_child_counts_as_closed() -> None:
    """A listed child proves its parent closed: LATEST does not start at both [Shards]."""
    listed = [ShardDescription("parent"), ShardDescription("child", "parent")]
    starts = {new.shard.shard_id: new.start and new.start.kind for new in new_shards(listed, (), "LATEST")}
    assert starts == {"parent": None, "child": "LATEST"}


def test_a_finished_shard_is_not_replayed_when_it_is_listed_again() -> None:
    """Finished parents stay known, across a restart too [Checkpoints]."""
    checkpoints = MemoryCheckpoints()
    first = simulate(shards=split_shards(), checkpoints=checkpoints).run().stop()
    assert len(sent(first)) == 3
    again = simulate(shards=split_shards(), checkpoints=checkpoints).run()
    assert sent(again) == []


def test_discovery_survives_throttling() -> None:
    """Both spellings of a throttle are waited out [Reading a shard]."""
    refused: list[str] = []

    def before(call: str, _: str) -> None:
        if call == "describe" and len(refused) < 5:
            refused.append(call)
            raise StreamThrottledError("ThrottlingException")

    simulation = simulate(before_call=before).run()
    assert sent(simulation) == [[1, 2, 3, 4]]
    assert len(simulation.logged(EventType.STREAM_TROUBLE)) == 1


def test_a_stream_that_is_gone_leaves_the_mapping_waiting() -> None:
    """The mapping stays; the command says so once and can go idle [Shards]."""
    simulation = simulate(settings={"source_arn": "arn:aws:dynamodb:x:1:table/gone/stream/1"})
    simulation.run(idle=30)
    (trouble,) = simulation.logged(EventType.STREAM_TROUBLE)
    assert "the stream is gone" in trouble.reason
    assert not simulation.poller.done


@pytest.mark.parametrize(
    ("parent", "finished", "expected"),
    [
        (None, {}, True),
        ("p", {}, True),
        ("p", {"p": True}, True),
        ("p", {"p": False}, False),
    ],
)
def test_a_shard_waits_for_a_known_unfinished_parent_only(
    parent: str | None, finished: dict[str, bool], *, expected: bool
) -> None:
    """Unknown parents are trimmed ones [Shards]."""
    assert may_start(parent, finished) is expected


def test_childless_shards_are_those_nobody_names() -> None:
    """What discovery looks for after a shard's end [Shards]."""
    listed = [ShardDescription("a"), ShardDescription("b", "a")]
    assert childless(["a", "b"], listed) == {"b"}
