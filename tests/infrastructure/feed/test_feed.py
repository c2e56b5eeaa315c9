"""The feed reads once for all, and what fails stands still alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Event, Thread

import pytest

from application.projections.projection import Recorded
from application.projections.rows import Rows
from infrastructure.clock import SettableClock
from infrastructure.feed.failures import Failure, Failures
from infrastructure.feed.feed import Feed
from interface.household import Household
from tests.infrastructure.feed.probes import (
    BrokenError,
    CountingReader,
    Probe,
    feed_of,
    kill_all,
    kill_transactions,
    until,
    write_raw,
    write_workers,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def broken() -> Probe:
    return Probe("broken")


@pytest.fixture
def sound() -> Probe:
    return Probe("sound")


@pytest.fixture
def feed(house: Household, clock: SettableClock, broken: Probe, sound: Probe) -> Feed:
    return feed_of(house.engine, *(p.projector(house.engine) for p in (broken, sound)), clock=clock)


def only_failure(house: Household) -> Failure:
    (failure,) = house.failures.all()
    return failure


# -- reading


def test_a_page_is_read_and_decoded_once_for_all(
    house: Household, broken: Probe, sound: Probe
) -> None:
    write_workers(house, 1, 2, 3)
    reader = CountingReader(house.engine)
    probes = (broken, sound)
    feed = feed_of(house.engine, *(p.projector(house.engine) for p in probes), reader=reader)
    feed.run_once()
    assert reader.pages == [0]
    assert len(sound.recorded) == 3
    for one, other in zip(broken.recorded, sound.recorded, strict=True):
        assert one is other


def test_of_a_large_page_two_read_models_are_made_at_a_time(
    house: Household, feed: Feed, broken: Probe, sound: Probe
) -> None:
    write_workers(house, *range(1, 1_001))
    both = Barrier(2, timeout=20)

    def meet(_rows: Rows, recorded: Recorded) -> None:
        if recorded.position == 1:
            both.wait()

    broken.besides = sound.besides = meet
    feed.catch_up()
    assert house.failures.all() == []
    assert broken.seen(house.engine) == sound.seen(house.engine) == list(range(1, 1_001))


def test_an_event_that_nobody_asks_for_is_not_decoded(house: Household) -> None:
    write_raw(house, "customer.consent_given", b"not even JSON")
    house.feed.catch_up()
    assert house.failures.all() == []
    assert set(house.feed.lags()[1].values()) == {0}


def test_a_laggard_reads_alone(house: Household, sound: Probe) -> None:
    write_workers(house, 1, 2, 3)
    feed_of(house.engine, sound.projector(house.engine)).catch_up()
    write_workers(house, 4)
    late, reader = Probe("late"), CountingReader(house.engine, page=2)
    probes = (late, sound)
    feed = feed_of(house.engine, *(p.projector(house.engine) for p in probes), reader=reader)
    feed.run_once()
    assert reader.pages == [0, 3]
    assert (late.seen(house.engine), sound.seen(house.engine)) == ([1, 2], [1, 2, 3, 4])
    feed.catch_up()
    assert late.seen(house.engine) == [1, 2, 3, 4]
    write_workers(house, 5)
    reader.pages.clear()
    feed.run_once()
    assert reader.pages == [4]


def test_an_idle_feed_says_that_nothing_moved(house: Household) -> None:
    assert not house.feed.run_once()
    write_workers(house, 1)
    assert house.feed.run_once()
    assert not house.feed.run_once()


def test_lag_is_what_each_one_has_still_to_read(
    house: Household, feed: Feed, broken: Probe
) -> None:
    write_workers(house, 1, 2, 3)
    assert feed.lags() == (3, {"broken": 3, "sound": 3})
    broken.fail_at(2)
    feed.catch_up()
    assert feed.lags() == (3, {"broken": 2, "sound": 0})


# -- failing


def test_a_handler_that_raises_stops_only_its_own_projection(
    house: Household, feed: Feed, broken: Probe, sound: Probe
) -> None:
    write_workers(house, 1, 2, 3, 4)
    broken.fail_at(3)
    feed.catch_up()
    assert broken.seen(house.engine) == [1, 2]
    assert sound.seen(house.engine) == [1, 2, 3, 4]


def test_a_failure_says_where_and_why(
    house: Household, clock: SettableClock, feed: Feed, broken: Probe
) -> None:
    write_workers(house, 1, 2, 3)
    broken.fail_at(2)
    feed.catch_up()
    failure = only_failure(house)
    assert (failure.name, failure.position) == ("broken", 2)
    assert failure.event == "worker.registered"
    assert failure.error == "BrokenError: broken at 2"
    assert "in fail\n" in failure.traceback
    assert (failure.attempts, failure.failed_at) == (1, clock.now())


def test_it_is_tried_again_with_growing_pauses_of_at_most_five_minutes(
    house: Household, clock: SettableClock, feed: Feed, broken: Probe
) -> None:
    write_workers(house, 1)
    broken.fail_at(1)
    pauses = []
    for attempt in range(1, 12):
        feed.catch_up()
        failure = only_failure(house)
        assert (failure.attempts, len(broken.recorded)) == (attempt, attempt)
        pauses.append((failure.next_try_at - clock.now()).total_seconds())
        clock.set(failure.next_try_at - SECOND / 1000)
        feed.catch_up()
        assert len(broken.recorded) == attempt
        clock.set(failure.next_try_at)
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_a_projection_that_goes_on_leaves_no_failure(
    house: Household, clock: SettableClock, feed: Feed, broken: Probe
) -> None:
    write_workers(house, 1, 2, 3)
    broken.fail_at(2)
    feed.catch_up()
    broken.heal()
    clock.advance(SECOND)
    feed.catch_up()
    assert broken.seen(house.engine) == [1, 2, 3]
    assert house.failures.all() == []


def test_the_next_obstacle_begins_with_a_short_pause(
    house: Household, clock: SettableClock, feed: Feed, broken: Probe
) -> None:
    write_workers(house, 1, 2, 3)
    broken.fail_at(1)
    for _ in range(4):
        feed.catch_up()
        clock.advance(timedelta(minutes=5))
    broken.fail_at(3)
    feed.catch_up()
    failure = only_failure(house)
    assert (failure.position, failure.attempts) == (3, 1)
    assert failure.next_try_at == clock.now() + SECOND


def test_a_failure_that_another_process_got_past_is_cleared(
    house: Household, clock: SettableClock, feed: Feed, broken: Probe
) -> None:
    twin = Probe("broken")
    other = feed_of(house.engine, twin.projector(house.engine), clock=clock)
    write_workers(house, 1, 2)
    broken.fail_at(2)
    feed.catch_up()
    other.catch_up()
    assert twin.recorded == []  # the pause is everybody's
    clock.advance(SECOND)
    other.catch_up()
    assert (twin.seen(house.engine), house.failures.all()) == ([1, 2], [])
    feed.catch_up()
    assert house.failures.all() == []


def test_a_process_that_starts_anew_tries_at_once(
    house: Household, clock: SettableClock, feed: Feed, broken: Probe
) -> None:
    write_workers(house, 1)
    broken.fail_at(1)
    feed.catch_up()
    repaired = Probe("broken")
    feed_of(house.engine, repaired.projector(house.engine), clock=clock).catch_up()
    assert (repaired.seen(house.engine), house.failures.all()) == ([1], [])


def test_an_unknown_event_stops_everybody_and_is_never_skipped(house: Household) -> None:
    write_workers(house, 1)
    write_raw(house, "worker.teleported")
    write_workers(house, 2)
    house.feed.catch_up()
    failures = house.failures.all()
    assert {failure.name for failure in failures} == set(house.feed.lags()[1])
    for failure in failures:
        assert (failure.position, failure.event) == (2, "worker.teleported")
        assert failure.error == "UnknownEventError: worker.teleported"
    assert set(house.feed.lags()[1].values()) == {2}


def test_an_event_that_cannot_be_decoded_stops_whoever_asks_for_it(house: Household) -> None:
    write_raw(house, "worker.registered", b"not even JSON")
    house.feed.catch_up()
    assert only_failure(house).name == "office_workers"


def test_a_failing_statement_of_a_handler_is_the_handlers_failure(
    house: Household, feed: Feed, broken: Probe, sound: Probe
) -> None:
    write_workers(house, 1)

    broken.spoil(1)
    feed.catch_up()
    assert "violates not-null constraint" in only_failure(house).error
    assert sound.seen(house.engine) == [1]


def test_a_row_that_cannot_be_written_is_traced_to_its_event(
    house: Household, feed: Feed, broken: Probe, sound: Probe
) -> None:
    write_workers(house, 1, 2, 3, 4, 5)
    broken.spoil(3, 5)
    feed.catch_up()
    failure = only_failure(house)
    assert (failure.position, failure.event) == (3, "worker.registered")
    assert "violates not-null constraint" in failure.error
    assert broken.seen(house.engine) == [1, 2]
    assert sound.seen(house.engine) == [1, 2, 3, 4, 5]


def test_of_two_failures_in_a_page_the_first_event_is_told_and_nothing_before_it_is_lost(
    house: Household, clock: SettableClock, feed: Feed, broken: Probe
) -> None:
    """The handler raises at once; the row of an earlier event fails only when it is written."""
    write_workers(house, 1, 2, 3, 4)

    def fail_late_and_early(rows: Rows, recorded: Recorded) -> None:
        if recorded.position == 2:
            rows.insert(broken.seen_rows, position=-2)
        if recorded.position == 4:
            raise BrokenError(4)

    broken.besides = fail_late_and_early
    feed.catch_up()
    assert (only_failure(house).position, broken.seen(house.engine)) == (2, [1])
    broken.fail_at(4)
    clock.advance(SECOND)
    feed.catch_up()
    assert (only_failure(house).position, broken.seen(house.engine)) == (4, [1, 2, 3])


def test_what_is_done_at_the_end_of_a_page_is_traced_to_its_event_too(
    house: Household, feed: Feed, broken: Probe
) -> None:
    write_workers(house, 1, 2, 3)

    def refuse(_rows: Rows, positions: Sequence[int]) -> None:
        if 2 in positions:
            raise BrokenError(2)

    def leave_for_the_end(rows: Rows, recorded: Recorded) -> None:
        rows.at_end(refuse, recorded.position)

    broken.besides = leave_for_the_end
    feed.catch_up()
    failure = only_failure(house)
    assert (failure.position, failure.error) == (2, "BrokenError: broken at 2")
    assert broken.seen(house.engine) == [1]


# -- running on its own


def test_a_running_feed_follows_and_outlives_its_connections(
    house: Household, sound: Probe
) -> None:
    projector = sound.projector(house.engine)
    feed = feed_of(house.engine, projector)
    house.event_log.doorbell.on_ring(feed.wake.set)
    with running(feed):
        write_workers(house, 1, 2)
        until(lambda: projector.position() == 2)
        assert kill_all(house.engine) > 0
        write_workers(house, 3)
        until(lambda: projector.position() == 3)
    assert sound.seen(house.engine) == [1, 2, 3]


def test_a_running_feed_that_is_cut_off_in_a_batch_begins_it_anew(
    house: Household, sound: Probe
) -> None:
    cuts = iter([True])

    def cut(_rows: Rows, _recorded: Recorded) -> None:
        if next(cuts, False):
            assert kill_transactions(house.engine) == 1

    sound.besides = cut
    projector = sound.projector(house.engine)
    write_workers(house, 1, 2)
    with running(feed_of(house.engine, projector)):
        until(lambda: projector.position() == 2)
    assert [recorded.position for recorded in sound.recorded] == [1, 2, 1, 2]
    assert house.failures.all() == []


@contextmanager
def running(feed: Feed) -> Iterator[None]:
    stop = Event()
    thread = Thread(target=feed.run_forever, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        feed.wake.set()
        thread.join()


def test_pauses_end_by_the_clock_alone(house: Household, clock: SettableClock) -> None:
    failures = Failures(house.engine, clock)
    failures.record("some", 7, "worker.left", ValueError("why"))
    assert failures.stops()["some"].paused
    clock.advance(SECOND)
    assert not failures.stops()["some"].paused
    failures.clear("some")
    assert failures.stops() == {}
