"""A mapping that changes while it is served: disable, enable, update, delete, stop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from event_source_mapping.filters.patterns import parse_pattern
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.settings import MappingStatus
from event_source_mapping.model.errors import EndpointError, InvokeError
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.testing.builders import make_record
from event_source_mapping.testing.fake_stream import FakeShard
from event_source_mapping.testing.simulation import QUIET
from tests.event_source_mapping.scenario import START, SUCCESS, covered, documents, fails_on, naming, sent, simulate

WATCHING = replace(QUIET, settings_interval=1.0)


def test_a_mapping_that_is_disabled_from_the_start_is_served() -> None:
    """The command serves what it is told of, enabled or not [While it runs]."""
    simulation = simulate(enabled=False, options=WATCHING).run(idle=5)
    assert sent(simulation) == [[1, 2, 3, 4]]
    assert not simulation.logged(EventType.WARNING)


def test_an_enabled_mapping_is_served_with_one_warning() -> None:
    """Two pollers deliver every record twice: that is said, once [While it runs]."""
    simulation = simulate(enabled=True, options=WATCHING).run(idle=5)
    assert sent(simulation) == [[1, 2, 3, 4]]
    assert len(simulation.logged(EventType.WARNING)) == 1


def test_disabling_pauses_after_the_invocation_in_flight() -> None:
    """What runs is finished and checkpointed; nothing new starts [While it runs]."""

    def handler(_: Invocation) -> InvokeResult:
        simulation.scheduler.spend(10.0)
        return SUCCESS

    simulation = simulate(handler, settings={"batch_size": 2}, enabled=True, options=WATCHING)
    simulation.run(seconds=5)
    simulation.change(enabled=False)
    simulation.run(seconds=100, idle=50)
    assert sent(simulation) == [[1, 2]]
    saved = simulation.checkpoints.load(simulation.poller.uuid)["shardId-1"].sequence_number
    assert saved == str(10**20 + 2)
    assert len(simulation.logged(EventType.PAUSED)) == 1


def test_enabling_goes_on_after_the_last_record_done() -> None:
    """No record is lost or repeated by a pause between batches [While it runs]."""
    records = [
        make_record(1),
        make_record(2, created=START + 20),
        make_record(3, created=START + 90),
    ]
    simulation = simulate(records=records, enabled=True, options=WATCHING)
    simulation.run(seconds=10, idle=100)
    simulation.change(enabled=False)
    simulation.run(seconds=40, idle=100)
    assert sent(simulation) == [[1]]
    simulation.change(enabled=True)
    simulation.run(seconds=100, idle=100)
    assert sent(simulation) == [[1], [2], [3]]
    assert len(simulation.logged(EventType.RESUMED)) == 1


def test_disabling_ends_a_row_of_retries_and_enabling_starts_it_afresh() -> None:
    """While disabled nothing is retried; the quota is fresh after [While it runs]."""
    settings = {"maximum_retry_attempts": 5}
    simulation = simulate(fails_on(1), settings=settings, enabled=True, options=WATCHING)
    simulation.run(seconds=3)
    simulation.change(enabled=False)
    simulation.run(seconds=100, idle=200)
    before = len(sent(simulation))
    assert 0 < before < 6
    simulation.change(enabled=True)
    simulation.run(seconds=100, idle=200)
    assert len(sent(simulation)) == before + 6


def test_an_update_that_also_enables_applies_its_settings() -> None:
    """Disabled at the start and served; enabled and updated in one call [While it runs]."""
    simulation = simulate(fails_on(1), settings={"batch_size": 2}, options=WATCHING)
    simulation.run(seconds=60)
    simulation.change(enabled=True, maximum_retry_attempts=0)
    simulation.run(idle=10)
    assert covered(documents(simulation)[0]) == (1, 2, 2)
    assert len(simulation.logged(EventType.WARNING)) == 1


@pytest.mark.parametrize("enabled", [True, False])
def test_a_state_on_the_way_changes_nothing(*, enabled: bool) -> None:
    """Updating says neither enabled nor disabled: a served mapping stays served [While it runs]."""
    simulation = simulate(enabled=enabled, options=WATCHING).run(seconds=3, idle=100)
    settings = simulation.mappings.statuses[simulation.poller.uuid].settings
    for on_the_way in (None, enabled):
        simulation.mappings.statuses[settings.uuid] = MappingStatus(settings, on_the_way)
        simulation.run(seconds=3, idle=100)
    assert not simulation.logged(EventType.PAUSED, EventType.RESUMED)
    assert len(simulation.logged(EventType.WARNING)) == enabled


def test_a_limit_set_while_running_frees_a_blocked_shard() -> None:
    """An update applies to the batch that is being retried [While it runs]."""
    simulation = simulate(fails_on(1), settings={"batch_size": 2}, options=WATCHING)
    simulation.run(seconds=600)
    assert not documents(simulation)
    simulation.change(maximum_retry_attempts=1)
    simulation.run(idle=10)
    assert covered(documents(simulation)[0]) == (1, 2, 2)
    assert sent(simulation)[-1] == [3, 4]
    assert len(simulation.logged(EventType.UPDATED)) == 1


def test_filters_set_while_running_apply_to_records_not_done() -> None:
    """Records read ahead are filtered again [While it runs]."""
    records = [make_record(n, name="INSERT" if n == 4 else "MODIFY") for n in range(1, 5)]
    settings = {"batch_size": 1}
    simulation = simulate(fails_on(1), records=records, settings=settings, options=WATCHING)
    simulation.run(seconds=5)
    simulation.change(filters=(parse_pattern('{"eventName": ["INSERT"]}'),))
    simulation.run(idle=5)
    assert sent(simulation)[-1] == [4]
    assert not {2, 3} & {number for batch in sent(simulation) for number in batch}


def test_a_factor_set_while_running_repeats_no_finished_record() -> None:
    """Lanes are made anew; what was done in the old ones stays done [While it runs]."""
    records = [make_record(n, item=f"item-{n}") for n in range(1, 9)]
    settings = {"batch_size": 1, "parallelization_factor": 4}
    simulation = simulate(fails_on(1), records=records, settings=settings, options=WATCHING)
    simulation.run(seconds=5)
    simulation.change(parallelization_factor=2, maximum_retry_attempts=0)
    simulation.run(idle=5)
    flat = [number for batch in sent(simulation) for number in batch if number != 1]
    assert sorted(flat) == [2, 3, 4, 5, 6, 7, 8]
    assert [covered(document) for document in documents(simulation)] == [(1, 1, 1)]


def test_latest_misses_nothing_across_an_update() -> None:
    """A shard read from LATEST keeps its iterator when the settings change [While it runs]."""
    records = [make_record(1), make_record(2, created=START + 10)]
    settings = {"starting_position": "LATEST"}
    simulation = simulate(records=records, settings=settings, enabled=True, options=WATCHING)
    simulation.run(seconds=5, idle=100)
    simulation.change(enabled=False)
    simulation.run(seconds=30, idle=100)
    simulation.change(enabled=True)
    simulation.run(seconds=30, idle=100)
    assert sent(simulation) == [[2]]


def test_deleting_the_mapping_ends_its_service() -> None:
    """After the invocation in flight, with its checkpoints dropped [While it runs]."""
    simulation = simulate(fails_on(1), options=WATCHING).run(seconds=5)
    del simulation.mappings.statuses[simulation.poller.uuid]
    simulation.run()
    assert simulation.poller.done
    assert len(simulation.logged(EventType.DELETED)) == 1
    assert simulation.checkpoints.load(simulation.poller.uuid) == {}


def test_a_mapping_in_state_deleting_is_deleted() -> None:
    """Delete answers with that state before the mapping is gone [While it runs]."""
    simulation = simulate(options=WATCHING).run(seconds=2, idle=50)
    status = simulation.mappings.statuses[simulation.poller.uuid]
    simulation.mappings.statuses[simulation.poller.uuid] = MappingStatus(status.settings, enabled=False, deleting=True)
    assert simulation.run(idle=50).poller.done


def test_trouble_with_the_lambda_api_is_reported_once_and_changes_nothing() -> None:
    """The settings stay as they were [While it runs]."""
    simulation = simulate(records=1, options=WATCHING)

    def broken(_: str) -> MappingStatus:
        raise EndpointError("cannot reach the endpoint")

    simulation.mappings.mapping = broken  # type: ignore[method-assign, assignment]
    simulation.run(seconds=30, idle=100)
    assert sent(simulation) == [[1]]
    assert len(simulation.logged(EventType.WARNING)) == 1


def test_stopping_finishes_the_invocation_in_flight_and_checkpoints_it() -> None:
    """Ctrl-C: what runs is finished, nothing new starts [While it runs]."""

    def handler(_: Invocation) -> InvokeResult:
        simulation.scheduler.spend(60.0)
        return SUCCESS

    simulation = simulate(handler, settings={"batch_size": 2})
    simulation.run(seconds=10)
    simulation.stop()
    assert sent(simulation) == [[1, 2]]
    saved = simulation.checkpoints.load(simulation.poller.uuid)["shardId-1"].sequence_number
    assert saved == str(10**20 + 2)
    assert simulation.events[-1].outcome is EventType.STOPPED


def test_stopping_ends_retries_without_giving_the_batch_up() -> None:
    """A batch that keeps failing does not hold the command [While it runs]."""
    simulation = simulate(fails_on(1)).run(seconds=100)
    count = len(sent(simulation))
    simulation.stop()
    assert simulation.poller.done
    assert len(sent(simulation)) <= count + 1
    assert not documents(simulation)


def test_stopping_keeps_the_progress_of_a_partial_response() -> None:
    """What the last answer acknowledged is checkpointed [While it runs]."""
    settings = {"report_batch_item_failures": True}
    simulation = simulate(lambda _: naming(3), settings=settings).run(seconds=5).stop()
    saved = simulation.checkpoints.load(simulation.poller.uuid)["shardId-1"].sequence_number
    assert saved == str(10**20 + 2)


def test_a_function_that_is_deleted_stalls_the_shard_until_it_is_back() -> None:
    """Not reached costs no retry, and the mapping stays [Retries]."""
    gone = True

    def handler(_: Invocation) -> InvokeResult:
        if gone:
            raise InvokeError("ResourceNotFoundException: Function not found")
        return SUCCESS

    simulation = simulate(handler, settings={"maximum_retry_attempts": 0}).run(seconds=3600)
    assert not documents(simulation)
    gone = False
    assert sent(simulation.run()) == [[1, 2, 3, 4]]


def test_idle_counts_from_the_last_thing_that_happened() -> None:
    """In flight, pending and unread records all keep the command busy [Use]."""
    simulation = simulate(fails_on(1), settings={"maximum_retry_attempts": 3}).run(idle=7.0)
    last = simulation.logged(EventType.DELIVERED)[-1].time
    assert simulation.scheduler.now() == pytest.approx(last + 7.0, abs=0.3)


def test_two_shards_are_not_idle_while_one_works() -> None:
    """Idle means every shard of the mapping [Use]."""
    shards = [
        FakeShard("a", None, [make_record(1)]),
        FakeShard("b", None, [make_record(2)]),
    ]
    simulation = simulate(fails_on(2), shards=shards, settings={"maximum_retry_attempts": 8})
    simulation.run(idle=1.0)
    assert len(documents(simulation)) == 1
