"""Progress: seconds and counts, for a person who watches."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator

import pytest

from operations.terminal import progress
from operations.terminal.progress import counted, step, waiting
from operations.terminal.terminal import Terminal
from tests.operations.terminal.screen import Screen


def test_a_bar_shows_how_far_it_is() -> None:
    """On a terminal the first item shows the bar already, and in the end the line is clean."""
    screen = Screen()
    assert list(counted(Terminal(screen), "abcd", 4, "records")) == list("abcd")
    assert screen.getvalue().startswith("\r[███████" + " " * 23 + "] 25%  1 records")
    assert screen.getvalue().endswith("\r\x1b[K")


def test_the_line_is_clean_when_the_items_end_with_an_error() -> None:
    """The message of the error stands on a line of its own."""

    def items() -> Iterator[int]:
        yield 1
        raise ValueError

    screen = Screen()
    with pytest.raises(ValueError):  # noqa: PT011 - the items' own
        list(counted(Terminal(screen), items(), None, "records"))
    assert screen.getvalue().endswith("1 records\x1b[K\r\x1b[K")


def test_nothing_is_shown_where_nobody_watches() -> None:
    """A log file gets no bar and no seconds."""
    stream = io.StringIO()
    with waiting(Terminal(stream), "waiting"):
        assert list(counted(Terminal(stream), "abcd", None, "records")) == list("abcd")
    assert stream.getvalue() == ""


def test_a_file_has_a_line_when_a_step_begins_and_one_when_it_ends() -> None:
    """With the seconds that it took."""
    stream = io.StringIO()
    with step(Terminal(stream), "Deploying", "Deployed"):
        stream.write("meanwhile\n")
    begun, meanwhile, ended = stream.getvalue().splitlines()
    assert (begun, meanwhile) == ("  Deploying …", "meanwhile")
    assert ended.startswith("✓ Deployed  ")
    assert ended.endswith(" s")


def test_a_step_that_fails_is_marked() -> None:
    """The error itself goes on to whoever can explain it."""
    stream = io.StringIO()
    with pytest.raises(KeyError), step(Terminal(stream), "Deploying", "Deployed"):
        raise KeyError
    assert stream.getvalue().splitlines()[-1] == "✗ Deploying"


def test_seconds_are_counted_until_a_line_replaces_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal; the line that follows begins where the seconds stood."""
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_TICKS", 0.001)
    screen = Screen()
    terminal = Terminal(screen)
    with waiting(terminal, "waiting"):
        for _ in itertools.count():
            if "waiting … 0 s" in screen.getvalue():
                break
    terminal.line("done")
    assert screen.getvalue().endswith("\r\x1b[Kdone\n")
