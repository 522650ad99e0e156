"""The activity log of `npm start`: what is written is read, in its order, by whoever looks on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from operations.activity.activity_log import EARLIER, FILE, ActivityLog, ActivityReader

RECORD = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1"}}


def read_all(reader: ActivityReader) -> list[dict[str, Any]]:
    """Read until there is nothing new."""
    found: list[dict[str, Any]] = []
    while more := reader.read():
        found += more
    return found


class Desk:
    """Logs and readers of one directory, closed in the end."""

    def __init__(self, directory: Path, closing: ExitStack) -> None:
        self.directory = directory
        self._closing = closing

    def log(self, **options: Any) -> ActivityLog:
        """Begin a log, whose clock stands still."""
        return self._closing.enter_context(closing(ActivityLog(self.directory, now=lambda: 1.5, **options)))

    def reader(self) -> ActivityReader:
        """Begin to read."""
        return self._closing.enter_context(closing(ActivityReader(self.directory)))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a directory to write in and to read from."""
    with ExitStack() as closing_all:
        yield Desk(tmp_path, closing_all)


@pytest.fixture
def log(desk: Desk) -> ActivityLog:
    """Give a log."""
    return desk.log()


def test_what_is_written_is_read_in_its_order(desk: Desk, log: ActivityLog) -> None:
    """Each kind of line, with its time."""
    log.rules("[[rules]]")
    log.invoking([RECORD])
    log.invoked(["1", "2"], {"2"}, "")
    log.mapping({"outcome": "read"}, "read 2")
    assert desk.reader().read() == [
        {"kind": "started", "at": 1.5},
        {"kind": "rules", "at": 1.5, "text": "[[rules]]"},
        {"kind": "invoking", "at": 1.5, "records": [RECORD]},
        {"kind": "invoked", "at": 1.5, "numbers": ["1", "2"], "handedBack": ["2"], "error": ""},
        {"kind": "mapping", "at": 1.5, "event": {"outcome": "read"}, "text": "read 2"},
    ]


def test_a_reader_follows(desk: Desk, log: ActivityLog) -> None:
    """Each call returns what is new."""
    reader = desk.reader()
    assert [each["kind"] for each in reader.read()] == ["started"]
    assert reader.read() == []
    log.rules("a")
    assert [each["text"] for each in reader.read()] == ["a"]


def test_a_line_that_is_not_finished_is_waited_for(desk: Desk, log: ActivityLog) -> None:
    """A reader may come while a line is being written."""
    reader = desk.reader()
    reader.read()
    log.close()
    with (desk.directory / FILE).open("ab") as file:
        file.write(b'{"kind": "ru')
        file.flush()
        assert reader.read() == []
        file.write(b'les"}\n')
        file.flush()
        assert reader.read() == [{"kind": "rules"}]


def test_a_line_that_is_spoilt_is_passed_over(desk: Desk, log: ActivityLog) -> None:
    """Those around it are read."""
    log.close()
    with (desk.directory / FILE).open("ab") as file:
        file.write(b'\xff\n[1]\n{"kind": "rules"}\n')
    assert [each["kind"] for each in desk.reader().read()] == ["started", "rules"]


def test_a_long_log_goes_on_in_another_file_that_begins_with_the_rules(desk: Desk) -> None:
    """A reader that was there misses nothing; one that comes late knows the rules all the same."""
    log = desk.log(largest=2000)
    early = desk.reader()
    log.rules("R")
    seen = []
    for number in range(100):
        log.invoked([str(number)], (), "")
        seen += early.read()
    numbers = [int(each["numbers"][0]) for each in seen if each["kind"] == "invoked"]
    assert numbers == list(range(100))
    assert (desk.directory / EARLIER).stat().st_size <= 2000
    late = read_all(desk.reader())
    assert late[0] == {**late[0], "kind": "rules", "text": "R"}
    assert [int(each["numbers"][0]) for each in late if each["kind"] == "invoked"][-1] == 99


def test_another_run_begins_anew(desk: Desk, log: ActivityLog) -> None:
    """A reader that stays hears that it started."""
    log.rules("old")
    reader = desk.reader()
    reader.read()
    log.close()
    desk.log().rules("new")
    assert [each.get("text", each["kind"]) for each in read_all(reader)] == ["started", "new"]


def test_a_reader_waits_for_a_log(desk: Desk) -> None:
    """There may be none yet."""
    reader = desk.reader()
    assert reader.read() == []
    desk.log()
    assert [each["kind"] for each in reader.read()] == ["started"]


def test_a_full_disk_harms_nobody(desk: Desk, log: ActivityLog) -> None:
    """The writing ends; whoever writes does not notice."""

    class Full:
        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            raise OSError(28, "No space left on device")

    assert log._file
    log._file.close()
    log._file = Full()  # type: ignore[assignment]
    log.rules("a")
    log.rules("b")
    assert len(desk.reader().read()) == 1
