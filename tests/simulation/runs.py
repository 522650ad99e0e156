"""Many scenarios, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from tests.simulation.laws import BrokenLawError, check
from tests.simulation.scenario import Scenario, draw
from tests.simulation.world import LONGEST_RUN, run


class Tally(NamedTuple):
    """How far the runs have come."""

    scenarios: int
    invocations: int
    alerts: int
    given_up: int
    """Messages that the failures queue ever held."""


class FailedRunError(Exception):
    """A scenario broke a law, or the code that it ran."""

    def __init__(self, scenario: Scenario, reason: str) -> None:
        """Keep what is needed to run it again."""
        super().__init__(f"seed {scenario.seed}: {reason}; python -m tests.simulation --seed {scenario.seed}")
        self.scenario = scenario
        self.reason = reason


def what_breaks(scenario: Scenario, longest_run: float = LONGEST_RUN) -> str:
    """Run a scenario; return what it broke, "" if nothing."""
    try:
        check(run(scenario, longest_run))
    except BrokenLawError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever breaks a run is what was looked for
        return f"{type(error).__name__}: {error}"
    return ""


def runs(invocations: int, seed: int = 0) -> Iterator[Tally]:
    """Run scenarios from `seed` on until so many invocations are made; FailedRunError for the first that fails."""
    tally = Tally(0, 0, 0, 0)
    for each in count(seed):
        scenario = draw(each)
        try:
            world = run(scenario)
            check(world)
        except Exception as error:
            raise FailedRunError(scenario, f"{type(error).__name__}: {error}") from error
        tally = Tally(
            tally.scenarios + 1,
            tally.invocations + world.function.invocations,
            tally.alerts + len(world.sns.publications),
            tally.given_up + len(world.sqs.documents) + world.sqs.parked.total(),
        )
        yield tally
        if tally.invocations >= invocations:
            return
