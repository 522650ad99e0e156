"""`python -m operations check`: the rules, and their fit to serverless.yml."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import EVENTS, EVERY_KIND, ROOT, modified, priced
from tests.operations.stage import Done, Operate
from tests.rules.scenario import rule

OWN_STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/catalogue/stream/2026-01-01T00:00:00.000"
COMPARE_BOTH_IMAGES = ["changed", "drop", "rise", "out", "back", "low"]


Check = Callable[..., Done]


@pytest.fixture
def check(operate: Operate, tmp_path: Path) -> Check:
    """Run the command with a rules file of the given text, or without one the project's own."""

    def run(*arguments: str, text: str | None = None) -> Done:
        if text is None:
            return operate("check", *arguments)
        path = tmp_path / "alerts.toml"
        path.write_text(text, encoding="utf-8")
        return operate("check", *arguments, "--rules", path)

    return run


def stream_of(view_type: str) -> list[str]:
    """Give the parameters of a table that exists already."""
    given = ["--param", f"productsStreamArn={OWN_STREAM}", "--param", f"productsStreamViewType={view_type}"]
    return [*given, "--region", "eu-west-1"]


def test_the_projects_own_rules_fit(check: Check) -> None:
    """What is deployed is right: exit code 0, one line, nothing on standard error."""
    done = check()
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "alerts.toml: 8 rules, no mistake; they fit serverless.yml, stage dev\nreceivers.toml: 1 receiver, no mistake\n"
    )


def test_one_rule_is_counted_as_one(check: Check) -> None:
    """Its line reads as a sentence."""
    assert check(text=rule("added")).out.startswith("alerts.toml: 1 rule, no mistake; it fits serverless.yml")


@pytest.mark.parametrize("stage", ["dev", "prod", "local"])
def test_every_stage_can_be_checked(check: Check, stage: str) -> None:
    """A stage without parameters of its own has the defaults."""
    done = check("--stage", stage)
    assert done.code == 0
    assert f"stage {stage}" in done.out


@pytest.mark.parametrize(("stage", "file"), [("dev", "receivers.toml"), ("local", "local/receivers.toml")])
def test_the_receivers_of_the_stage_are_checked(check: Check, stage: str, file: str) -> None:
    """By the name of the file that the stage is deployed with."""
    assert f"\n{file}: " in check("--stage", stage).out


@pytest.mark.parametrize(("stage", "code"), [("local", 0), ("dev", 1)])
def test_a_webhook_without_tls_is_for_stages_that_allow_it(check: Check, tmp_path: Path, stage: str, code: int) -> None:
    """`allowPrivateAddresses` is on for local; elsewhere the message says what it takes."""
    path = tmp_path / "receivers.toml"
    path.write_text(
        '[[receivers]]\nname = "erp"\nkind = "webhook"\nurl = "http://127.0.0.1:9099/alerts"\nsecret = "erp-key"\n',
        encoding="utf-8",
    )
    done = check("--stage", stage, "--receivers", path)
    assert done.code == code, done.err
    assert ("http is for stages with allowPrivateAddresses: true" in done.err) is bool(code)
    assert check("--stage", "dev", "--receivers", path, "--param", "allowPrivateAddresses=true").code == 0


def test_a_mistake_in_the_rules_fails(check: Check) -> None:
    """Exit code 1, and on standard error every mistake with its line; no traceback."""
    done = check(text='[[rules]]\nname = "r"\nwhen = "price_drop"\nat_least = "ten"\nseverity = "loud"\n')
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("alerts.toml: 2 mistakes\n")
    assert 'line 4, rule "r", at_least = "ten": expected a percentage' in done.err
    assert 'line 5, rule "r", severity = "loud": expected one of' in done.err


def test_a_mistake_can_be_read_by_machines(check: Check) -> None:
    """--json names line, rule and key of each."""
    done = check("--json", text='colour = 1\n[[rules]]\nname = "r"\nwhen = "added"\nseverity = "loud"\n')
    assert (done.code, done.err) == (1, "")
    assert done.json == {
        "ok": False,
        "rules": 0,
        "receivers": 1,
        "problems": [
            {
                "line": 1,
                "rule": None,
                "key": "colour",
                "message": "unknown key; expected one of product, defaults, rules",
                "file": "alerts.toml",
                "receiver": None,
            },
            {
                "line": 5,
                "rule": "r",
                "key": "severity",
                "message": "expected one of info, warning, critical",
                "file": "alerts.toml",
                "receiver": None,
            },
        ],
        "misfits": [],
    }


def test_all_well_can_be_read_by_machines(check: Check) -> None:
    """--json of a good file."""
    done = check("--json", text=EVERY_KIND)
    assert done.code == 0
    assert done.json == {"ok": True, "rules": 8, "receivers": 1, "problems": [], "misfits": []}


def test_a_missing_rules_file_fails(check: Check, tmp_path: Path) -> None:
    """Named, with where it was expected."""
    done = check("--rules", str(tmp_path / "nothing.toml"))
    assert done.code == 1
    assert "nothing.toml: 1 mistake" in done.err
    assert "the file is missing" in done.err


@pytest.mark.parametrize(
    ("stage", "hint"),
    [("prdo", "did you mean prod?"), ("local2", "did you mean local?"), ("emea", "dev, staging, prod, local")],
)
def test_a_stage_that_does_not_exist_is_refused(check: Check, stage: str, hint: str) -> None:
    """It would be deployed as a stack of its own, with an empty table; packaging warns of it."""
    done = check("--stage", stage)
    assert (done.code, done.out) == (1, "")
    assert f"stage: {stage} is not among the stages of serverless.yml" in done.err
    assert hint in done.err
    assert f"write {stage}: {{}} under params" in done.err
    assert check("--stage", stage, "--packaging").code == 0


def test_a_stream_of_another_region_is_refused(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the region comes from the command, from the environment or from nowhere."""
    given = stream_of("NEW_AND_OLD_IMAGES")[:-2]
    done = check(*given)
    assert done.code == 1
    assert "the stream is in eu-west-1, and the function would be in us-east-1" in done.err
    assert "deploy with --region eu-west-1" in done.err
    assert "does not fit the rules" not in done.err
    assert check(*given, "--packaging").code == 1
    assert check(*given, "--region", "eu-west-1").code == 0
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert check(*given).code == 0
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    assert "would be in ap-south-1" in check(*given).err


@pytest.mark.parametrize(
    ("param", "said"),
    [
        ("productsStreamViewType=NEW_IMAGES", "expected one of KEYS_ONLY, NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES"),
        ("productsStreamViewType=new_image", "productsStreamViewType is new_image"),
        ("logRetentionInDays=10", "expected one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731"),
        ("logRetentionInDays=0", "the days that CloudWatch keeps logs for"),
        ("logRetentionInDays=14.0", "the days that CloudWatch keeps logs for"),
        ("ledgerRetentionInDays=31", "expected 32 or more"),
        ("ledgerRetentionInDays=1", "a redrive would alert again"),
        ("batchSize=\uff11\uff10", "expected a whole number from 1 to 10000"),
        ("productsStreamArn=x:dynamodb:/stream/", "is not the ARN of a table's stream"),
        ("productsStreamArn=arn:aws:dynamodb::123456789012:table/t/stream/l", "is not the ARN of a table's stream"),
        ("kmsKeyArn=foo", "kmsKeyArn is foo; expected the ARN of a KMS key"),
        ("productsKeyArn=x", "productsKeyArn is x; expected the ARN of a KMS key"),
        ("unknownParam=1", "unknownParam is unknown and would have no effect"),
        ("receiversFile=", "there is no such file"),
    ],
)
def test_a_setting_that_aws_or_the_guarantees_refuse_is_refused(check: Check, param: str, said: str) -> None:
    """With the values that are taken; the table may be the stack's own."""
    done = check("--param", param)
    assert (done.code, done.out) == (1, "")
    assert said in done.err


def test_a_receivers_file_that_is_not_there_is_refused(check: Check) -> None:
    """A misspelt name would take every receiver out."""
    done = check("--stage", "prod", "--param", "receiversFile=recievers.toml")
    assert (done.code, done.out) == (1, "")
    assert "receiversFile is recievers.toml, and there is no such file" in done.err


def test_a_parameter_names_the_receivers_that_are_checked(check: Check) -> None:
    """Stage local has a file of its own, and a parameter may name another."""
    count = (ROOT / "local" / "receivers.toml").read_text("utf-8").count("\n[[receivers]]")
    assert check("--stage", "local").out.splitlines()[1] == f"local/receivers.toml: {count} receivers, no mistake"
    given = ("--stage", "local", "--param", "receiversFile=receivers.toml")
    assert check(*given).out.splitlines()[1] == "receivers.toml: 1 receiver, no mistake"


@pytest.mark.parametrize("param", ["logRetentionInDays=3653", "ledgerRetentionInDays=32", "ledgerRetentionInDays=3650"])
def test_a_setting_at_the_edge_is_taken(check: Check, param: str) -> None:
    """The edges belong to the range."""
    assert check("--param", param).code == 0


@pytest.mark.parametrize(("given_up", "least"), [(30, 32), (60, 62), (14, 16), (1, 16)])
def test_the_ledger_remembers_for_as_long_as_something_can_be_redriven(check: Check, given_up: int, least: int) -> None:
    """The bucket's days or the queue's 14, the day in the stream and one to spare: a late redrive repeats nothing."""
    params = ["--param", f"givenUpRetentionInDays={given_up}", "--param"]
    assert check(*params, f"ledgerRetentionInDays={least}").code == 0
    done = check(*params, f"ledgerRetentionInDays={least - 1}")
    assert done.code == 1
    assert f"ledgerRetentionInDays is {least - 1}; expected {least} or more" in done.err


def test_a_rule_that_waits_for_a_key_to_change_is_refused(check: Check) -> None:
    """A key never changes; beside another attribute it may be named."""
    text = '[[rules]]\nname = "moved"\nwhen = "changed"\nattributes = ["productId"{}]\n'
    done = check(text=text.format(""))
    assert done.code == 1
    assert 'rule "moved" waits for a change of productId' in done.err
    assert check(text=text.format(', "name"')).code == 0


MISSPELT = """
[product]
price = "pricing.amount"
message_attributes = ["categroy"]

[[rules]]
name = "drop"
when = "price_drop"
where = { catgory = "Home", name = { exists = true } }
title = "{name} {new.shelf} {new.price}"

[[rules]]
name = "edited"
when = "changed"
attributes = ["name", "stock"]
"""


def test_paths_that_no_event_has_are_warned_of(check: Check, tmp_path: Path) -> None:
    """Each once, with its place and what may have been meant; the rules may be right, so the exit code is 0."""
    events = tmp_path / "events.json"
    events.write_text(json.dumps([priced(10, 8), modified({"category": "Home", "name": "a"}, {"name": "b"})]), "utf-8")
    done = check("--events", events, text=MISSPELT)
    assert done.code == 0
    assert done.err.splitlines() == [
        'warning: rule "drop", where: catgory is not in any of the 2 records; did you mean category?',
        'warning: rule "drop", when: pricing.amount is not in any of the 2 records; did you mean price?',
        'warning: rule "drop", title: shelf is not in any of the 2 records',
        'warning: rule "edited", attributes: stock is not in any of the 2 records',
        "warning: [product], message_attributes: categroy is not in any of the 2 records; did you mean category?",
    ]
    assert check("--events", events, "--json", text=MISSPELT).json["warnings"] == [
        line.removeprefix("warning: ") for line in done.err.splitlines()
    ]


def test_the_rules_that_ship_fit_the_events_that_ship(check: Check) -> None:
    """Every path is in some event."""
    done = check("--events", EVENTS)
    assert (done.code, done.err) == (0, "")


def test_events_that_say_nothing_are_said_to(check: Check, tmp_path: Path) -> None:
    """Without an image there is nothing to compare with; a missing file is one clear line."""
    events = tmp_path / "events.json"
    events.write_text('{"Records": [{"no": "record"}]}', "utf-8")
    assert "no event at hand has an image" in check("--events", events).err
    done = check("--events", tmp_path / "nowhere")
    assert done.code != 0
    assert "there is no such file" in done.err


# Receivers


@pytest.fixture
def receivers(tmp_path: Path) -> Callable[[str], Path]:
    """Write a receivers file."""

    def write(text: str) -> Path:
        path = tmp_path / "receivers.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_mistake_in_the_receivers_fails(check: Check, receivers: Callable[[str], Path]) -> None:
    """Every mistake with its line and receiver, also what only the rules can tell."""
    text = (
        '[[receivers]]\nname = "a"\nkind = "slack"\nsecret = "s"\nonly = { rule = ["price-drpo"] }\nlangauge = "de"\n'
    )
    done = check("--receivers", receivers(text))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("receivers.toml: 2 mistakes\n")
    assert 'line 5, receiver "a", only: alerts.toml has no rule "price-drpo"; expected one of' in done.err
    assert "did you mean price-drop?" in done.err
    assert 'line 6, receiver "a", langauge: unknown key; did you mean language?' in done.err


def test_mistakes_in_both_files_are_told_at_once(check: Check, receivers: Callable[[str], Path]) -> None:
    """And by --json with the file and the receiver."""
    path = receivers('[[receivers]]\nname = "a"\n')
    done = check("--receivers", path, "--json", text="colour = 1\n")
    assert done.code == 1
    assert [(each["file"], each["receiver"], each["key"]) for each in done.json["problems"]] == [
        ("alerts.toml", None, "rules"),
        ("alerts.toml", None, "colour"),
        ("receivers.toml", "a", "kind"),
    ]


def test_a_project_without_receivers_is_right(check: Check, project: Path) -> None:
    """No file, no receiver, no mistake."""
    assert not (project / "receivers.toml").exists()
    done = check(text=EVERY_KIND)
    assert (done.code, done.err) == (0, "")
    assert "receivers" not in done.out


def test_a_receivers_file_that_is_named_has_to_be_there(check: Check, tmp_path: Path) -> None:
    """A slip in its name is not a project without receivers."""
    done = check("--receivers", tmp_path / "recievers.toml")
    assert done.code == 1
    assert "recievers.toml" in done.out + done.err
    assert "there is no such file" in done.out + done.err


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("<p>{{ headline }", "line 1: unexpected '}'"),
        ("<p>{{ headlien }}</p>", "'headlien' is undefined"),
        ("{% if digest %}\n{{ digest.nothing }}{% endif %}", "has no attribute 'nothing'"),
        ("{% if alert %}{{ 1 / 0 }}{% endif %}", "ZeroDivisionError"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_mistake_in_the_owners_template_is_found(
    check: Check, receivers: Callable[[str], Path], tmp_path: Path, template: str | None, said: str
) -> None:
    """Whether it cannot be read, names what there is not, or fails while it is filled, with an alert or a digest."""
    (tmp_path / "templates").mkdir()
    if template is not None:
        (tmp_path / "templates" / "shop.html").write_text(template, encoding="utf-8")
    mail = '[[receivers]]\nname = "m"\nkind = "mail"\nto = ["a@shop.example"]\nfrom = "b@shop.example"\n'
    done = check("--receivers", receivers(f'{mail}template = "templates/shop.html"\n'))
    assert done.code == 1
    assert 'receiver "m", template = "templates/shop.html": templates/shop.html' in done.err
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_good_template_of_the_owner_passes(check: Check, receivers: Callable[[str], Path], tmp_path: Path) -> None:
    """The project's own, copied, is one."""
    (tmp_path / "templates").mkdir()
    shutil.copy(ROOT / "notifications/delivery/templates/mail.html", tmp_path / "templates" / "shop.html")
    mail = '[[receivers]]\nname = "m"\nkind = "mail"\nto = ["a@shop.example"]\nfrom = "b@shop.example"\n'
    done = check("--receivers", receivers(f'{mail}template = "templates/shop.html"\n'))
    assert (done.code, done.err) == (0, "")


# View types


@pytest.mark.parametrize(
    ("view_type", "without_images", "missing"),
    [
        ("NEW_AND_OLD_IMAGES", [], ""),
        ("NEW_IMAGE", COMPARE_BOTH_IMAGES, "the old image"),
        ("OLD_IMAGE", COMPARE_BOTH_IMAGES, "the new image"),
        ("KEYS_ONLY", COMPARE_BOTH_IMAGES, "the old and the new image"),
    ],
)
def test_rules_with_missing_images_are_named(
    check: Check, view_type: str, without_images: list[str], missing: str
) -> None:
    """Each rule that can never fire is named, with what is missing and what to do."""
    done = check(*stream_of(view_type), "--json", text=EVERY_KIND)
    assert done.code == (1 if without_images else 0)
    assert done.json["ok"] is not bool(without_images)
    assert [mismatch["rule"] for mismatch in done.json["misfits"]] == without_images
    for mismatch in done.json["misfits"]:
        assert mismatch["key"] == "StreamViewType"
        assert f"needs {missing}" in mismatch["message"]
        assert f"sends {view_type}" in mismatch["message"]
        assert "NEW_AND_OLD_IMAGES" in mismatch["message"]


def test_missing_images_do_not_stop_the_packaging(check: Check) -> None:
    """The settings are the user's to choose: the package step warns and goes on."""
    done = check(*stream_of("KEYS_ONLY"), "--packaging", text=EVERY_KIND)
    assert done.code == 0
    assert done.err.count("StreamViewType") == 1
    assert "6 rules need an image that the stream does not send, as it sends KEYS_ONLY" in done.err
    assert '"drop"' in done.err


def test_a_mistake_does_keep_from_packaging(check: Check) -> None:
    """A bad file never deploys."""
    assert check("--packaging", text="rules = []").code == 1


def test_a_demand_on_another_table_needs_an_image(check: Check) -> None:
    """Of a table that is not ours the key is not known; of ours it is."""
    text = '[[rules]]\nname = "r"\nwhen = "added"\nwhere = {{ {} = "a" }}\n'
    for attribute in ("category", "productId"):
        done = check(*stream_of("KEYS_ONLY"), "--json", text=text.format(attribute))
        assert [mismatch["rule"] for mismatch in done.json["misfits"]] == ["r"]
    assert check(text=text.format("category")).code == 0


# serverless.yml


@pytest.mark.parametrize(
    "arn", ["products", OWN_STREAM.partition("/stream/")[0], "arn:aws:kinesis:eu-west-1:1:stream/x"]
)
def test_a_stream_that_is_none_fails(check: Check, arn: str) -> None:
    """A table's ARN in the place of its stream's is a common mistake: the message shows what is expected."""
    done = check("--param", f"productsStreamArn={arn}")
    assert done.code == 1
    assert f"productsStreamArn: {arn!r} is not the ARN of a table's stream" in done.err
    assert "table/NAME/stream/LABEL" in done.err


@pytest.mark.parametrize("view_type", ["", "EVERYTHING", "new_image"])
def test_an_unknown_view_type_fails(check: Check, view_type: str) -> None:
    """With the four that exist."""
    done = check(*stream_of(view_type), "--json")
    assert done.code == 1
    (problem,) = done.json["problems"]
    assert "expected one of KEYS_ONLY, NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES" in problem["message"]


def test_settings_that_break_a_promise_are_named(check: Check) -> None:
    """Starting position, partial responses and a timeout too short for the batch."""
    settings = {"startingPosition": "LATEST", "functionResponseType": "none", "timeout": "3"}
    done = check("--json", *(f"--param={name}={value}" for name, value in settings.items()))
    assert done.code == 1
    assert {mismatch["key"] for mismatch in done.json["misfits"]} == set(settings)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a copy of the service's description, which a test may spoil, in the place of the project."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "infrastructure", folder / "infrastructure")
    shutil.copy(ROOT / "serverless.yml", folder / "serverless.yml")
    monkeypatch.setattr("operations.commands.check.PROJECT", folder)
    return folder


def test_the_tables_own_view_type_counts(check: Check, project: Path) -> None:
    """A change of the table's stream shows which rules it disables; every stream sends the key."""
    table = project / "infrastructure" / "products-table.yml"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("StreamViewType: NEW_AND_OLD_IMAGES", "StreamViewType: KEYS_ONLY"), encoding="utf-8")
    done = check("--json", text=EVERY_KIND)
    assert [mismatch["rule"] for mismatch in done.json["misfits"]] == COMPARE_BOTH_IMAGES
    about_key = '[[rules]]\nname = "r"\nwhen = "added"\nwhere = { productId = "a" }\n'
    assert check(text=about_key).code == 0


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("serverless.yml", "a: [", "serverless.yml is not valid YAML"),
        ("serverless.yml", "- a\n", "serverless.yml: expected keys and values"),
        ("serverless.yml", "", "serverless.yml: expected keys and values"),
        ("serverless.yml", None, "serverless.yml cannot be read"),
        ("infrastructure/products-table.yml", "Resources: {}\n", "products-table.yml: ProductsTable has no"),
        ("infrastructure/products-table.yml", None, "products-table.yml cannot be read"),
    ],
)
def test_a_broken_description_is_told_without_a_traceback(
    check: Check, project: Path, file: str, content: str | None, message: str
) -> None:
    """Broken YAML, no file, no table: each has its own words."""
    path = project / file
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    done = check(text=EVERY_KIND)
    assert done.code == 1
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(("arguments", "code"), [(["check"], 0), (["check", "--json"], 0), ([], 2), (["chek"], 2)])
def test_it_runs_as_a_module(arguments: list[str], code: int) -> None:
    """`python -m operations COMMAND`, as README and plugin call it."""
    command = [sys.executable, "-m", "operations", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_a_view_type_that_blinds_six_rules_is_one_line(check: Check) -> None:
    """It names them all, and the one remedy; one rule alone is told as before."""
    done = check(*stream_of("NEW_IMAGE"), text=EVERY_KIND)
    (line,) = [line for line in done.err.splitlines() if "StreamViewType" in line]
    assert all(f'"{name}"' in line for name in COMPARE_BOTH_IMAGES)
    assert line.count("NEW_AND_OLD_IMAGES") == 1
    done = check(*stream_of("NEW_IMAGE"), text='[[rules]]\nname = "r"\nwhen = "price_drop"\n')
    assert 'rule "r" (price_drop) needs the old image, but the stream sends NEW_IMAGE' in done.err
