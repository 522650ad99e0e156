"""Rules: mistakes at their lines, what would change, and saving."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.sources import settings
from tests.builders import ROOT
from tests.console.stage import RULES, Browser, MemoryStage, console_of, until
from tests.rules.scenario import MINUTE, Shop

WRONG = RULES.replace('at_least = "10%"', 'at_least = "cheap"')
STRICTER = RULES.replace('at_least = "10%"', 'at_least = "50%"')


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a project of the test's own."""
    folder = tmp_path / "project"
    (folder / "infrastructure").mkdir(parents=True)
    (folder / "local").mkdir()
    for name in ("serverless.yml", "infrastructure/products-table.yml", "local/receivers.toml"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "events", folder / "events")
    (folder / "alerts.toml").write_text(RULES, "utf-8")
    monkeypatch.setattr(settings, "PROJECT", folder)
    return folder


@pytest.fixture
def editor(project: Path, browser: Browser) -> Browser:
    """Give a browser that edits that project."""
    assert project
    return browser


def version(text: str) -> str:
    """Read the version of the file that the page was made from."""
    found = re.search(r'id="version" value="([0-9a-f]+)"', text)
    assert found
    return found[1]


def check(browser: Browser, text: str, **more: str) -> str:
    """Ask what is to be said of a text."""
    return browser.post("/rules/check", {"file": "rules", "text": text, **more}).text


def test_the_file_is_shown_with_a_number_a_line(editor: Browser) -> None:
    """As it is, markup and all."""
    page = editor.get("/rules").text
    assert "at_least = &#34;10%&#34;" in page
    assert page.count("<li>") >= RULES.count("\n")
    assert "no mistake" in page
    assert 'aria-current="true">alerts.toml' in page


def test_a_mistake_is_named_with_its_line(editor: Browser) -> None:
    """Whatever line endings the browser sends, and all of them at once."""
    line = WRONG.split("\n").index('at_least = "cheap"') + 1
    for text in (WRONG, WRONG.replace("\n", "\r\n")):
        said = check(editor, text)
        assert f'data-lines="{line} "' in said
        assert f"Line {line}</a>, rule “price-drop”" in said
    assert "2 mistakes" in check(editor, WRONG.replace('severity = "critical"', 'severity = "loud"'))


@pytest.mark.parametrize(
    "text", ["", "= = =", "\x00", "a" * 20_000, "[[rules]]" * 2000, "<script>alert(1)</script>"], ids=len
)
def test_any_text_gets_an_answer(editor: Browser, text: str) -> None:
    """While one types, most texts are wrong."""
    for which in ("rules", "receivers", "nonsense"):
        answer = editor.post("/rules/check", {"file": which, "text": text})
        assert answer.status == 200
        assert "<script>" not in answer.text


def test_what_would_change_is_shown_for_what_has_passed(editor: Browser, stage: MemoryStage) -> None:
    """As alerts that would come and alerts that would go, by the same code as `preview`."""
    stage.play(Shop().put(name="Mug", price=10).put(after=MINUTE, price=8).put(after=2 * MINUTE, price=1))
    until(lambda: "3 records" in check(editor, RULES))
    said = check(editor, STRICTER)
    assert "0 more" in said
    assert "1 fewer" in said
    assert "\u2212 price-drop: Mug: 8.00 USD, was 10.00" in said
    assert "Nothing: the same alerts for 3 records" in check(editor, RULES)
    assert "+ any: Mug" in check(editor, RULES + '[[rules]]\nname = "any"\nwhen = "changed"\n')


def test_rules_can_be_tried_on_recorded_events(editor: Browser) -> None:
    """Those of events/."""
    said = check(editor, STRICTER, on="recorded")
    assert "2 fewer" in said
    assert "Wireless Mouse" in said


def test_saving_writes_the_file_and_keeps_the_next_save_possible(editor: Browser, project: Path) -> None:
    """With the line endings of the file, and its permissions."""
    (project / "alerts.toml").chmod(0o640)
    first = version(editor.get("/rules").text)
    answer = editor.post("/rules/save", {"file": "rules", "text": STRICTER.replace("\n", "\r\n"), "version": first})
    assert (project / "alerts.toml").read_text("utf-8") == STRICTER
    assert (project / "alerts.toml").stat().st_mode & 0o777 == 0o640
    assert "Being deployed" in answer.text
    again = editor.post("/rules/save", {"file": "rules", "text": RULES, "version": version(answer.text)})
    assert "Saved" in again.text
    assert (project / "alerts.toml").read_text("utf-8") == RULES
    assert {each.name for each in project.glob("*.toml*")} == {"alerts.toml"}


def test_the_page_says_when_the_saved_rules_run(editor: Browser, stage: MemoryStage) -> None:
    """Which is when the function has them, not when the file has."""
    answer = editor.post(
        "/rules/save", {"file": "rules", "text": STRICTER, "version": version(editor.get("/rules").text)}
    )
    address = re.search(r'hx-get="([^"]+)"', answer.text)
    assert address
    assert "Being deployed" in editor.part(address[1]).text
    stage.activity.rules(STRICTER)
    until(lambda: "Saved and deployed" in editor.part(address[1]).text)


def test_a_mistake_is_not_saved(editor: Browser, project: Path) -> None:
    """The file stays as it is."""
    answer = editor.post("/rules/save", {"file": "rules", "text": WRONG, "version": version(editor.get("/rules").text)})
    assert "Not saved: there is 1 mistake" in answer.text
    assert (project / "alerts.toml").read_text("utf-8") == RULES


def test_a_file_that_somebody_else_has_changed_is_not_overwritten(editor: Browser, project: Path) -> None:
    """The answer says what to do."""
    opened = version(editor.get("/rules").text)
    (project / "alerts.toml").write_text(RULES + "# mine\n", "utf-8")
    answer = editor.post("/rules/save", {"file": "rules", "text": STRICTER, "version": opened})
    assert "changed by somebody else" in answer.text
    assert (project / "alerts.toml").read_text("utf-8") == RULES + "# mine\n"


def test_receivers_are_edited_likewise(editor: Browser, project: Path) -> None:
    """The file that the stage is deployed with."""
    page = editor.get("/rules?file=receivers").text
    assert "merchandising" in page
    wrong = (project / "local" / "receivers.toml").read_text("utf-8").replace('kind = "mail"', 'kind = "pigeon"')
    said = editor.post("/rules/check", {"file": "receivers", "text": wrong}).text
    assert "receiver “merchandising”" in said
    right = '[[receivers]]\nname = "everyone"\nkind = "text"\n'
    assert "Saved" in editor.post("/rules/save", {"file": "receivers", "text": right, "version": version(page)}).text
    assert (project / "local" / "receivers.toml").read_text("utf-8") == right


@pytest.fixture
def prod(stage: MemoryStage, project: Path) -> Iterator[Browser]:
    """Serve a console of a deployed stage that may write."""
    assert project
    with console_of(stage, "prod") as (_, browser):
        yield browser


def test_the_files_of_a_deployed_stage_are_tried_and_not_saved(prod: Browser, project: Path) -> None:
    """Saving would not deploy them."""
    page = prod.get("/rules").text
    assert "Save alerts.toml" not in page
    assert "npx sls deploy --stage prod" in page
    assert "2 fewer" in check(prod, STRICTER)
    assert prod.post("/rules/save", {"file": "rules", "text": STRICTER, "version": version(page)}).status == 403
    assert (project / "alerts.toml").read_text("utf-8") == RULES
