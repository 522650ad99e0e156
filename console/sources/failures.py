"""What went wrong and waits: listed, counted, and played or sent again."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from console.aws.stage import Stage
from console.sources.jobs import Job, Jobs, Step
from notifications.common.errors import ConfigurationError
from operations.deployed.given_up import LOOKING_SECONDS
from operations.deployed.redrive import PLAYED, Redrive
from operations.deployed.undelivered import UndeliveredMessage, UndeliveredQueue
from operations.health.failures import Waiting, list_waiting
from operations.health.waiting import count_undelivered, count_waiting

MOST = 500
"""Messages that are listed, or played, at once."""
_FRESH_SECONDS = {True: 3.0, False: 60.0}
_WAIT_SECONDS = {True: 0, False: 1}
"""For the last messages of a queue: those of AWS are spread over many servers."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many wait, as far as is known; 0 while nobody has asked."""

    failures: int = 0
    undelivered: int = 0


class Failures:
    """The failures and the undelivered messages of a stage."""

    def __init__(self, stage: Stage, jobs: Jobs) -> None:
        """Look at `stage`; what takes a while is done by `jobs`."""
        self._stage = stage
        self._jobs = jobs
        self._one_reader = threading.Lock()  # a message that is received is hidden from others for the while
        self._counts = Counts()
        self._counted_at = 0.0
        self._counting = threading.Lock()

    def waiting(self) -> list[Waiting]:
        """List what was given up."""
        with self._one_reader:
            return list_waiting(self._stage.stack(), MOST, wait=_WAIT_SECONDS[self._stage.is_local])

    def undelivered(self) -> list[UndeliveredMessage]:
        """List what could not be delivered; there is nothing where a stage has no receivers."""
        stack = self._stage.stack()
        if "UndeliveredQueueUrl" not in stack.outputs:
            return []
        with self._one_reader:
            found = UndeliveredQueue(stack, wait=_WAIT_SECONDS[self._stage.is_local], hidden=LOOKING_SECONDS)
            return [message for message, _ in found.messages(MOST)]

    def redrive(self, only: Collection[str] | None) -> Job | None:
        """Play again what `only` names, or all; None while another job is under way."""

        def work(job: Job) -> Iterator[tuple[int | None, Step]]:
            counts: Counter[str] = Counter()
            run = Redrive(self._stage.stack(), only=only)
            with self._one_reader:
                for _, total, result in run.results(MOST):
                    counts[result.status] += 1
                    yield total, Step(result.label, result.status == PLAYED, result.status, result.detail)
            said = ", ".join(f"{count} {status}" for status, count in counts.items()) or "Nothing was left to play"
            job.sentence = f"{said}; {run.left} left."
            self._counted_at = 0.0

        return self._jobs.start("Playing again", work)

    def send_again(self, only: Collection[tuple[str, str]] | None) -> Job | None:
        """Send undelivered messages to their receivers again: those that `only` names by receiver and alert, or all."""

        def work(job: Job) -> Iterator[tuple[int | None, Step]]:
            run = UndeliveredQueue(self._stage.stack(), redrive=True, only=only)
            sent = failed = 0
            with self._one_reader:
                for message, problem in run.messages(MOST):
                    sent += not problem
                    failed += bool(problem)
                    outcome = "not sent again" if problem else "on its way again"
                    yield None, Step(f"{message.receiver}: {message.title}", not problem, outcome, problem)
            job.sentence = f"{sent} on the way to their receivers again, {failed} left."
            self._counted_at = 0.0

        return self._jobs.start("Sending again", work)

    def counts(self) -> Counts:
        """Return how many wait: what was known last, while it is asked for anew in the background."""
        if time.monotonic() - self._counted_at > _FRESH_SECONDS[self._stage.is_local] and self._counting.acquire(
            blocking=False
        ):
            threading.Thread(target=self.count, daemon=True).start()
        return self._counts

    def count(self) -> None:
        """Ask for the counts now."""
        try:
            stack = self._stage.stack()
            self._counts = Counts(count_waiting(stack), count_undelivered(stack))
        except (ConfigurationError, ClientError, BotoCoreError):
            self._counts = Counts()
        finally:
            self._counted_at = time.monotonic()
            if self._counting.locked():
                self._counting.release()
