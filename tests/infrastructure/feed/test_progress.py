"""Whoever has just written waits until a read model shows it, but never long."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest

from infrastructure.feed.feed import Feed
from infrastructure.feed.progress import PostgresProgress
from interface.household import Household
from tests.infrastructure.feed.probes import (
    Probe,
    feed_of,
    kill_listeners,
    listeners,
    until,
    write_workers,
)

FOREVER = 30.0
Waiting = Callable[[float, float], PostgresProgress]


@pytest.fixture
def feed(house: Household) -> Feed:
    return feed_of(house.engine, Probe().projector(house.engine))


@pytest.fixture
def waiting(house: Household) -> Iterator[Waiting]:
    """Makes a progress from its longest wait and its pause between looks, in seconds."""
    made: list[PostgresProgress] = []

    def make(longest: float, poll: float) -> PostgresProgress:
        made.append(PostgresProgress(house.engine, longest_wait_seconds=longest, poll_seconds=poll))
        return made[-1]

    yield make
    for progress in made:
        progress.close()


def test_what_is_read_already_is_answered_at_once(
    house: Household, feed: Feed, waiting: Waiting
) -> None:
    write_workers(house, 1, 2)
    feed.catch_up()
    progress = waiting(0, FOREVER)
    assert progress.wait_for("probe", 2)
    assert progress.wait_for("probe", 0)
    assert listeners(house.engine) == set()


def test_a_wait_ends_when_it_takes_too_long(house: Household, feed: Feed, waiting: Waiting) -> None:
    write_workers(house, 1)
    began = monotonic()
    assert not waiting(0.05, FOREVER).wait_for("probe", 1)
    assert 0.05 <= monotonic() - began < 5
    feed.catch_up()


def test_the_move_of_another_thread_wakes_the_one_that_waits(
    house: Household, feed: Feed, waiting: Waiting
) -> None:
    """Without polling, so that only what was heard can have done it."""
    progress = waiting(FOREVER, FOREVER)
    with ThreadPoolExecutor(3) as threads:
        waits = [threads.submit(progress.wait_for, "probe", position) for position in (1, 2, 3)]
        until(lambda: listeners(house.engine))
        for number in (1, 2, 3):
            write_workers(house, number)
            feed.catch_up()
        assert [wait.result(FOREVER / 2) for wait in waits] == [True, True, True]


def test_what_was_heard_is_not_asked_for_again(
    house: Household, feed: Feed, waiting: Waiting
) -> None:
    progress = waiting(FOREVER, FOREVER)
    with ThreadPoolExecutor(1) as threads:
        wait = threads.submit(progress.wait_for, "probe", 2)
        until(lambda: listeners(house.engine))
        write_workers(house, 1, 2)
        feed.catch_up()
        assert wait.result(FOREVER / 2)
    with house.engine.begin() as connection:
        connection.exec_driver_sql("drop schema probe cascade")
    assert progress.wait_for("probe", 2)


def test_a_move_that_was_not_heard_is_found_by_looking(
    house: Household, feed: Feed, waiting: Waiting
) -> None:
    progress = waiting(FOREVER, 0.01)
    with ThreadPoolExecutor(1) as threads:
        wait = threads.submit(progress.wait_for, "probe", 1)
        until(lambda: listeners(house.engine))
        assert kill_listeners(house.engine) == 1
        write_workers(house, 1)
        feed.catch_up()
        assert wait.result(FOREVER / 2)


def test_a_lost_listener_listens_again(house: Household, feed: Feed, waiting: Waiting) -> None:
    assert not waiting(0, FOREVER).wait_for("probe", 1)
    progress = waiting(FOREVER, FOREVER)
    until(lambda: listeners(house.engine))
    lost = listeners(house.engine)
    kill_listeners(house.engine)
    with ThreadPoolExecutor(1) as threads:
        wait = threads.submit(progress.wait_for, "probe", 1)
        until(lambda: len(listeners(house.engine) - lost) == 2)
        write_workers(house, 1)
        feed.catch_up()
        assert wait.result(FOREVER / 2)
