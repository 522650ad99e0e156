"""docs/receivers.md: every example is right, and every kind and key stands there."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from notifications.common.errors import ReceiversError
from notifications.config import receivers_file, rules_file
from notifications.config.receiver_keys import KIND, RECEIVER_KEYS
from notifications.delivery.rendering import discord, slack, teams
from notifications.delivery.rendering.digest import MOST_LINES
from notifications.delivery.rendering.mail import _context
from operations.evaluation.receivers_check import SAMPLE
from tests.builders import ROOT
from tests.docs.markdown import Block, blocks, code_in, headings, section
from tests.notifications.delivery.rendering.examples import event, receiver, view

TEXT = (ROOT / "docs" / "receivers.md").read_text(encoding="utf-8")
RULES = rules_file.load(ROOT / "alerts.toml")
EXAMPLES = [block for block in blocks(TEXT) if block.language == "toml" and block.heading != "Mistakes"]


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: f"{block.heading}, line {block.line}")
def test_an_example_can_be_pasted(block: Block) -> None:
    """Into receivers.toml, beside the project's own rules."""
    assert receivers_file.parse(block.text, ruleset=RULES).all


def test_all_examples_together_are_one_file() -> None:
    """Their names differ."""
    assert len(receivers_file.parse("\n".join(block.text for block in EXAMPLES), ruleset=RULES).all) == len(EXAMPLES)


def test_the_mistakes_are_told_as_shown() -> None:
    """All of them."""
    pairs = [pair for pair in pairwise(blocks(TEXT)) if pair[0].heading == "Mistakes" and pair[1].heading == "Mistakes"]
    ((toml, said),) = pairs
    with pytest.raises(ReceiversError) as raised:
        receivers_file.parse(toml.text)
    assert str(raised.value) == said.text.rstrip()


def test_every_kind_has_a_section() -> None:
    """And an example of it, but for `text`, which the file ships with."""
    kinds = re.findall(r"^### `(\w+)`$", section(TEXT, "Kinds"), re.MULTILINE)
    assert kinds == list(KIND.words)
    shown = {receivers_file.parse(block.text).all[0].kind for block in EXAMPLES}
    assert shown == set(KIND.words)


def test_every_key_stands_in_an_example_or_in_the_table() -> None:
    """The table is generated; what it says of a key is not shown to be used."""
    used = {line.split(" = ")[0] for block in EXAMPLES for line in block.text.splitlines() if " = " in line}
    assert used >= set(RECEIVER_KEYS) - {"most_products"}


def test_every_name_that_a_template_has_is_listed() -> None:
    """And no other."""
    listed = section(TEXT, "A template of your own").partition("It is filled with")[2].partition("The project's own")[0]
    assert set(code_in(listed)) == {*_context(view(), receiver()), "None"}


def test_the_limits_are_those_of_the_code() -> None:
    """Figures of the table."""
    text = section(TEXT, "Limits")
    figures = (slack.MOST_BLOCKS, slack.LONGEST_SECTION, teams.MOST_BYTES, discord.LONGEST_DESCRIPTION,
               discord.MOST_CHARACTERS, MOST_LINES)  # fmt: skip
    assert all(f"{figure:,}" in text for figure in figures)


def test_the_sample_of_the_check_is_an_alert_as_it_is_published() -> None:
    """Templates are checked with what they will get."""
    assert set(event()) == set(SAMPLE)
    assert [heading for level, heading in headings(TEXT) if level == 1] == ["The receivers"]
