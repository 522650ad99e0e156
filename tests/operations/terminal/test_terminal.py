"""Colour and lines on a terminal, plain text in a file."""

import io

import pytest

from operations.terminal.terminal import Terminal
from tests.operations.terminal.screen import Screen


@pytest.mark.parametrize(
    ("stream", "no_color", "coloured"),
    [(Screen(), "", True), (Screen(), "1", False), (io.StringIO(), "", False)],
    ids=["terminal", "NO_COLOR", "file"],
)
def test_colour_is_for_terminals(
    stream: io.StringIO, no_color: str, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file holds no escape sequence, and neither does a terminal whose user wants none."""
    monkeypatch.setenv("NO_COLOR", no_color)
    assert Terminal(stream).style("good", "text") == ("\x1b[32mtext\x1b[0m" if coloured else "text")


def test_an_error_has_the_other_tools_lines_below_it() -> None:
    """Set off, so that it is clear who wrote them."""
    stream = io.StringIO()
    Terminal(stream).error("the deploy was refused", "one\ntwo")
    assert stream.getvalue() == "error: the deploy was refused\n  | one\n  | two\n"


def test_a_line_replaces_what_is_shown_meanwhile() -> None:
    """Nothing of it stays on the screen."""
    screen = Screen()
    terminal = Terminal(screen)
    terminal.show("working")
    terminal.line("done")
    assert screen.getvalue() == "\rworking\x1b[K\r\x1b[Kdone\n"
