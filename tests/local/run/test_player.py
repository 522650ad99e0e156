"""The samples are held against the rules that the user has, not against those that we wrote."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from event_source_mapping import EventType, LogEvent
from local.reports.report import RunSummary
from local.run import player as player_module
from local.run.player import Player
from local.samples.rules_outline import RulesOutline
from local.samples.samples import Sample
from local.samples.subscriber import ReceivedAlert
from notifications.alerts.alert import TYPES

SECOND = 2


class Topic:
    """A topic and its subscriber: what is published is received at the next look."""

    def __init__(self) -> None:
        self.waiting: list[ReceivedAlert] = []
        self.published = 0

    def publish(self, kind: str, alert_id: str | None = None) -> None:
        """Send an alert."""
        self.published += 1
        message = {"id": alert_id or f"id-{self.published}", "type": TYPES[kind]}
        self.waiting.append(ReceivedAlert(message, "title", {}))

    def receive(self, wait_seconds: int) -> list[ReceivedAlert]:
        """Take what was sent."""
        del wait_seconds
        alerts, self.waiting = self.waiting, []
        return alerts


class Mapping:
    """An event source mapping that has one log event, given when it is asked for the second time."""

    def __init__(self) -> None:
        self.asked = 0

    def log_events(self) -> Iterator[LogEvent]:
        """Yield it, once the sample was made."""
        self.asked += 1
        if self.asked == SECOND:
            yield LogEvent(0, "mapping", EventType.SPLIT, "the invocation failed")

    def stream_events(self) -> list[LogEvent]:
        """Give the same: it serves no queue."""
        return list(self.log_events())


class Queue:
    """A failures queue that holds what it is given."""

    def __init__(self, *bodies: dict[str, Any]) -> None:
        self.bodies = list(bodies)

    def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Wait for nothing."""
        del seconds
        return self.bodies


class Recorder:
    """A report that keeps the samples without an alert, the log events of the mapping and what was given up."""

    def __init__(self) -> None:
        self.quiet: list[Sample] = []
        self.events: list[LogEvent] = []
        self.failures: list[Any] = []

    def mapping_log(self, events: list[LogEvent]) -> None:
        """Keep the events."""
        self.events += events

    def given_up(self, failure: Any) -> None:
        """Keep what was given up."""
        self.failures.append(failure)

    def no_alert(self, sample: Sample) -> None:
        """Keep the sample."""
        self.quiet.append(sample)

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


def _sample(topic: Topic, kind: str | None, *raises: str, may_also: frozenset[str] = frozenset()) -> Sample:
    def make() -> None:
        for each in raises:
            topic.publish(each)

    return Sample(f"sample of {kind}", "a change", make, kind, may_also)


def _play(
    rules: dict[str, list[str]], topic: Topic, *samples: Sample, queue: Queue | None = None
) -> tuple[RunSummary, Recorder]:
    recorder = Recorder()
    player = Player(RulesOutline(rules), topic, Mapping(), queue or Queue(), recorder)  # type: ignore[arg-type]
    return player.play(samples), recorder


def test_all_is_well_when_each_expected_alert_arrives() -> None:
    """An alert for each kind of rule that alerts.toml has, whatever its name, is what is asked for."""
    topic = Topic()

    summary, _ = _play(
        {"added": ["my own name"], "removed": ["another"]},
        topic,
        _sample(topic, "added", "added"),
        _sample(topic, "removed", "removed"),
    )

    assert summary.ok
    assert (summary.played, summary.expected, summary.received) == (2, 2, 2)


def test_an_alert_that_does_not_arrive_is_named_with_its_rules() -> None:
    """What is missing is said by sample, kind and the names of the rules that should have fired."""
    topic = Topic()

    summary, _ = _play({"added": ["new", "new-too"]}, topic, _sample(topic, "added"), _sample(topic, None))

    assert not summary.ok
    [(number, sample, rules)] = summary.missing
    assert (number, sample.kind, rules) == (1, "added", ["new", "new-too"])


def test_a_rule_that_the_user_took_out_is_not_missed() -> None:
    """Without a rule of its kind a sample raises nothing, which is reported and does not fail the run."""
    topic = Topic()

    summary, recorder = _play({}, topic, _sample(topic, "low_stock"))

    assert summary.ok
    assert [sample.kind for sample in recorder.quiet] == ["low_stock"]


def test_a_further_rule_of_the_users_may_fire_too() -> None:
    """An alert of a kind that the change can raise is welcome, expected or not."""
    topic = Topic()
    sample = _sample(topic, "price_drop", "price_drop", "changed", may_also=frozenset({"changed"}))

    summary, _ = _play({"price_drop": ["a"], "changed": ["b"]}, topic, sample)

    assert summary.ok
    assert summary.received == 2


def test_an_alert_that_the_change_cannot_raise_is_unexpected() -> None:
    """An alert of another kind than the change can raise is a failure."""
    topic = Topic()

    summary, _ = _play({"added": ["a"]}, topic, _sample(topic, "added", "added", "removed"))

    assert not summary.ok
    assert [alert.type for alert in summary.unexpected] == ["product.removed"]


def test_an_alert_that_comes_twice_is_unexpected() -> None:
    """The same id a second time is a failure, even where the first was expected."""
    topic = Topic()

    def make() -> None:
        topic.publish("added", "same")
        topic.publish("added", "same")

    summary, _ = _play({"added": ["a"]}, topic, Sample("sample", "a change", make, "added"))

    assert [alert.id for alert in summary.unexpected] == ["same"]


def test_an_alert_that_comes_late_counts() -> None:
    """An expected alert may arrive while a later sample is playing."""
    topic = Topic()

    summary, _ = _play(
        {"added": ["a"], "removed": ["b"]},
        topic,
        _sample(topic, "added"),
        _sample(topic, None),
        _sample(topic, "removed", "added", "removed"),
    )

    assert summary.ok


def _crash(topic: Topic) -> Sample:
    sample = _sample(topic, "added", "added", "added", "added")
    return replace(sample, alerts=3, gives_up=True)


def test_how_a_sample_came_to_be_given_up_is_reported() -> None:
    """Of a record that crashes the function, the retries, the split and the failures queue are shown."""
    topic = Topic()
    summary, recorder = _play({"added": ["new"]}, topic, _crash(topic), queue=Queue({"reason": "crashed"}))
    assert summary.ok
    assert (summary.expected, summary.received) == (3, 3)
    assert [event.outcome for event in recorder.events] == [EventType.SPLIT]
    assert recorder.failures == [{"reason": "crashed"}]


def test_a_sample_that_should_be_given_up_and_is_not_is_named() -> None:
    """An empty failures queue after a record that crashes the function is a failure of the run."""
    topic = Topic()
    summary, _ = _play({"added": ["new"]}, topic, _crash(topic))
    assert not summary.ok
    assert [number for number, _ in summary.not_given_up] == [1]


def test_each_alert_of_a_sample_counts() -> None:
    """Where one of a sample's three alerts does not arrive, the sample is named."""
    topic = Topic()
    sample = replace(_sample(topic, "added", "added", "added"), alerts=3)
    summary, _ = _play({"added": ["new"]}, topic, sample)
    assert [number for number, _, _ in summary.missing] == [1]
