"""Colour and lines on a terminal, plain text in a file."""

from __future__ import annotations

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


HOSTILE = "Mug\x1b[2J\x1b]0;t\x07\r\n✓ all is well\x9b31m \u202eevil\u2028\ud800"
SHOWN = r"Mug\x1b[2J\x1b]0;t\x07\r\n✓ all is well\x9b31m \u202eevil\u2028\ud800"


@pytest.mark.parametrize("stream", [Screen, io.StringIO], ids=["terminal", "file"])
def test_nothing_but_our_own_colours_reaches_the_terminal(
    stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Escape sequences, line breaks and direction marks are shown as what they are, in colour and without."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = stream()
    terminal = Terminal(screen)

    terminal.line(f"{terminal.style('bold', HOSTILE)} {HOSTILE} \x1b[31mred\x1b[0m")

    bold = (f"\x1b[1m{SHOWN}\x1b[0m") if terminal.live else SHOWN
    assert screen.getvalue() == rf"{bold} {SHOWN} \x1b[31mred\x1b[0m" + "\n"


def test_what_is_shown_meanwhile_is_visible_too() -> None:
    """A product's id in a progress line does not move the cursor."""
    screen = Screen()
    Terminal(screen).show("a\x1b[Ab")
    assert screen.getvalue() == "\ra\\x1b[Ab\x1b[K"


def test_lines_of_ours_stay_lines() -> None:
    """A message with several lines has them, each visible."""
    stream = io.StringIO()
    Terminal(stream).lines("one\ntwo\x07", "bad")
    assert stream.getvalue() == "one\ntwo\\x07\n"
