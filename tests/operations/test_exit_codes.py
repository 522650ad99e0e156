"""A wrong value on the command line ends with 2, whichever command and option it stands behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.stage import FakeStack, Operate

WRONG = [
    ["mute", "--rule", "price-drop", "--until", "0m"],
    ["mute", "--rule", "price-drop", "--until", "2020-01-01T00:00Z"],
    ["mute", "--rule", "price-drop", "--until", "900d"],
    ["mute", "--product", "p" * 513, "--until", "1h"],
    ["mute", "--until", "1h"],
    ["mute", "--product", "", "--until", "1h"],
    ["mute", "--rule", "price-drop", "--product", "", "--until", "1h"],
    ["mute", "--rule", "", "--product", "prod-123", "--until", "1h"],
    ["unmute", "--product", ""],
    ["unmute"],
    ["history", "--product", ""],
    ["history", "--product", "prod-123", "--stage", ""],
    ["history", "--product", "prod-123", "--region", ""],
    ["deliveries", "--receiver", "shop", "--since", "abc"],
    ["deliveries", "--receiver", "", "--since", "2h"],
    ["redeliver", "--receiver", "shop", "--since", ""],
    ["undelivered", "--receiver", "", "--redrive"],
    ["undelivered", "--max", "0"],
    ["redrive", "--max", "0"],
    ["status", "--watch", "0"],
    ["explain", "--change", ""],
    ["explain", "--change", "price"],
    ["explain", "--change", "25:00 price 10 → 8"],
    ["explain", "--change", "price 10 → 8", "--rule", ""],
    ["preview", "--history", "abc"],
    ["preview", "--history", ""],
    ["check", "--param", "batchSize"],
    ["check", "--param", "=5"],
    ["check", "--json", "--param", "=5"],
    ["cost", "--alerting", "200"],
]


@pytest.mark.parametrize("command", WRONG, ids=" ".join)
def test_a_wrong_value_ends_with_2(operate: Operate, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    """Before the stage is asked anything, and with a word on standard error."""
    code: Any
    try:
        code, _, said = operate(*command, stack=FakeStack())
    except SystemExit as ended:
        code, said = ended.code, capsys.readouterr().err
    assert code == 2
    assert said.strip()


def test_without_a_command_the_commands_are_listed(operate: Operate) -> None:
    """With a line for each, and the exit code of a wrong command line."""
    done = operate()
    assert done.code == 2
    assert "explain" in done.err
    assert "which rule fired" in done.err
