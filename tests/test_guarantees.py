"""docs/guarantees.md against the tests that it names."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "guarantees.md"
_LINK = re.compile(r"\]\(\.\./(tests/[\w/]+\.py)#(test_\w+)\)")


def test_every_guarantee_is_shown_by_a_test_that_exists() -> None:
    """Each row of the table names tests, and each of them is there."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert len(rows) >= 10
    assert all(_LINK.search(row) for row in rows)
    for path, name in _LINK.findall(text):
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path} has no {name}"


def test_every_link_of_the_document_leads_to_a_test() -> None:
    """No link is passed over by the check above."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.count("](") == len(_LINK.findall(text))
