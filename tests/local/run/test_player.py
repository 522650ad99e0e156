"""The samples are held against what the user's rules say of them, not against those that we wrote."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from event_source_mapping import EventType, LogEvent
from local.reports.report import Reasons, RunSummary
from local.run import player as player_module
from local.run.player import Player
from local.samples.expected import Expected
from local.samples.samples import Sample
from local.samples.subscriber import Notification
from notifications.alerts.alert import Alert
from notifications.publishing.messages import cloud_event
from tests.builders import added, priced, removed, rules, stocked

SECOND = 2
Record = dict[str, Any]


class World:
    """The topic with its subscriber, and the mapping with its function: what a sample writes arrives at once."""

    def __init__(self, rules_text: str) -> None:
        self.function = Expected(rules(rules_text))
        self.waiting: list[Notification] = []
        self.processed: list[Record] = []
        self.asked = 0

    def publish(self, alert: Alert) -> None:
        """Send an alert."""
        message = json.loads(json.dumps(cloud_event(alert)))
        self.waiting.append(Notification(message, "title", {}))

    def receive(self, wait_seconds: int) -> list[Notification]:
        """Take what was sent."""
        del wait_seconds
        alerts, self.waiting = self.waiting, []
        return alerts

    def done(self) -> Iterator[Record]:
        """Take what the function has processed."""
        records, self.processed = self.processed, []
        return iter(records)

    def log_events(self) -> Iterator[LogEvent]:
        """Give one log event, when it is asked for the second time: once the sample was made."""
        self.asked += 1
        if self.asked == SECOND:
            yield LogEvent(0, "mapping", EventType.SPLIT, "the invocation failed")

    def stream_events(self) -> list[LogEvent]:
        """Give the same: it serves no queue."""
        return list(self.log_events())

    def alerts(self, *records: Record) -> list[Alert]:
        """Give the alerts that the function makes of records."""
        return [alert for each in records for verdict in self.function.verdicts(each) for alert in verdict.alerts]

    def sample(self, kind: str | None, *records: Record, send: Callable[[list[Alert]], list[Alert]] = list) -> Sample:
        """Make a sample that writes records; `send` chooses which of their alerts are sent."""

        def make() -> None:
            self.processed += records
            for alert in send(self.alerts(*records)):
                self.publish(alert)

        return Sample(f"sample of {kind}", "a change", make, kind, records=len(records))


class Queue:
    """A failures queue that holds what it is given."""

    def __init__(self, *bodies: dict[str, Any]) -> None:
        self.bodies = list(bodies)

    def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Wait for nothing."""
        del seconds
        return self.bodies


class FakeReport:
    """A report that keeps the samples without an alert, the log events of the mapping and what was given up."""

    def __init__(self) -> None:
        self.quiet: list[tuple[Sample, dict[str, str], bool]] = []
        self.events: list[LogEvent] = []
        self.failures: list[Any] = []

    def mapping_log(self, events: list[LogEvent]) -> None:
        """Keep the events."""
        self.events += events

    def given_up(self, failure: Any) -> None:
        """Keep what was given up."""
        self.failures.append(failure)

    def no_alert(self, sample: Sample, reasons: Reasons, *, named: bool) -> None:
        """Keep the sample."""
        self.quiet.append((sample, dict(reasons), named))

    @contextmanager
    def waiting(self, doing: str) -> Iterator[None]:
        """Show nothing."""
        del doing
        yield

    def __getattr__(self, name: str) -> Any:
        return lambda *_args, **_kwargs: None


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_ALERT", "NEXT_ALERT"):
        monkeypatch.setattr(player_module, f"{name}_WITHIN_SECONDS", 0.05)
    monkeypatch.setattr(player_module, "AFTER_A_MISS_SECONDS", 0.05)
    monkeypatch.setattr(player_module, "QUIET_SECONDS", 0)


ADDED = '[[rules]]\nname = "new"\nwhen = "added"\n'
DROP = '[[rules]]\nname = "drop"\nwhen = "price_drop"\n'
REMOVED = '[[rules]]\nname = "gone"\nwhen = "removed"\n'
PRICE_CHANGED = '[[rules]]\nname = "edited"\nwhen = "changed"\nattributes = ["price"]\n'
ELECTRONICS = 'where = { category = "Electronics" }\n'


def _play(text: str, world: World, *samples: Sample, queue: Queue | None = None) -> tuple[RunSummary, FakeReport]:
    recorder = FakeReport()
    player = Player(Expected(rules(text)), world, world, queue or Queue(), recorder)  # type: ignore[arg-type]
    return player.play(samples), recorder


def _none(alerts: list[Alert]) -> list[Alert]:
    del alerts
    return []


def test_all_is_well_when_each_expected_alert_arrives() -> None:
    """An alert for each rule that fires, whatever its name, is what is asked for."""
    world = World(ADDED + REMOVED)

    summary, _ = _play(
        ADDED + REMOVED, world, world.sample("added", added(at=1)), world.sample("removed", removed(at=2))
    )

    assert summary.ok
    assert (summary.played, summary.expected, summary.received) == (2, 2, 2)


def test_an_alert_that_does_not_arrive_is_named_with_its_rules() -> None:
    """What is missing is said by sample, kind and the names of the rules that should have fired."""
    text = ADDED + ADDED.replace("new", "new-too")
    world = World(text)

    summary, _ = _play(
        text, world, world.sample("added", added(at=1), send=_none), world.sample(None, stocked(3, 3, at=2))
    )

    assert not summary.ok
    [(number, sample, names)] = summary.missing
    assert (number, sample.kind, names) == (1, "added", ["new", "new-too"])


def test_a_rule_that_the_user_took_out_is_not_missed() -> None:
    """Without a rule of its kind a sample raises nothing, which is reported and does not fail the run."""
    world = World(ADDED)

    summary, recorder = _play(ADDED, world, world.sample("low_stock", stocked(12, 3)))

    assert summary.ok
    [(sample, _, named)] = recorder.quiet
    assert (sample.kind, named) == ("low_stock", False)


def test_a_rule_that_where_keeps_quiet_is_no_failure_and_says_why() -> None:
    """Where a rule does not fire for a sample, its reason is shown at once, and the run goes on."""
    text = DROP + ELECTRONICS + ADDED
    world = World(text)

    summary, recorder = _play(text, world, world.sample("price_drop", priced(25, 20)))

    assert summary.ok
    [(sample, reasons, named)] = recorder.quiet
    assert (sample.kind, named) == ("price_drop", True)
    assert next(iter(reasons)) == "drop", "the rule that the sample is for comes first"
    assert "category" in reasons["drop"]


def test_an_alert_that_where_should_have_kept_back_is_unexpected() -> None:
    """What is expected is what the rules say, not which kinds of rule there are."""
    world = World(DROP)

    summary, _ = _play(DROP + ELECTRONICS, world, world.sample("price_drop", priced(25, 20)))

    assert not summary.ok
    assert [alert.type for alert in summary.unexpected] == ["product.price_dropped"]


def test_a_further_rule_of_the_users_may_fire_too() -> None:
    """An alert of another kind that the rules make of the change is expected as well, and missed if it stays away."""
    text = DROP + PRICE_CHANGED
    world = World(text)

    summary, _ = _play(text, world, world.sample("price_drop", priced(25, 20)))

    assert summary.ok
    assert summary.received == 2

    world = World(text)
    summary, _ = _play(text, world, world.sample("price_drop", priced(25, 20), send=lambda alerts: alerts[:1]))

    assert [names for _, _, names in summary.missing] == [["edited"]]


def test_an_alert_that_the_change_cannot_raise_is_unexpected() -> None:
    """An alert that no rule asks for is a failure."""
    world = World(ADDED)
    other = World(REMOVED).alerts(removed(at=7))

    summary, _ = _play(ADDED, world, world.sample("added", added(at=1), send=lambda alerts: [*alerts, *other]))

    assert not summary.ok
    assert [alert.type for alert in summary.unexpected] == ["product.removed"]


def test_an_alert_that_comes_twice_is_unexpected() -> None:
    """The same id a second time is a failure, even where the first was expected."""
    world = World(ADDED)

    summary, _ = _play(ADDED, world, world.sample("added", added(at=1), send=lambda alerts: alerts * 2))

    assert [alert.type for alert in summary.unexpected] == ["product.added"]


def test_an_alert_that_comes_late_counts() -> None:
    """An expected alert may arrive while a later sample is playing."""
    world = World(ADDED + REMOVED)
    late: list[Alert] = []

    def hold(alerts: list[Alert]) -> list[Alert]:
        late.extend(alerts)
        return []

    summary, _ = _play(
        ADDED + REMOVED,
        world,
        world.sample("added", added(at=1), send=hold),
        world.sample(None, stocked(3, 3, at=2)),
        world.sample("removed", removed(at=3), send=lambda alerts: [*late, *alerts]),
    )

    assert summary.ok


def test_a_record_that_the_function_never_gets_through_is_named() -> None:
    """A sample whose record is not processed is a failure by itself, whatever the rules would say of it."""
    world = World(ADDED)

    summary, _ = _play(ADDED, world, replace(world.sample("added"), records=1))

    assert not summary.ok
    assert [number for number, _ in summary.not_processed] == [1]


def test_a_record_that_is_taken_to_the_function_directly_is_judged() -> None:
    """The records that a sample returns count as processed."""
    world = World(REMOVED)
    record = removed(expired=True)

    def make() -> list[Mapping[str, Any]]:
        for alert in world.alerts(record):
            world.publish(alert)
        return [record]

    summary, _ = _play(REMOVED, world, Sample("expiry", "a change", make, "removed"))

    assert summary.ok
    assert summary.expected == 1


def _crash(world: World, send: Callable[[list[Alert]], list[Alert]] = list) -> Sample:
    records = [added(f"prod-{n}", at=n) for n in (1, 2, 3)]
    return replace(world.sample("added", *records, send=send), gives_up=True)


def test_how_a_sample_came_to_be_given_up_is_reported() -> None:
    """Of a record that crashes the function, the retries, the split and the failures queue are shown."""
    world = World(ADDED)
    summary, recorder = _play(ADDED, world, _crash(world), queue=Queue({"reason": "crashed"}))
    assert summary.ok
    assert (summary.expected, summary.received) == (3, 3)
    assert [event.outcome for event in recorder.events] == [EventType.SPLIT]
    assert recorder.failures == [{"reason": "crashed"}]


def test_a_sample_that_should_be_given_up_and_is_not_is_named() -> None:
    """An empty failures queue after a record that crashes the function is a failure of the run."""
    world = World(ADDED)
    summary, _ = _play(ADDED, world, _crash(world))
    assert not summary.ok
    assert [number for number, _ in summary.not_given_up] == [1]


def test_each_alert_of_a_sample_counts() -> None:
    """Where one of a sample's three alerts does not arrive, the sample is named."""
    world = World(ADDED)
    summary, _ = _play(ADDED, world, _crash(world, send=lambda alerts: alerts[:2]))
    assert [number for number, _, _ in summary.missing] == [1]
