"""`python -m operations render`: what a receiver would get, sent to nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from notifications.config.receiver_keys import KIND
from tests.builders import EVENTS
from tests.notifications.config.test_receivers_file import entry
from tests.operations.stage import Done, Operate

Render = Callable[..., Done]


@pytest.fixture
def render(operate: Operate, tmp_path: Path) -> Render:
    """Run the command with a receiver of each kind."""
    path = tmp_path / "receivers.toml"
    path.write_text("".join(entry(kind=kind, name=kind) for kind in KIND.words), encoding="utf-8")

    def run(receiver: str, *arguments: object, event: str = "price-drop") -> Done:
        file = EVENTS / f"{event}.json"
        return operate("render", "--receiver", receiver, "--event", file, "--receivers", path, *arguments)

    return run


@pytest.mark.parametrize(
    ("receiver", "endings"),
    [("text", [".txt"]), ("mail", [".html", ".txt"]), ("slack", [".json"]), ("teams", [".json"]),
     ("discord", [".json"]), ("chatbot", [".json"]), ("webhook", [".json"])],
)  # fmt: skip
def test_each_kind_is_written_to_files(render: Render, tmp_path: Path, receiver: str, endings: list[str]) -> None:
    """Named after the receiver and counted, a digest by that word; the command names each."""
    out = tmp_path / "out"
    names = [f"{receiver}-1{ending}" for ending in endings]
    done = render(receiver, "--output", out)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [f"{out / name} written" for name in names]
    assert all("Wireless Mouse" in (out / name).read_text("utf-8") for name in names)
    if receiver != "webhook":
        render(receiver, "--digest", "--output", out)
        names += [f"{receiver}-digest{ending}" for ending in endings]
    assert sorted(path.name for path in out.iterdir()) == sorted(names)


def test_each_alert_of_an_event_has_a_file(render: Render, tmp_path: Path) -> None:
    """In the order of the event."""
    assert render("slack", "--output", tmp_path / "out", event="mixed-batch").code == 0
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_without_a_directory_it_prints(render: Render) -> None:
    """Of a mail the text part, of a chat its JSON."""
    mail = render("mail")
    assert mail.out.startswith("Subject: Wireless Mouse is 23% cheaper: 19.99 USD\n\nWireless Mouse is 23% cheaper\n")
    assert "<html" not in mail.out
    assert json.loads(render("slack").out)["text"] == "Wireless Mouse is 23% cheaper: 19.99 USD"
    assert "stage prod" not in render("mail", "--stage", "prod").out


def test_an_event_without_an_alert_has_nothing_to_show(render: Render) -> None:
    """Exit code 1, and a line that says so."""
    done = render("mail", event="no-rule")
    assert done.code == 1
    assert "no rule alerts, so there is nothing to render. `explain --event` says why" in done.out


@pytest.mark.parametrize(
    ("receiver", "arguments", "said"),
    [
        ("nobody", [], 'has no receiver "nobody"; it has text, mail, slack'),
        ("webhook", ["--digest"], "never a digest"),
        ("mail", ["--output", "/dev/null/x"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(render: Render, receiver: str, arguments: list[str], said: str) -> None:
    """Exit code 1, no traceback."""
    done = render(receiver, *arguments)
    assert done.code == 1
    assert said in done.err
    assert len(done.err.splitlines()) == 1
