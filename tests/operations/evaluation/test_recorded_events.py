"""Recorded events: files, lists, single records, JSON lines, folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from notifications.common.errors import ConfigurationError
from operations.evaluation.recorded_events import files_of, records_in
from tests.builders import added, event

ONE, TWO = added("a", at=1), added("b", at=2)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(event(ONE, TWO)),
        json.dumps(event(ONE, TWO), indent=2),
        json.dumps([ONE, TWO]),
        f"{json.dumps(ONE)}\n{json.dumps(TWO)}\n",
        f"{json.dumps(event(ONE))}\n\n{json.dumps([TWO])}",
        f"{json.dumps(event(ONE))}\r\n{json.dumps(event(TWO))}\r\n",
    ],
    ids=["event", "indented", "list", "records a line", "mixed lines", "CRLF"],
)
def test_the_same_records_are_read_however_they_were_recorded(content: str, tmp_path: Path) -> None:
    """An event, a list, or one of these or a record a line."""
    path = tmp_path / "recorded.json"
    path.write_text(content, encoding="utf-8")
    assert list(records_in(path)) == [ONE, TWO]


def test_one_record_alone_is_read(tmp_path: Path) -> None:
    """As the Streams API gives it, without the event around it."""
    path = tmp_path / "one.json"
    path.write_text(json.dumps(ONE), encoding="utf-8")
    assert list(records_in(path)) == [ONE]


def test_malformed_records_are_passed_on(tmp_path: Path) -> None:
    """Whether a record is one is for the reader to say; the file is an event."""
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({"Records": [None, 5, {}]}), encoding="utf-8")
    assert list(records_in(path)) == [None, 5, {}]


def test_a_file_that_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    """Without the number that the system has for it."""
    for path, why in ((tmp_path / "nope.json", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigurationError) as raised:
            list(records_in(path))
        assert str(raised.value) == f"{path}: cannot be read: {why}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"price went down", "is not JSON"),
        (b'{"Records": [', "is not JSON"),
        (b"5", "expected a stream event"),
        (b'{"Records": 5}', "expected a stream event"),
        (b'{"a": 1}\n{"b": 2}', "line 1: expected a stream event"),
        (b'{"Records": []}\n{"Records": ', "is neither JSON nor JSON lines: line 2"),
        (b"\xff\xfe", "cannot be read"),
        (b"[" * 100_000, "is not JSON: nested too deeply"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "is not JSON: a number has thousands of digits"),
        (b'{"Records": []}\n' + b"9" * 10_000, "line 2: a number has thousands of digits"),
        (b'{"Records": []}\n' + b"[" * 100_000, "line 2: nested too deeply"),
    ],
)
def test_a_file_that_is_not_a_recording_is_reported_in_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    """The file is named, and the line of it where there are lines."""
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        list(records_in(path))
    message = str(raised.value)
    assert message.startswith(str(path))
    assert said in message
    assert "\n" not in message


def test_a_folder_is_read_through(tmp_path: Path) -> None:
    """Recordings in it and below it, in the order of their names; nothing else."""
    for name in ("b.json", "a.jsonl", "deeper/c.ndjson", "notes.md", "data.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("", encoding="utf-8")
    assert [str(path.relative_to(tmp_path)) for path in files_of(tmp_path)] == ["a.jsonl", "b.json", "deeper/c.ndjson"]


def _missing(folder: Path) -> Any:
    return folder / "nowhere", "there is no such file or folder"


def _empty(folder: Path) -> Any:
    return folder, "the folder holds no .json, .jsonl or .ndjson file"


@pytest.mark.parametrize("make", [_missing, _empty])
def test_nothing_to_read_is_said(make: Any, tmp_path: Path) -> None:
    """A path that leads nowhere, and a folder without recordings."""
    path, said = make(tmp_path)
    with pytest.raises(ConfigurationError, match=said):
        files_of(path)
