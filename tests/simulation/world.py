"""One run of a scenario: the stream is served, and then the failures queue is played again."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from event_source_mapping.mapping.ports import FailureNotice
from event_source_mapping.mapping.session import Options
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.testing.builders import FUNCTION_ARN, MAPPING_UUID, STREAM_ARN
from event_source_mapping.testing.fake_stream import FakeShard
from event_source_mapping.testing.simulation import Simulation
from notifications.common.time_budget import LONGEST_CALL
from notifications.config.rules_file import load
from notifications.pipeline import Pipeline
from notifications.publishing.failures import SqsFailures
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.publishing.mutes_item import MUTES, attribute_of, to_attribute
from notifications.publishing.side_by_side import NewCalls
from notifications.publishing.topic import SnsTopic
from notifications.rules import mutes
from operations.deployed.redrive import Redrive
from tests.simulation.changes import START, Written, written
from tests.simulation.fake_aws import FakeDynamo, FakeLambda, FakeSns, FakeSqs, FakeStack, FakeStreams
from tests.simulation.faults import Faults
from tests.simulation.function import Function
from tests.simulation.scenario import Scenario
from tests.simulation.side_by_side import DrawnCalls

RULES = load(Path(__file__).parent / "rules.toml")
QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:failures"
LONGEST_RUN = 40 * 86_400.0  # virtual seconds: far beyond what any outage explains


@dataclass
class World:
    """What a scenario came to."""

    scenario: Scenario
    records: list[Written]
    sns: FakeSns
    dynamo: FakeDynamo
    sqs: FakeSqs
    function: Function
    faults: Faults
    unfinished: bool = False
    """The stream was not read to its end."""
    redriven: list[int] = field(default_factory=list)
    """Sequence numbers in the order in which `redrive` played them."""


def run(scenario: Scenario, longest_run: float = LONGEST_RUN) -> World:
    """Run it, for so many virtual seconds at the most."""
    random.seed(scenario.seed)  # the pauses of the code under test are random
    records = written(scenario.changes)
    shards = _shards(records, scenario)
    times = [START, *(record.readable for record in records)]
    longest_silence = max((later - earlier for earlier, later in pairwise(times)), default=0.0)
    settings = StreamSettings(
        uuid=MAPPING_UUID, source_arn=STREAM_ARN, function_arn=FUNCTION_ARN,
        report_batch_item_failures=True, destination=QUEUE_ARN, **dict(scenario.settings),
    )  # fmt: skip
    poll = max(1.0, longest_silence / 4)
    options = Options(
        retry=RetrySchedule(1.0, 2.0, 60.0), poll_interval=poll, discovery_interval=2 * poll, settings_interval=math.inf
    )
    later = _Later()
    simulation = Simulation(shards, settings, function=later, destination=later, options=options, start=START)
    later.world = world = _build(scenario, records, simulation)
    simulation.run(seconds=longest_run, idle=longest_silence + 6 * poll)
    checkpoints = simulation.checkpoints.load(MAPPING_UUID)
    world.unfinished = any(
        shard.records and checkpoints[shard.shard_id].sequence_number != shard.records[-1].sequence_number
        for shard in shards
        if shard.shard_id in checkpoints or shard.records
    )
    if not world.unfinished:
        _redrive(world, shards)
    return world


class _Later:
    """Stands for the function and the queue, which need the simulation's clock before they can be."""

    world: World

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:
        return self.world.function.invoke(function_arn, invocation)

    def send(self, destination_arn: str, notice: FailureNotice) -> None:
        self.world.sqs.send(destination_arn, notice)


def _build(scenario: Scenario, records: list[Written], simulation: Simulation) -> World:
    scheduler = simulation.scheduler
    faults = Faults(scenario.faults, scenario.outages, scheduler)
    refused = {record.number: record.refused for record in records if record.refused}
    sns = FakeSns(faults, lambda number: refused.get(number, ""))
    dynamo = FakeDynamo(faults)
    for mute in scenario.mutes:
        product = f"p{mute.product}" if mute.product >= 0 else ""
        attribute = to_attribute(mutes.Mute(mute.rule, product, START + mute.until), START)
        item = dynamo.items.setdefault((MUTES, MUTES), {"product": {"S": MUTES}, "alert": {"S": MUTES}})
        item[attribute_of(mute.rule, product)] = attribute
    sqs = FakeSqs(faults)
    dice = random.Random(scenario.seed)  # noqa: S311 - a test's dice
    new_calls: NewCalls = lambda: DrawnCalls(faults, dice)  # noqa: E731 - a port
    new_pipeline: Callable[[], Pipeline] = lambda: Pipeline(  # noqa: E731
        RULES,
        SnsTopic(sns, "topic", now=faults.now),
        DynamoDbLedger(dynamo, "ledger", 90, now=faults.now, sleep=faults.spend, new_calls=new_calls),
        SqsFailures(sqs, "queue", "1"),
        longest_call=LONGEST_CALL,
        new_calls=new_calls,
        sleep=faults.spend,
    )
    function = Function(new_pipeline, faults, scheduler, sns, sqs)
    return World(scenario, records, sns, dynamo, sqs, function, faults)


def _shards(records: Sequence[Written], scenario: Scenario) -> list[FakeShard]:
    """Lay records out: a product keeps to one lineage, and a lineage may be split once."""
    shards: dict[str, FakeShard] = {}
    for root in range(scenario.shards):
        split = scenario.splits[root] if scenario.splits else None
        closes_at = None if split is None else START + split
        name = f"shard-{root}"
        shards[name] = FakeShard(name, closes_at=closes_at)
        if closes_at is not None:
            for child in ("a", "b"):
                shards[name + child] = FakeShard(name + child, parent_id=name, listed_at=closes_at)
    for record in records:
        product = int(record.product[1:])
        shard = shards[f"shard-{product % scenario.shards}"]
        if shard.closes_at is not None and record.readable >= shard.closes_at:
            shard = shards[shard.shard_id + "ab"[product // scenario.shards % 2]]
        shard.records.append(record.stream_record())
    return list(shards.values())


def _redrive(world: World, shards: Sequence[FakeShard]) -> None:
    """Mend what can be mended, and play the failures queue with the command's own code."""
    world.function.live = False
    world.faults.mended = True
    if not world.sqs.messages:
        return

    def invoke(event: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        world.redriven += [int(record["dynamodb"]["SequenceNumber"]) for record in event["Records"]]
        return world.function.run(event)

    clients = {"sqs": world.sqs, "lambda": FakeLambda(invoke), "dynamodbstreams": FakeStreams(shards)}
    outputs = {"FailuresQueueUrl": "queue", "AlertsFunctionName": "alerts", "ProductsStreamArn": STREAM_ARN}
    stack: Any = FakeStack(clients, outputs)
    for _ in Redrive(stack).results(most=1000):
        pass
