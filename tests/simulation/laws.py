"""The laws that every run has to keep, whatever went wrong in it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from tests.simulation.fake_aws import Publication
from tests.simulation.oracle import LIMIT, LIMITED, REMEMBERING, Oracle, by_product, hour_of
from tests.simulation.world import World

Due = dict[int, dict[str, int]]
"""Sequence number to the rules that are due, with how many changes each held back before."""


class BrokenLawError(AssertionError):
    """A run broke a law; the message says which and where."""


def check(world: World) -> None:
    """Raise BrokenLawError for the first law that was broken."""
    if world.unfinished:
        raise BrokenLawError("stuck: the stream was not read to its end")
    if world.function.complaints:
        raise BrokenLawError(world.function.complaints[0])
    if world.faults.deaths_by_time:
        raise BrokenLawError(f"invocation {world.faults.deaths_by_time[0]} died of its own time limit")
    _Laws(world).check()


class _Laws:
    def __init__(self, world: World) -> None:
        self._world = world
        self._records = {record.number: record for record in world.records}
        self._given_up = {
            int(record.identifier) for notice in world.sqs.documents for record in notice.invocation.records
        }
        self._parked = Counter({(int(event_id), rule): n for (event_id, rule), n in world.sqs.parked.items()})
        self._parked_excused = {(int(event_id), rule) for event_id, rule in world.sqs.excused}
        self._products = by_product(world.records)
        self._alive = [publication for publication in world.sns.publications if publication.live]

    def check(self) -> None:
        self._no_duplicate()
        self._in_order()
        oracle = Oracle(self._world.scenario.mutes)
        due, parked = self._should_have_been(oracle)
        self._given_up_once(parked)
        self._nothing_lost(due, self._alive, self._covered)
        self._nothing_beyond(due)
        self._limits(due, self._alive)
        again = self._after_redrive(oracle, due)
        hopeless = {number for number, rule in parked if rule == ""}
        self._nothing_lost(again, self._world.sns.publications, lambda number, _: number in hopeless)
        self._limits(again, self._world.sns.publications)
        self._queue_is_empty_but_for(parked)

    def _covered(self, number: int, rule: str) -> bool:
        return number in self._given_up or (number, "") in self._parked or (number, rule) in self._parked

    def _no_duplicate(self) -> None:
        ids: dict[tuple[object, ...], str] = {}
        for publication in self._world.sns.publications:
            record = self._records[publication.number]
            about = (
                (publication.rule, hour_of(record)) if publication.summary else (publication.number, publication.rule)
            )
            if ids.setdefault(about, publication.id) != publication.id:
                raise BrokenLawError(f"{_name(publication)} went out under two ids")
            if not publication.excused:
                raise BrokenLawError(f"{_name(publication)} went out twice, and nothing explains it")

    def _in_order(self) -> None:
        latest: dict[str, int] = {}
        seen: set[object] = set()
        for publication in self._alive:
            # A summary may take the place of an alert that is out already, if nobody could write that down.
            repeats = publication.id in seen or (publication.number, publication.rule) in seen
            seen.update((publication.id, (publication.number, publication.rule)))
            # So may a rule find an alert that it did not see before, once what it remembers was given up with a batch.
            if repeats or (publication.rule in REMEMBERING and self._given_up & self._earlier(publication.number)):
                continue
            if publication.number < latest.get(publication.product, 0):
                raise BrokenLawError(f"{_name(publication)} was overtaken by a later change of its product")
            latest[publication.product] = publication.number

    def _should_have_been(self, oracle: Oracle) -> tuple[Due, set[tuple[int, str]]]:
        """Ask the oracle what was due, and what had to be parked, while the stream was read."""
        due: Due = {}
        parked: set[tuple[int, str]] = set()
        counted = {(product, int(number)) for product, number in self._world.dynamo.counted}
        for record in self._world.records:
            given_up = record.number in self._given_up
            if oracle.hopeless(record):
                parked.add((record.number, ""))
            elif given_up and (record.product, record.number) not in counted:
                continue  # no rule has taken it in
            due[record.number] = oracle.judge(record)
            if record.refused:
                parked.update((record.number, rule) for rule in due[record.number] if rule != LIMITED)
        return due, parked

    def _given_up_once(self, expected: set[tuple[int, str]]) -> None:
        for key in expected:
            if not self._parked[key] and key[0] not in self._given_up:
                raise BrokenLawError(f"{key} should have been parked, and is nowhere")
        for key, count in self._parked.items():
            record = self._records[key[0]]
            certain = not self._given_up.intersection(other.number for other in self._products[record.product])
            if certain and key not in expected and not (record.refused and key[1] == LIMITED):
                raise BrokenLawError(f"{key} was parked, and nothing was wrong with it")
            if count > 1 and key not in self._parked_excused:
                raise BrokenLawError(f"{key} was parked {count} times, and nothing explains it")

    def _nothing_lost(self, due: Due, publications: Iterable[Publication], covered: Callable[[int, str], bool]) -> None:
        out = {(publication.number, publication.rule) for publication in publications if not publication.summary}
        for number, rules in due.items():
            for rule in rules:
                if rule != LIMITED and (number, rule) not in out and not covered(number, rule):
                    raise BrokenLawError(f"lost: {rule} about {number}")

    def _nothing_beyond(self, due: Due) -> None:
        """Check that nothing was sent that was not due, where no given-up record makes that uncertain."""
        for publication in self._alive:
            record = self._records[publication.number]
            if self._given_up & self._earlier(record.number) and (
                publication.rule in REMEMBERING or record.number in self._given_up
            ):
                continue
            rules = due.get(publication.number, {})
            if publication.rule not in rules:
                raise BrokenLawError(f"{_name(publication)} was not due")
            if not publication.summary and publication.held != rules[publication.rule]:
                held = rules[publication.rule]
                raise BrokenLawError(f"{_name(publication)} says {publication.held} were held back, it was {held}")

    def _earlier(self, number: int) -> set[int]:
        """Return the changes of the same product up to this one."""
        product = self._records[number].product
        return {other.number for other in self._products[product] if other.number <= number}

    def _limits(self, due: Due, publications: Iterable[Publication]) -> None:
        """Check the hourly limit: so many go out, one says that it is reached, and the others are held back."""
        wanted: defaultdict[int, set[int]] = defaultdict(set)
        for record in self._world.records:  # one given up may have been counted before
            if LIMITED in due.get(record.number, {}) or record.number in self._given_up:
                wanted[hour_of(record)].add(record.number)
        sent: defaultdict[int, set[int]] = defaultdict(set)
        summaries = set()
        unlogged: Counter[int] = Counter()
        for publication in publications:
            hour = hour_of(self._records[publication.number])
            if publication.rule == LIMITED and publication.summary:
                summaries.add(hour)
            elif publication.rule == LIMITED:
                sent[hour].add(publication.number)
                unlogged[hour] += publication.id in self._world.sns.unlogged
        for hour, numbers in wanted.items():
            covered = {number for number in numbers if self._covered(number, LIMITED)}
            if len(sent[hour]) > LIMIT + unlogged[hour]:
                raise BrokenLawError(f"{len(sent[hour])} alerts in an hour with a limit of {LIMIT}")
            held_back = numbers - sent[hour] - covered
            if held_back and len(sent[hour] | covered) < LIMIT:
                raise BrokenLawError(f"lost below the limit: {LIMITED} about {held_back}")
            if held_back and hour not in summaries and not covered:
                raise BrokenLawError("the limit was reached, and no alert said so")

    def _after_redrive(self, oracle: Oracle, due: Due) -> Due:
        """Ask the oracle what the redrive had to bring; what was due before still is."""
        again = {number: dict(rules) for number, rules in due.items() if number not in self._given_up}
        for number in dict.fromkeys(self._world.redriven):  # what comes twice was decided the first time
            record = self._records[number]
            if not oracle.hopeless(record):
                found = oracle.judge(record, redriven=True)
                if number in self._given_up:
                    again.setdefault(number, {}).update(found)
        for number, rule in self._parked:
            # A refused alert comes back if the record's two images say so again: it is older than what was seen.
            if rule in REMEMBERING and number in again:
                again[number].pop(rule, None)
        return again

    def _queue_is_empty_but_for(self, parked: set[tuple[int, str]]) -> None:
        """Check that all was played, and that those are left that cannot be read, and no others."""
        unplayed = (self._given_up | {number for number, _ in self._parked}) - set(self._world.redriven)
        if unplayed:
            raise BrokenLawError(f"lost: {unplayed} left the failures queue unplayed")
        # Whether a value that is none matters depends on whether a rule fires; a record without a shape has no chance.
        hopeless = {number for number, rule in parked if not rule and self._records[number].poison != "value"}
        spoilt = {record.number for record in self._world.records if record.poison}
        left = set()
        for text in self._world.sqs.messages.values():
            body = json.loads(text)
            if "record" in body:
                numbers = {int(body["record"]["eventID"])}
            else:
                info = body["DDBStreamBatchInfo"]
                first, last = int(info["startSequenceNumber"]), int(info["endSequenceNumber"])
                numbers = {record.number for record in self._world.records if first <= record.number <= last}
            left |= numbers
            if not numbers & spoilt:
                raise BrokenLawError(f"{min(numbers)} is still in the failures queue, and nothing is wrong with it")
        if hopeless - left:
            raise BrokenLawError(f"lost: {hopeless - left} cannot be read, and left the failures queue")


def _name(publication: Publication) -> str:
    kind = "the summary" if publication.summary else "the alert"
    return f"{kind} of {publication.rule} about {publication.number} ({publication.product})"
