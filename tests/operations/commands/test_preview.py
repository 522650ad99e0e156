"""`python -m operations preview`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from notifications.delivery.handling.progress import DELIVERED, Delivery
from notifications.delivery.handling.progress_table import DynamoDbProgress
from notifications.publishing.messages import to_message
from operations.products.products_table import table_name
from tests.aws_in_memory import LEDGER, aws_in_memory, make_ledger, make_products
from tests.builders import EVENTS, event, rules
from tests.operations.stage import CLOSED, FakeStack, FakeStreams, Operate, Shard, refusal
from tests.rules.scenario import HOUR, Shop, rule
from tests.service import Service

ANY = rule("price_drop", name="drop")
TENTH = rule("price_drop", 'at_least = "10%"', "drop")


@pytest.fixture
def shop() -> Shop:
    """Give drops of 1%, 20% and 30%, the last an hour later."""
    return Shop().put(price=100).put(price=99).put(after=60, price="79.2").put(after=HOUR, price=55)


@pytest.fixture
def files(tmp_path: Path, shop: Shop) -> dict[str, Path]:
    """Rules, tried and current, and the shop's changes as a recording."""
    texts = {"any.toml": ANY, "tenth.toml": TENTH, "recorded.json": json.dumps(event(*shop.records))}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return {name: tmp_path / name for name in texts}


def test_each_rule_shows_its_alerts_and_the_difference(operate: Operate, files: dict[str, Path]) -> None:
    """Three alerts where the current file sends two, and which one is new."""
    done = operate("preview", files["recorded.json"], "--rules", files["any.toml"], "--against", files["tenth.toml"])
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "rule  alerts  now  difference  busiest hour",
        "drop       3    2          +1             2",
        "",
        "drop: 2 from 2026-11-21 09:00, 1 from 2026-11-21 10:00",
        "  2026-11-21T09:02:00Z  mug: 99, was 100",
        "  2026-11-21T09:03:00Z  mug: 79.2, was 99",
        "  2026-11-21T10:02:00Z  mug: 55, was 79.2",
        "",
        "what would change",
        "+ 2026-11-21T09:02:00Z  drop: mug: 99, was 100",
    ]


def test_what_would_be_sent_no_more_is_shown(operate: Operate, files: dict[str, Path]) -> None:
    """The other way round one alert is gone."""
    done = operate("preview", files["recorded.json"], "--rules", files["tenth.toml"], "--against", files["any.toml"])
    lines = done.out.splitlines()
    assert lines[1] == "drop       2    3          -1             1"
    assert lines[-2:] == ["what would change", "- 2026-11-21T09:02:00Z  drop: mug: 99, was 100"]


def test_files_that_send_the_same_differ_in_nothing(operate: Operate, files: dict[str, Path]) -> None:
    """The current file against itself: alerts, and no difference."""
    done = operate("preview", files["recorded.json"], "--rules", files["any.toml"], "--against", files["any.toml"])
    assert "what would change" not in done.out
    assert done.lines[1] == "drop       3    3                         2"


def test_of_many_alerts_a_few_are_listed(operate: Operate, files: dict[str, Path], tmp_path: Path) -> None:
    """Five a rule and twenty that differ; how many more there are is said, and the JSON has them all."""
    path = tmp_path / "many.json"
    path.write_text(json.dumps(event(*Shop().prices(*range(100, 69, -1), every=1).records)), encoding="utf-8")
    arguments = ("preview", path, "--rules", files["any.toml"], "--against", files["tenth.toml"])
    lines = operate(*arguments).lines
    assert lines[lines.index("what would change") - 1] == "and 25 more; --json has them all"
    assert lines[-1] == "+ and 10 more"
    assert len(operate(*arguments, "--json").json["rules"][0]["sent"]) == 30


def test_json_has_stable_names(operate: Operate, files: dict[str, Path]) -> None:
    """The counts a rule, per hour, and the alerts that differ as they would be published."""
    done = operate(
        "preview", files["recorded.json"], "--rules", files["any.toml"], "--against", files["tenth.toml"], "--json"
    )
    assert done.json["rules"] == [
        {
            "rule": "drop",
            "alerts": 3,
            "mostPerHour": 2,
            "perHour": {"2026-11-21T09": 2, "2026-11-21T10": 1},
            "alertsNow": 2,
            "sent": [
                {"time": "2026-11-21T09:02:00Z", "productId": "mug", "title": "mug: 99, was 100"},
                {"time": "2026-11-21T09:03:00Z", "productId": "mug", "title": "mug: 79.2, was 99"},
                {"time": "2026-11-21T10:02:00Z", "productId": "mug", "title": "mug: 55, was 79.2"},
            ],
        }
    ]
    assert [each["data"]["title"] for each in done.json["added"]] == ["mug: 99, was 100"]
    assert done.json["gone"] == []


def test_a_rule_that_is_new_or_gone_is_shown_as_such(operate: Operate, files: dict[str, Path], tmp_path: Path) -> None:
    """A rule that the current file does not have shows a dash, one that the tried file lacks no alerts."""
    tried = tmp_path / "tried.toml"
    tried.write_text(rule("price_drop", name="new"), encoding="utf-8")
    arguments = ("preview", files["recorded.json"], "--rules", tried, "--against", files["tenth.toml"])
    assert operate(*arguments).out.splitlines()[1:3] == [
        "new        3    -          +3             2",
        "drop       0    2          -2             0",
    ]
    assert [each["alertsNow"] for each in operate(*arguments, "--json").json["rules"]] == [None, 2]


def test_the_order_is_that_of_the_stream_and_not_of_file_names(operate: Operate, tmp_path: Path, shop: Shop) -> None:
    """A folder whose files are named backwards gives the same memory, and so the same alerts."""
    rules = tmp_path / "alerts.toml"
    rules.write_text(rule("price_drop", 'at_least = "10%"\nbaseline = "last_alert"'), encoding="utf-8")
    folder = tmp_path / "recorded"
    folder.mkdir()
    for number, record in enumerate(shop.records):
        (folder / f"{9 - number}.json").write_text(json.dumps(event(record)), encoding="utf-8")
    done = operate("preview", folder, "--rules", rules, "--against", rules, "--json")
    assert done.json["rules"][0]["alerts"] == 2


def test_a_record_that_was_recorded_twice_counts_once(operate: Operate, files: dict[str, Path]) -> None:
    """Overlapping recordings make no alert twice."""
    twice = (files["recorded.json"], files["recorded.json"])
    done = operate("preview", *twice, "--rules", files["any.toml"], "--against", files["any.toml"], "--json")
    assert done.json["rules"][0]["alerts"] == 3


def test_the_samples_of_the_project_can_be_previewed(operate: Operate) -> None:
    """A folder with a malformed record in it: that one alerts nothing, and stops nothing."""
    done = operate("preview", EVENTS, "--json")
    assert done.code == 0
    assert {each["rule"]: each["alerts"] for each in done.json["rules"]}["price-drop"] == 2


def test_the_stream_is_read_without_writing(operate: Operate, files: dict[str, Path], shop: Shop) -> None:
    """`--stream` makes read calls alone, and previews what the stream still holds."""
    streams = FakeStreams(Shard([shop.records[:2], [], shop.records[2:]]))
    rules = ("--rules", files["any.toml"], "--against", files["tenth.toml"])
    done = operate("preview", "--stream", *rules, "--json", stack=FakeStack(dynamodbstreams=streams))
    assert [each["alerts"] for each in done.json["rules"]] == [3]
    assert set(streams.asked) == {"DescribeStream", "GetShardIterator", "GetRecords"}


def test_paths_that_no_record_has_are_warned_of(operate: Operate, files: dict[str, Path]) -> None:
    """Of the file that is tried: a rule that fires for nothing may be misspelt."""
    files["any.toml"].write_text(rule("price_drop", "where = { pirce = 5 }"), "utf-8")
    done = operate("preview", files["recorded.json"], "--rules", files["any.toml"], "--against", files["tenth.toml"])
    warning = 'rule "r", where: pirce is not in any of the 4 records; did you mean price?'
    assert done.err == f"warning: {warning}\n"
    given = ("preview", files["recorded.json"], "--rules", files["any.toml"], "--json")
    assert operate(*given).json["warnings"] == [warning]


def test_shards_that_may_hold_more_are_said(operate: Operate, files: dict[str, Path], shop: Shop) -> None:
    """A closed shard has an end; an open one ends in empty pages, and records may come behind them."""
    closed = Shard([shop.records[:2]], "closed", range=CLOSED)
    streams = FakeStreams(closed, Shard([shop.records[2:]], "open"))
    given = ("preview", "--stream", "--rules", files["any.toml"])
    assert "1 shard returned only empty pages" in operate(*given, stack=FakeStack(dynamodbstreams=streams)).err
    assert operate(*given, stack=FakeStack(dynamodbstreams=FakeStreams(closed))).err == ""
    laptop = FakeStack(dynamodbstreams=streams)
    laptop.stage = "local"  # its AWS leaves no record behind empty pages
    assert operate(*given, stack=laptop).err == ""


def test_a_stream_that_may_not_be_read_is_one_clear_line(operate: Operate, files: dict[str, Path]) -> None:
    """What AWS says, and no traceback."""
    streams = FakeStreams(Shard([refusal("AccessDeniedException")]))
    done = operate("preview", "--stream", "--rules", files["any.toml"], stack=FakeStack(dynamodbstreams=streams))
    assert done.code == 1
    assert done.err.startswith("AWS refused or did not answer: ")
    assert "AccessDeniedException" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], [EVENTS, "--stream"]])
def test_either_recordings_or_the_stream(arguments: list[Any], operate: Operate, capsys: Any) -> None:
    """Neither and both are a mistake of usage: exit code 2."""
    with pytest.raises(SystemExit) as raised:
        operate("preview", *arguments)
    assert raised.value.code == 2
    assert "name either recorded events or --stream" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: there is no such file or folder"),
        ([EVENTS, "--rules", "no.toml"], "the file is missing"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(arguments: list[Any], said: str, operate: Operate) -> None:
    """Exit code 1 and no traceback."""
    done = operate("preview", *arguments)
    assert (done.code, done.out) == (1, "")
    assert said in done.err


def test_what_the_stream_held_can_be_kept(operate: Operate, files: dict[str, Path], shop: Shop, tmp_path: Path) -> None:
    """The records that were previewed, to be previewed again tomorrow, when the stream has lost them."""
    kept = tmp_path / "kept.jsonl"
    streams = FakeStreams(Shard([shop.records]))
    rules = ("--rules", files["any.toml"], "--against", files["tenth.toml"])
    done = operate("preview", "--stream", "--to-file", kept, *rules, stack=FakeStack(dynamodbstreams=streams))
    assert done.code == 0
    assert len(kept.read_text("utf-8").splitlines()) == len(shop.records)
    assert operate("preview", kept, *rules).out == done.out


def test_a_file_that_cannot_be_written_is_one_clear_line(
    operate: Operate, files: dict[str, Path], shop: Shop, tmp_path: Path
) -> None:
    """A folder that does not exist gives a message, not a traceback."""
    streams = FakeStreams(Shard([shop.records]))
    given = ("preview", "--stream", "--to-file", tmp_path / "nowhere" / "kept.jsonl", "--rules", files["any.toml"])
    done = operate(*given, stack=FakeStack(dynamodbstreams=streams))
    assert done.code == 1
    assert "kept.jsonl: cannot be written: No such file or directory" in done.err


def test_only_what_the_stream_holds_is_kept(operate: Operate, tmp_path: Path, capsys: Any) -> None:
    """Recordings are files already."""
    with pytest.raises(SystemExit):
        operate("preview", EVENTS, "--to-file", tmp_path / "kept.jsonl")
    assert "--to-file keeps what --stream reads" in capsys.readouterr().err


def delivered(shop: Shop) -> FakeStack:
    """Give a stage, in moto's memory, whose receiver was sent the shop's alerts."""
    dynamodb = make_ledger()
    make_products(table_name(FakeStack.outputs))
    service = Service(rules(ANY))
    service.handle(*shop.records)
    progress = DynamoDbProgress(dynamodb, LEDGER, 90, "1")
    for alert in service.alerts:
        progress.write(Delivery("everyone", alert.id, DELIVERED, 1, to_message(alert).body.encode(), alert.title))
    return FakeStack(dynamodb=dynamodb)


def test_history_says_which_alerts_would_not_go_out_any_more(
    operate: Operate, files: dict[str, Path], shop: Shop
) -> None:
    """Of those that receivers were sent; as text and as JSON."""
    with aws_in_memory():
        stack = delivered(shop)
        both = ("preview", "--history", "300d", "--rules", files["tenth.toml"], "--against", files["any.toml"])
        done = operate(*both, stack=stack)
        assert (done.code, done.err) == (0, "")
        assert done.lines == [
            "3 alerts: 1 would not go out any more, 2 would, 0 unknown",
            "- 2026-11-21T09:02:00Z  drop: mug: 99, was 100",
        ]
        found = operate(*both, "--json", stack=stack).json
        assert {name: found[name] for name in ("alerts", "kept", "unknown", "whole")} == {
            "alerts": 3,
            "kept": 2,
            "unknown": 0,
            "whole": True,
        }
        assert [alert["data"]["rule"] for alert in found["gone"]] == ["drop"]


def test_a_delivery_of_the_history_that_cannot_be_read_is_left_out_and_said(
    operate: Operate, files: dict[str, Path], shop: Shop
) -> None:
    """The others are judged."""
    with aws_in_memory():
        stack = delivered(shop)
        dynamodb = stack.client("dynamodb")
        items = dynamodb.scan(TableName=LEDGER)["Items"]
        whole = next(item for item in items if item["product"]["S"].startswith("delivery#"))
        odd = {**whole, "alert": {"S": "odd"}, "event": {"B": b"not zipped"}}
        dynamodb.put_item(TableName=LEDGER, Item=odd)
        done = operate("preview", "--history", "300d", "--rules", files["tenth.toml"], "--json", stack=stack)
    assert (done.code, done.json["alerts"]) == (0, 3)
    assert done.err == "warning: 1 item of the ledger cannot be read and is left out\n"


def test_history_is_read_instead_of_recorded_events(operate: Operate, files: dict[str, Path]) -> None:
    """One or the other."""
    with pytest.raises(SystemExit) as ended:
        operate("preview", files["recorded.json"], "--history", "7d")
    assert ended.value.code == 2
