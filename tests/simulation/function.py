"""The function as Lambda runs it: one invocation at a time, or two, until it answers or dies."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from event_source_mapping.model.errors import InvokeError
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.running.virtual import VirtualScheduler
from notifications.pipeline import Pipeline
from notifications.stream.changes import sequence_number_of
from tests.simulation.fake_aws import FakeSns, FakeSqs
from tests.simulation.faults import TIMEOUT, Baton, Faults, Killed, Running

Event = Mapping[str, Any]


class Function:
    """Invokes the pipeline; the port `FunctionInvoker`."""

    def __init__(
        self,
        new_pipeline: Callable[[], Pipeline],
        faults: Faults,
        scheduler: VirtualScheduler,
        sns: FakeSns,
        sqs: FakeSqs,
    ) -> None:
        """Take a fresh pipeline after each death, as a new process has one."""
        self._new_pipeline = new_pipeline
        self._pipeline = new_pipeline()
        self._faults = faults
        self._scheduler = scheduler
        self._sns = sns
        self._sqs = sqs
        self._stale: list[tuple[int, Event]] = []
        self.invocations = 0
        self.live = True
        """While the stream is read; afterwards the failures queue is."""
        self.complaints: list[str] = []
        """What no invocation may do, whatever goes wrong."""

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:  # noqa: ARG002 - the port's signature
        """Answer as the Lambda API does; what is planned for this invocation happens to it."""
        self._deliver_stale()
        event = invocation.event()
        fault = self._faults.of_invocation(self.invocations)
        kind = fault.kind if fault else ""
        if kind == "throttle":
            self.invocations += 1
            raise InvokeError("TooManyRequestsException: Rate Exceeded")
        if kind == "twin" and fault:
            answer, died = self._run_twins(event, fault.dice)
        else:
            answer, died = self.run(event, dies_in_the_end=kind == "kill_end", repeats=kind == "again")
        if kind == "again":
            answer, died = self.run(event, repeats=True)
        if kind == "late_again" and fault and answer == {"batchItemFailures": []} and not died:
            self._stale.append((self.invocations + 1 + fault.dice % 5, event))
        if died:
            return InvokeResult(payload=b'{"errorType":"Runtime.ExitError"}', function_error="Unhandled")
        return InvokeResult(payload=json.dumps(answer).encode())

    def run(self, event: Event, *, dies_in_the_end: bool = False, repeats: bool = False) -> tuple[dict[str, Any], bool]:
        """Run one invocation; return its answer, and whether it died instead of giving one."""
        return self._run(event, self._begin(event, repeats=repeats), dies_in_the_end=dies_in_the_end)

    def _begin(self, event: Event, *, repeats: bool = False, twin: bool = False) -> Running:
        number, self.invocations = self.invocations, self.invocations + 1
        return Running(
            number,
            deadline=self._scheduler.now() + TIMEOUT,
            numbers=[sequence_number_of(record) for record in event["Records"]],
            repeats=repeats or twin,
            twin=twin,
            live=self.live,
        )

    def _run(self, event: Event, running: Running, *, dies_in_the_end: bool) -> tuple[dict[str, Any], bool]:
        self._faults.running = running
        remaining = lambda: max(0, int((running.deadline - self._faults.now()) * 1000))  # noqa: E731 - as the context's
        # Two invocations at a time are two processes: the second one ends with its invocation.
        pipeline = self._new_pipeline() if running.twin else self._pipeline
        try:
            answer = dict(pipeline.handle(event, remaining))
        except Killed:
            dies_in_the_end = True
        if dies_in_the_end:
            running.broken = True
            self._settle(running, died=True)
            if not running.twin:
                self._pipeline = self._new_pipeline()
            return {}, True
        self._settle(running, died=running.twin)
        self._check_answer(running, answer)
        return answer, False

    def _run_twins(self, event: Event, seed: int) -> tuple[dict[str, Any], bool]:
        dice = random.Random(seed)  # noqa: S311 - a test's dice
        baton = Baton(dice)
        twins = [self._begin(event, twin=True) for _ in range(2)]
        works = [partial(self._run, event, twin, dies_in_the_end=dice.random() < 0.2) for twin in twins]
        self._faults.switch = baton.switch
        try:
            results = baton.run(works)
        finally:
            self._faults.switch = lambda: None
        return dice.choice(results)

    def _deliver_stale(self) -> None:
        """Deliver a batch again that was done a while ago, behind later ones."""
        due = [event for when, event in self._stale if when <= self.invocations]
        self._stale = [(when, event) for when, event in self._stale if when > self.invocations]
        for event in due:
            self.run(event, repeats=True)

    def _settle(self, running: Running, *, died: bool) -> None:
        """Note what may be published again because nobody knows that it was: a process that goes on does."""
        if running.broken:
            self._sqs.excused |= running.parked
            self._sns.unlogged |= running.published
        if running.broken and running.twin:
            self._sns.excused |= running.unwritten
        elif running.broken:
            self._faults.known_out |= running.unwritten
            if died:
                self._sns.excused |= self._faults.known_out
                self._faults.known_out.clear()
        elif running.unwritten - self._sns.excused:
            self.complaints.append(f"invocation {running.number} left {running.unwritten} out of the ledger")

    def _check_answer(self, running: Running, answer: dict[str, Any]) -> None:
        failures = answer.get("batchItemFailures")
        if set(answer) != {"batchItemFailures"} or not isinstance(failures, list) or len(failures) > 1:
            self.complaints.append(f"invocation {running.number} answered {answer}")
        elif failures and failures[0]["itemIdentifier"] not in running.numbers:
            self.complaints.append(f"invocation {running.number} named {failures[0]}, which is not in its batch")
