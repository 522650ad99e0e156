"""docs/operations.md: every example is what the command prints, and every command and option stands there."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from notifications.delivery.handling.progress import AGAIN, DELIVERED, DISABLED, HELD, UNDELIVERED, Delivery
from notifications.delivery.handling.progress import FAILING as RETRYING
from notifications.delivery.handling.progress_table import DynamoDbProgress
from notifications.publishing.failures import Parked, to_bodies
from notifications.rules.rule import RuleOutcome
from operations.__main__ import main
from operations.commands import (
    check,
    cost,
    explain,
    history,
    mutes,
    preview,
    redrive,
    render,
    status,
)
from operations.commands.delivery import deliveries, redeliver, send_test, undelivered
from operations.deployed.redrive import FAILING, PLAYED, TRIMMED, UNKNOWN, WOULD_PLAY
from tests.aws_in_memory import LEDGER, aws_in_memory, make_ledger
from tests.builders import CREATED_AT, ROOT, sample
from tests.docs.markdown import Block, blocks, code_in, first_cells, headings, section
from tests.operations.stage import (
    FakeBucket,
    FakeFunction,
    FakeQueue,
    FakeStack,
    FakeStreams,
    Shard,
    write_history,
)
from tests.rules.scenario import Shop

TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = {
    "check": check,
    "explain": explain,
    "preview": preview,
    "cost": cost,
    "render": render,
    "history": history,
    "mute": mutes,
    "unmute": mutes,
    "mutes": mutes,
    "redrive": redrive,
    "status": status,
    "deliveries": deliveries,
    "redeliver": redeliver,
    "send-test": send_test,
    "undelivered": undelivered,
}
PYTHON = ".venv/bin/python -m operations "
NEEDS_STAGE = re.compile(r"operations (?:history|mutes?|redrive|deliveries)\b|--stream")


def _examples(*, with_stage: bool) -> list[tuple[Block, str, str]]:
    """List the commands of the document with what they print."""
    found = []
    for block in blocks(TEXT):
        assert block.language == "console"
        commands = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
        if any(NEEDS_STAGE.search(command) for command in commands) is with_stage:
            found += [(block, *command.partition("\n")[::2]) for command in commands]
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that looks like the project and may be written to."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("events", "infrastructure"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("alerts.toml", "receivers.toml", "serverless.yml", "package.json"):
        (folder / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("command", "printed"), [example[1:] for example in _examples(with_stage=False)], ids=lambda each: str(each)[:60]
)
def test_a_command_prints_what_the_document_shows(
    command: str,
    printed: str,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Run one after the other, as a reader would; operations in this process, as it takes half a second to start."""
    monkeypatch.chdir(project)
    given = ""
    if command.startswith(PYTHON):
        own, _, command = command.partition(" | ")
        main(shlex.split(own.removeprefix(PYTHON)))
        given = "".join(capsys.readouterr())
    done = subprocess.run(["bash", "-c", command or "cat"], input=given, capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == printed.rstrip("\n") + ("\n" if printed.strip() else "")


def _failures() -> list[str]:
    """Write the queue of the document: a parked record, a batch that is still in the stream, and one that is gone."""
    refused = Parked(sample("price-drop.json")["Records"][0], "SNS: InvalidParameter: Invalid parameter: Subject", "X")
    batches = [
        ("shardId-00000001", "700000000000888747570", 2, "RetryAttemptsExhausted"),
        ("shardId-00000000", "700000000000888747900", 5, "RecordAgeExceeded"),
    ]
    given_up = [
        {
            "requestContext": {"condition": condition},
            "DDBStreamBatchInfo": {
                "shardId": shard,
                "startSequenceNumber": first,
                "endSequenceNumber": "700000000000888747608" if size == 2 else "700000000000888747999",
                "batchSize": size,
            },
        }
        for shard, first, size, condition in batches
    ]
    return [*to_bodies(refused, ""), *map(json.dumps, given_up)]


@pytest.fixture
def stage() -> Iterator[FakeStack]:
    """Give the stage of the document: three samples played, and three things given up."""
    played = [sample(f"{name}.json")["Records"][0] for name in ("price-drop", "sold-out")]
    mixed = [record for record in sample("mixed-batch.json")["Records"] if "dynamodb" in record]
    in_range = [record for record in mixed if record["dynamodb"]["SequenceNumber"][-3:] in {"570", "608"}]
    with aws_in_memory():
        dynamodb = make_ledger()
        rules = (ROOT / "alerts.toml").read_text(encoding="utf-8")
        write_history(dynamodb, rules, Shop(records=played[:1]), _created(played[0]) + 2)
        write_history(dynamodb, rules, Shop(records=played[1:]), _created(played[1]) + 2)
        write_deliveries(dynamodb)
        streams = FakeStreams(Shard([in_range], trimmed_before="700000000000888747500"))
        clients = {"dynamodb": dynamodb, "sqs": FakeQueue(*_failures()), "dynamodbstreams": streams, "s3": FakeBucket()}
        stack = FakeStack(**clients, **{"lambda": FakeFunction()})
        stack.outputs = {**stack.outputs, "GivenUpBucketName": "bucket"}  # type: ignore[misc]
        yield stack


def write_deliveries(dynamodb: Any) -> None:
    """Write what receiver "everyone" was sent, a while after it was alerted."""
    first, second = "0c8f4f0e-58f4-5b43-a3b5-6f4d6c6a8a10", "5c0f83b1-0f9a-5f0e-8f25-3f8a8f2b7c11"
    title = "Wireless Mouse: 19.99 USD, was 25.99"
    for after, delivery in (
        (5, Delivery("everyone", first, DELIVERED, 1, title=title)),
        (130, Delivery("everyone", second, RETRYING, 2, title="Desk Lamp is sold out", error="SNS Publish: throttled")),
    ):
        DynamoDbProgress(dynamodb, LEDGER, 90, "1", now=partial(float, CREATED_AT + after)).write(delivery)


def _created(record: dict[str, Any]) -> float:
    return float(record["dynamodb"]["ApproximateCreationDateTime"])


def test_a_command_about_a_stage_prints_what_the_document_shows(
    stage: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against a stage in memory that is as the document has it."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(mutes, "_now", lambda: datetime(2026, 11, 21, 9, 2, tzinfo=UTC))
    examples = _examples(with_stage=True)
    assert len(examples) >= 3
    for _, command, printed in examples:
        assert command.startswith(PYTHON)
        main(shlex.split(command.removeprefix(PYTHON)), lambda *_: stage)
        assert capsys.readouterr().out == printed.rstrip("\n") + "\n"


def _parser(name: str) -> argparse.ArgumentParser:
    commands = argparse.ArgumentParser().add_subparsers()
    COMMANDS[name].add_to(commands)
    return commands.choices[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_listed_and_every_listed_option_exists(name: str) -> None:
    """The table of each section is the list of the command's options."""
    known = {option for action in _parser(name)._actions for option in action.option_strings} - {"-h", "--help"}
    assert sorted(first_cells(section(TEXT, name))) == sorted(f"`{option}`" for option in known)


def test_every_command_has_a_section_and_stands_in_the_table() -> None:
    """No command is hidden, and none is invented."""
    assert [heading for level, heading in headings(TEXT) if level == 2] == list(COMMANDS)
    table = first_cells(TEXT[: TEXT.index("| exit code |")])
    assert table == [f"[`{name}`](#{name})" for name in COMMANDS]


def test_the_commands_of_the_document_are_those_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` lists the same ones."""
    with pytest.raises(SystemExit):
        main(["--help"])
    assert re.findall(r"^    ([a-z-]+)(?: |$)", capsys.readouterr().out, re.MULTILINE) == list(COMMANDS)


def test_every_name_of_the_json_stands_in_the_document(stage: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a command prints with --json, its names are in its section."""
    event = str(ROOT / "events" / "price-drop.json")
    runs = {
        "check": [],
        "explain": ["--event", event],
        "preview": [event],
        "history": ["--product", "prod-123"],
        "redrive": ["--dry-run"],
        "deliveries": ["--receiver", "everyone", "--since", "2026-11-21T09:00Z"],
        "mutes": [],
    }
    main(["mute", "--rule", "price-drop", "--until", "1h"], lambda *_: stage)
    capsys.readouterr()
    for name, arguments in runs.items():
        main([name, *arguments, "--json"], lambda *_: stage)
        out = capsys.readouterr().out
        values = (
            [json.loads(line) for line in out.splitlines()]
            if name in {"history", "redrive", "deliveries", "mutes"}
            else json.loads(out)
        )
        entries = values if isinstance(values, list) else [values]
        if name == "preview":
            entries += entries[0]["rules"]
        names = {key for entry in entries for key in entry}
        assert names
        assert names <= set(code_in(section(TEXT, name))), name


def test_every_outcome_and_status_is_named() -> None:
    """The words that stand in `outcome` and `status`."""
    words = {re.sub(r"\s+", " ", each) for each in re.findall(r"`([^`]+)`", section(TEXT, "explain"))}
    assert {outcome.value for outcome in RuleOutcome} <= words
    assert {PLAYED, FAILING, TRIMMED, UNKNOWN, WOULD_PLAY} <= set(code_in(section(TEXT, "redrive")))
    statuses = {DELIVERED, HELD, RETRYING, UNDELIVERED, AGAIN, DISABLED}
    assert statuses <= set(code_in(section(TEXT, "deliveries")))
