"""Rules: mistakes at their lines, what would change, and saving."""

from __future__ import annotations

import http.client
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.sources import settings
from console.sources.console import Console
from operations.settings.editing import version_of
from tests.builders import ROOT
from tests.console.stage import RULES, Browser, MemoryStage, console_of, until
from tests.operations.stage import refusal
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
    assert "saved" in answer.text
    assert "not deployed to the local stage yet" in answer.text
    again = editor.post("/rules/save", {"file": "rules", "text": RULES, "version": version(answer.text)})
    assert ">saved<" in again.text
    assert (project / "alerts.toml").read_text("utf-8") == RULES
    assert {each.name for each in project.glob("*.toml*")} == {"alerts.toml"}


def state(browser: Browser, which: str = "rules") -> str:
    """Read what the page says of the deployment when it is loaded anew."""
    text = browser.get(f"/rules?file={which}").text
    return text.partition('id="deployment"')[2].partition("</div></div>")[0]


@pytest.mark.parametrize("which", ["rules", "receivers"])
def test_the_page_says_how_far_the_deployment_of_what_was_saved_has_come(
    editor: Browser, stage: MemoryStage, project: Path, which: str
) -> None:
    """Saved, being deployed, deployed or refused with the reason: of this file, as it is now; read without scripts."""
    path = project / {"rules": "alerts.toml", "receivers": "local/receivers.toml"}[which]
    new = path.read_text("utf-8") + "# mine\n"
    was = version_of(path.read_bytes())
    stage.activity.deployment(which, was, "deployed")
    until(lambda: "Deployed to the local stage" in state(editor, which))
    form = {"file": which, "text": new, "version": was}
    answer = editor.post("/rules/save", form, **{"HX-Request": ""})
    assert (answer.status, answer.headers["location"]) == (303, f"/rules?file={which}")
    assert "not deployed to the local stage yet" in state(editor, which)
    stage.activity.deployment(which, "", "deploying")
    until(lambda: "Being deployed" in state(editor, which))
    stage.activity.deployment(which, version_of(new.encode()), "refused", "line 3: <b>no</b>")
    refused = until(lambda: (text := state(editor, which)) and "Not deployed" in text and text)
    assert "line 3: &lt;b&gt;no&lt;/b&gt;" in refused
    stage.activity.deployment(which, was, "deployed")
    until(lambda: "not deployed to the local stage yet" in state(editor, which))
    stage.activity.deployment(which, version_of(new.encode()), "deployed")
    until(lambda: "Deployed to the local stage <time" in state(editor, which))


def test_a_deployment_that_was_broken_off_is_not_under_way_for_ever(
    served: tuple[Console, Browser], stage: MemoryStage, project: Path
) -> None:
    """`npm start` was ended in the middle of it."""
    console, browser = served
    assert project
    stage.activity.deployment("rules", "", "deploying")
    until(lambda: "Being deployed" in state(browser))
    console.now = lambda: time.time() + 200
    assert "not deployed to the local stage yet" in state(browser)


def test_the_page_hears_of_the_deployment(editor: Browser, stage: MemoryStage) -> None:
    """As server-sent events, each state once."""
    connection = http.client.HTTPConnection("127.0.0.1", editor.port, timeout=10)
    connection.request("GET", "/rules/stream?file=rules", headers={"cookie": editor.cookie})
    answer = connection.getresponse()
    said = b""
    try:
        for number, marked in enumerate(("not deployed", "Being deployed", "Not deployed: the rules"), 1):
            while marked.encode() not in said:
                said += answer.read1(2000)
            assert said.count(b"event: deployment") == number
            if number == 1:
                stage.activity.deployment("rules", "", "deploying")
            elif number == 2:
                stage.activity.deployment("rules", version_of(RULES.encode()), "refused", "line 3\n\nevent: forged")
        assert b"\nevent: forged" not in said
    finally:
        connection.close()


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
    saved = editor.post("/rules/save", {"file": "receivers", "text": right, "version": version(page)})
    assert ">saved<" in saved.text
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


def test_rules_of_a_deployed_stage_are_tried_on_the_alerts_that_went_out(
    stage: MemoryStage, prod: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which would not go out any more, each with the way to its record; that nothing is known of others is said."""
    monkeypatch.setattr(settings, "HISTORY_DAYS", 3000)
    assert "No alert of the last" in check(prod, STRICTER, on="history")
    settings_of_now = prod.get("/rules?on=history").text
    assert '<option value="history" selected>' in settings_of_now
    monkeypatch.setattr(settings, "_FRESH_SECONDS", 0)
    shop = Shop().put(name="<b>Mug", price=10, stock=3).put(after=MINUTE, price=8).put(after=2 * MINUTE, stock=0)
    stage.play(shop, delivered_to="everyone")
    said = check(prod, STRICTER, on="history")
    assert "Of 2 alerts" in said
    assert "1 would not go out any more" in said
    assert "&lt;b&gt;Mug: 8.00 USD, was 10.00</a>" in said
    assert 'href="/records/' in said
    assert "Alerts that would come cannot be told" in said
    assert "0 would not go out any more" in check(prod, RULES, on="history")
    other = RULES.partition("[[rules]]")[0] + '[[rules]]\nname = "any"\nwhen = "removed"\n'
    assert "2 would not go out any more" in check(prod, other, on="history")


def test_a_history_that_cannot_be_read_is_said(
    stage: MemoryStage, prod: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of the page is there."""
    assert stage

    def refuse(*_: object) -> None:
        raise refusal("AccessDeniedException")

    monkeypatch.setattr(settings, "delivered_alerts", refuse)
    said = check(prod, STRICTER, on="history")
    assert "no mistake" in said
    assert "The history could not be read" in said


def test_a_file_of_a_million_characters_is_taken(browser: Browser) -> None:
    """A form has three bytes for many a character, and twelve for some."""
    for character in "#\U0001f600":
        text = ("#" + character * 9998 + "\n") * 100
        assert len(text) == 1_000_000
        answer = browser.post("/rules/check", {"file": "rules", "text": text})
        assert answer.status == 200
        assert "without a rule there is never an alert" in answer.text


def test_of_very_many_mistakes_the_first_are_shown(browser: Browser) -> None:
    """And how many more there are."""
    text = browser.post("/rules/check", {"file": "rules", "text": "[[rules]]\nzz=1\n" * 500}).text
    (count,) = re.findall(r"<b>([\d,]+) mistakes</b>", text)
    shown = text.count("data-line=")
    assert 100 <= shown <= 500
    assert f"and {int(count.replace(',', '')) - shown:,} more" in text
    assert len(re.findall(r'data-lines="([^"]*)"', text)[0].split()) == shown
