"""docs/rules.md: every example holds, and every key has one."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from notifications.common.errors import RulesError
from notifications.config.product_reader import PRODUCT_KEYS
from notifications.config.rule_keys import DEFAULTS_KEYS, KEYS_BY_WHEN, OVERRIDABLE_KEYS, RULE_KEYS, SEVERITY
from notifications.config.rules_file import TOP_KEYS
from notifications.config.where_reader import TESTS
from notifications.publishing.messages import cloud_event, to_message
from notifications.stream.changes import VIEW_TYPES, images_sent
from notifications.text.wording import PLACEHOLDERS
from operations.evaluation.verdicts import judge
from tests.builders import ROOT, rules
from tests.docs.markdown import Block, blocks, code_in, first_cells, headings, section
from tests.docs.notation import Expected, read
from tests.service import Service

TEXT = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
BLOCKS = blocks(TEXT)
EXAMPLES = [
    (toml, changes) for toml, changes in pairwise(BLOCKS) if (toml.language, changes.language) == ("toml", "text")
]


@pytest.mark.parametrize(("toml", "changes"), EXAMPLES, ids=lambda block: f"{block.heading}, line {block.line}")
def test_an_example_does_what_it_says(toml: Block, changes: Block) -> None:
    """Each change alerts as written, or is quiet for the reason written; the function and `explain` agree."""
    if changes.text.startswith("alerts.toml: "):
        with pytest.raises(RulesError) as raised:
            rules(toml.text)
        assert str(raised.value) == changes.text.rstrip()
        return
    loaded = rules(toml.text)
    steps = read(changes.text)
    by_number: dict[int, list[Any]] = {}
    for verdict in judge(loaded, [step.record for step in steps]):
        by_number.setdefault(verdict.number, []).append(verdict)
    service = Service(loaded)
    for number, step in enumerate(steps, 1):
        before = len(service.alerts)
        service.handle(step.record)
        alerts = service.alerts[before:]
        assert [_shown(alert, expected) for alert, expected in zip(alerts, step.alerts, strict=False)] == step.alerts
        assert [alert.title for alert in alerts] == [expected.title for expected in step.alerts]
        judged = [alert for verdict in by_number[number] for alert in verdict.alerts]
        assert [cloud_event(alert) for alert in judged] == [cloud_event(alert) for alert in alerts]
        if step.quiet is not None:
            assert alerts == []
            assert step.quiet in {verdict.reason for verdict in by_number[number]}


def _shown(alert: Any, expected: Expected) -> Expected:
    """Give what the alert says of all that is expected of it, in the notation's words."""
    found = {}
    for name in expected.more:
        if name == "attributes":
            attributes = to_message(alert).attributes
            found[name] = ", ".join(f"{key}={attributes[key]['StringValue']}" for key in sorted(attributes))
            continue
        value: Any = alert.data
        for part in name.removeprefix("data.").split("."):
            value = value[part]
        found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return Expected(alert.title, found)


def test_no_example_is_passed_over() -> None:
    """Every fenced block of the document is one of a pair."""
    assert len(BLOCKS) == 2 * len(EXAMPLES)
    assert [block.language for block in BLOCKS] == ["toml", "text"] * len(EXAMPLES)


@pytest.mark.parametrize(("table", "keys"), [("[product]", set(PRODUCT_KEYS)), ("[[rules]]", set(RULE_KEYS))])
def test_every_key_has_a_heading_and_every_heading_a_key(table: str, keys: set[str]) -> None:
    """What the file can say stands in the document, and the document says nothing that the file cannot."""
    found = re.findall(r"^### `(\w+)`$", section(TEXT, table), re.MULTILINE)
    assert sorted(found) == sorted(keys)


@pytest.mark.parametrize("table", ["[product]", "[[rules]]"])
def test_every_key_is_used_in_the_example_under_its_heading(table: str) -> None:
    """An example that does not name its key shows nothing of it."""
    keys = re.findall(r"^### `(\w+)`$", section(TEXT, table), re.MULTILINE)
    own = [heading for _, heading in headings(TEXT)]
    for key in keys:
        examples = [toml.text for toml, _ in EXAMPLES if toml.heading == f"`{key}`"]
        assert f"`{key}`" in own
        assert any(re.search(rf"^{key} = ", text, re.MULTILINE) for text in examples), key


def test_every_table_of_the_file_has_a_section() -> None:
    """[product], [defaults] and [[rules]]."""
    sections = {heading.strip("[]") for level, heading in headings(TEXT) if level == 2 and heading.startswith("[")}
    assert sections == set(TOP_KEYS)


def test_every_default_is_listed() -> None:
    """And nothing else; those that cannot be defaults are named as such."""
    text = section(TEXT, "[defaults]")
    excluded, listed = text[text.index("can stand here but") :].split(":", 1)
    assert sorted(code_in(listed)) == sorted(DEFAULTS_KEYS)
    assert sorted(code_in(excluded)) == sorted(set(RULE_KEYS) - set(DEFAULTS_KEYS))


def test_every_key_that_a_product_may_replace_is_listed() -> None:
    """And nothing else."""
    text = section(TEXT, "Exceptions that a product carries")
    listed = text[text.index("can be replaced:") :].partition(".")[0]
    assert code_in(listed) == list(OVERRIDABLE_KEYS)


def test_every_kind_of_rule_is_explained_with_an_example() -> None:
    """The eight words of `when`, each before an example that uses it."""
    examples = [toml.text for toml, _ in EXAMPLES if toml.heading == "`when`"]
    assert [re.search(r'when = "(\w+)"', text)[1] for text in examples] == list(KEYS_BY_WHEN)  # type: ignore[index]
    assert re.findall(r"^`(\w+)`:", section(TEXT, "`when`"), re.MULTILINE) == list(KEYS_BY_WHEN)


def test_every_test_of_where_is_listed() -> None:
    """The operators and no others."""
    assert first_cells(section(TEXT, "`where`")) == [f"`{operator}`" for operator in TESTS]


def test_every_name_of_a_template_is_listed() -> None:
    """The fixed names, and the paths into both images."""
    cells = first_cells(section(TEXT, "Titles and texts"))
    assert sorted(cells) == sorted([*(f"`{{{name}}}`" for name in PLACEHOLDERS), "`{old.…}`, `{new.…}`"])


def test_severities_and_view_types_are_listed() -> None:
    """All of them."""
    assert code_in(section(TEXT, "`severity`"))[: len(SEVERITY.words)] == list(SEVERITY.words)
    assert sorted(first_cells(section(TEXT, "What the stream sends"))) == sorted(f"`{each}`" for each in VIEW_TYPES)


@pytest.mark.parametrize("view_type", VIEW_TYPES)
def test_the_table_of_view_types_holds(view_type: str) -> None:
    """What works with less than both images is added and removed, as far as `where` can see."""
    row = next(
        line for line in section(TEXT, "What the stream sends").splitlines() if line.startswith(f"| `{view_type}`")
    )
    plain = {when for when in KEYS_BY_WHEN if not _needs(when, "", view_type)}
    demanding = {when for when in KEYS_BY_WHEN if not _needs(when, "where = { name = 'x' }", view_type)}
    if view_type == "NEW_AND_OLD_IMAGES":
        assert plain == demanding == set(KEYS_BY_WHEN)
    else:
        assert plain == {"added", "removed"} == set(code_in(row)) & set(KEYS_BY_WHEN)
        first = code_in(row)[1]
        assert demanding == (set() if view_type == "KEYS_ONLY" else {first})


def _needs(when: str, more: str, view_type: str) -> bool:
    """Tell whether a rule misses an image for any of its events."""
    more += "\nthreshold = 5" if when == "low_stock" else ""
    (rule,) = rules(f'[[rules]]\nname = "r"\nwhen = "{when}"\n{more}').rules
    return any(rule.needs(event, ["productId"]) - images_sent(view_type) for event in rule.condition.events)
