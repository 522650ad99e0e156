"""Reading the products stream: shards, pages, and what is gone."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from operations.deployed.stream_records import Stream
from tests.builders import STREAM, added, sequence_number
from tests.operations.stage import CLOSED, SHARD, FakeStreams, Shard, refusal

RECORDS = [added(f"p{number}", at=number) for number in range(1, 7)]


def _numbers(records: Any) -> list[int]:
    return [int(record["dynamodb"]["SequenceNumber"]) - int(sequence_number(0)) for record in records]


def _range(first: int, last: int, *shards: Shard) -> Any:
    return Stream(FakeStreams(*shards), STREAM).range(SHARD, sequence_number(first), sequence_number(last))


def test_every_record_is_read_page_by_page_and_shard_by_shard() -> None:
    """Parents come before their children, whatever the order of the answer."""
    child = Shard([RECORDS[4:]], "child", parent="parent")
    parent = Shard([RECORDS[:2], RECORDS[2:4]], "parent", parent="trimmed long ago", range=CLOSED)
    assert _numbers(Stream(FakeStreams(child, parent), STREAM).records()) == [1, 2, 3, 4, 5, 6]


def test_records_come_as_the_function_receives_them() -> None:
    """With the stream's ARN and a time in seconds."""
    (record,) = Stream(FakeStreams(Shard([RECORDS[:1]])), STREAM).records()
    assert record["eventSourceARN"] == STREAM
    assert record["dynamodb"]["ApproximateCreationDateTime"] == 1795251720.0
    assert record["dynamodb"]["NewImage"] == RECORDS[0]["dynamodb"]["NewImage"]


def test_empty_pages_may_come_before_records() -> None:
    """A few in a row do not end the shard."""
    assert _numbers(Stream(FakeStreams(Shard([[], [], [], [], RECORDS[:1]])), STREAM).records()) == [1]


def test_a_closed_shard_is_read_to_its_end_over_any_number_of_empty_pages() -> None:
    """It says itself where it ends."""
    shard = Shard([*[[]] * 50, RECORDS[:1]], range=CLOSED)
    assert _numbers(Stream(FakeStreams(shard), STREAM).records()) == [1]


def test_an_open_shard_comes_to_an_end() -> None:
    """Its iterator never does; after empty pages in a row it counts as read."""
    streams = FakeStreams(Shard([RECORDS[:1]]))
    assert _numbers(Stream(streams, STREAM).records()) == [1]
    assert streams.asked.count("GetRecords") < 20


@pytest.mark.parametrize(
    "lost", [Shard([], "a", gone=True), Shard([refusal("TrimmedDataAccessException")], "a")], ids=["gone", "trimmed"]
)
def test_a_shard_that_vanishes_meanwhile_is_passed_over(lost: Shard) -> None:
    """Shards live 24 hours; the others are read on."""
    assert _numbers(Stream(FakeStreams(lost, Shard([RECORDS[:2]], "b")), STREAM).records()) == [1, 2]


def test_another_refusal_is_not_swallowed() -> None:
    """Whoever may not read the stream has to hear of it."""
    stream = Stream(FakeStreams(Shard([refusal("AccessDeniedException")])), STREAM)
    with pytest.raises(ClientError, match="AccessDenied"):
        list(stream.records())


def test_a_range_has_both_its_ends() -> None:
    """From 2 to 4, over pages."""
    found = _range(2, 4, Shard([RECORDS[:3], RECORDS[3:]]))
    assert (_numbers(found.records), found.trimmed) == ([2, 3, 4], False)


def test_a_range_whose_beginning_is_gone_gives_the_rest_and_says_so() -> None:
    """2 and 3 were trimmed; 4 is there."""
    found = _range(2, 4, Shard([RECORDS], trimmed_before=sequence_number(4)))
    assert (_numbers(found.records), found.trimmed) == ([4], True)


@pytest.mark.parametrize(
    "shard",
    [
        Shard([RECORDS], trimmed_before=sequence_number(6)),
        Shard([], gone=True),
        Shard([RECORDS[:1]], range={**CLOSED, "EndingSequenceNumber": sequence_number(9)}),
    ],
    ids=["trimmed", "gone", "never there"],
)
def test_a_range_of_which_nothing_is_left_is_trimmed(shard: Shard) -> None:
    """Nothing to play, and no error."""
    found = _range(2, 4, shard)
    assert (found.records, found.trimmed, found.unfinished) == ([], True, False)


def test_a_range_that_an_open_shard_has_not_shown_yet_is_unfinished() -> None:
    """Behind ten empty pages there may be more: to take it for trimmed would delete its message."""
    found = _range(2, 4, Shard([RECORDS[:1], *[[]] * 30, RECORDS[1:]]))
    assert (found.records, found.trimmed, found.unfinished) == ([], False, True)


def test_a_trimmed_range_whose_rest_may_come_is_unfinished() -> None:
    """2 is gone; whether 3 and 4 are there, ten empty pages do not say."""
    found = _range(2, 4, Shard([*[[]] * 30, RECORDS[3:]], trimmed_before=sequence_number(3)))
    assert (found.records, found.trimmed, found.unfinished) == ([], True, True)


def test_a_range_of_which_only_the_beginning_is_read_is_unfinished() -> None:
    """2 and 3 are there, and 4 has not come."""
    found = _range(2, 4, Shard([RECORDS[:3]]))
    assert (_numbers(found.records), found.trimmed, found.unfinished) == ([2, 3], False, True)


def test_the_open_shards_of_a_whole_reading_are_known() -> None:
    """A closed one has an end, an open one only empty pages."""
    stream = Stream(FakeStreams(Shard([RECORDS[:1]], "open"), Shard([RECORDS[1:]], "closed", range=CLOSED)), STREAM)
    list(stream.records())
    assert stream.open_shards == {"open"}


def test_a_range_that_may_not_be_read_is_an_error() -> None:
    """To take it for trimmed would give up what is still there."""
    with pytest.raises(ClientError, match="AccessDenied"):
        _range(2, 4, Shard([refusal("AccessDeniedException")]))


def test_a_record_is_found_in_whichever_shard_has_it() -> None:
    """By its sequence number alone."""
    shards = Shard([RECORDS[:3]], "a"), Shard([RECORDS[3:]], "b")
    found = Stream(FakeStreams(*shards), STREAM).find(sequence_number(5))
    assert (_numbers(found.records), found.trimmed) == ([5], False)


def test_a_record_that_no_shard_has_is_trimmed() -> None:
    """The stream forgets after 24 hours: its open shards begin later, and are not even asked."""
    streams = FakeStreams(Shard([RECORDS[5:]], range={"StartingSequenceNumber": sequence_number(6)}))
    found = Stream(streams, STREAM).find(sequence_number(5))
    assert (found.records, found.trimmed, found.unfinished) == ([], True, False)
    assert streams.asked == ["DescribeStream"]


def test_a_record_that_an_open_shard_may_still_hold_is_not_trimmed() -> None:
    """Ten empty pages are not its end."""
    found = Stream(FakeStreams(Shard([RECORDS[:3]])), STREAM).find(sequence_number(5))
    assert (found.records, found.trimmed, found.unfinished) == ([], False, True)
