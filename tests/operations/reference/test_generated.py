"""What is generated from the tables of keys is in the repository as it would be generated now."""

from __future__ import annotations

from pathlib import Path

import pytest

from notifications.config.rules_file import parse
from notifications.rules.product import Product
from operations.reference import __main__ as command
from tests.builders import ROOT

SOURCES = command.read_sources(ROOT)
DOCUMENT = SOURCES[command.RULES_DOCUMENT]


@pytest.mark.parametrize("path", command.generated(SOURCES), ids=str)
def test_the_committed_file_is_what_the_keys_say(path: Path) -> None:
    """After a change of the keys, `npm run generate` writes it."""
    assert (ROOT / path).read_text("utf-8") == command.generated(SOURCES)[path]


def test_only_what_differs_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command names each file that it writes; a second run writes nothing."""
    for path in command.generated(SOURCES):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    for path, text in SOURCES.items():
        (tmp_path / path).write_text(text, "utf-8")
    stale = DOCUMENT.replace("the stock below which to alert, such as 5 |", "outdated |")
    assert stale != DOCUMENT
    (tmp_path / command.RULES_DOCUMENT).write_text(stale, "utf-8")
    monkeypatch.setattr(command, "PROJECT", tmp_path)
    command.main()
    assert capsys.readouterr().out.splitlines() == [
        "schemas/alerts.schema.json written",
        "docs/rules.md written",
        "schemas/receivers.schema.json written",
        "notifications/delivery/templates/mail.html written",
    ]
    assert (tmp_path / command.RULES_DOCUMENT).read_text("utf-8") == DOCUMENT
    command.main()
    assert capsys.readouterr().out == ""


def test_a_document_without_markers_is_refused() -> None:
    """A table that is not written anywhere would be missed by nobody."""
    with pytest.raises(ValueError, match=r"no markers for the keys of \[product\]"):
        command.generated({**SOURCES, command.RULES_DOCUMENT: "# The rules\n"})


def test_the_defaults_of_the_product_table_are_those_of_a_product() -> None:
    """Without a [product] table, the attributes are the same as with an empty one and as in the code."""
    rule = '[[rules]]\nname = "r"\nwhen = "added"\n'
    assert parse(rule).product == parse(f"[product]\n{rule}").product == Product()
