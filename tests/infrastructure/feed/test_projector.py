"""A projection's rows and its position change together, and one process at a time changes them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from application.crash_points import CrashPoint
from application.projections.projection import Recorded
from application.projections.rows import Rows
from infrastructure.feed.reader import LogReader
from interface.household import Household
from tests.application.projections.tables import start_over
from tests.conftest import Database
from tests.infrastructure.feed.probes import (
    Probe,
    feed_of,
    kill_transactions,
    killed_at,
    open_transactions,
    until,
    write_workers,
)


@pytest.fixture
def probe() -> Probe:
    return Probe()


@pytest.fixture
def other_engine(database: Database) -> Iterator[Engine]:
    """The engine of another process."""
    engine = sa.create_engine(database.application_url)
    yield engine
    engine.dispose()


def test_a_projection_reads_every_event_once_and_in_order(house: Household, probe: Probe) -> None:
    write_workers(house, 1, 2, 3)
    feed = feed_of(house.engine, probe.projector(house.engine))
    feed.catch_up()
    write_workers(house, 4)
    feed.catch_up()
    assert [recorded.position for recorded in probe.recorded] == [1, 2, 3, 4]
    assert probe.seen(house.engine) == [1, 2, 3, 4]


@pytest.mark.parametrize("last_event", [1, 3])
def test_a_projection_killed_in_a_batch_leaves_neither_rows_nor_position(
    house: Household, probe: Probe, other_engine: Engine, last_event: int
) -> None:
    write_workers(house, 1, 2, 3)
    projector = probe.projector(house.engine)
    feed = feed_of(house.engine, projector)

    deaths = iter([True])

    def die(_rows: Rows, recorded: Recorded) -> None:
        if recorded.position == last_event and next(deaths, False):
            assert kill_transactions(other_engine) == 1

    probe.besides = die
    with pytest.raises(OperationalError):
        feed.run_once()
    assert (probe.seen(house.engine), projector.position()) == ([], 0)
    assert house.failures.all() == []  # nobody's fault: nothing stands still

    feed.catch_up()
    assert (probe.seen(house.engine), projector.position()) == ([1, 2, 3], 3)


def test_a_projection_killed_before_its_commit_begins_the_batch_anew(
    house: Household, probe: Probe
) -> None:
    write_workers(house, 1, 2)
    projector = probe.projector(house.engine)
    feed = feed_of(house.engine, projector)
    with killed_at(CrashPoint.PROJECTION_APPLIED):
        feed.run_once()
    assert open_transactions(house.engine) == set()
    assert (probe.seen(house.engine), projector.position()) == ([], 0)

    successor = probe.projector(house.engine)
    feed_of(house.engine, successor).catch_up()
    assert (probe.seen(house.engine), successor.position()) == ([1, 2], 2)


def test_rows_are_not_seen_before_the_position_has_moved(
    house: Household, probe: Probe, other_engine: Engine
) -> None:
    write_workers(house, 1, 2)
    projector = probe.projector(house.engine)
    between: list[tuple[list[int], int]] = []

    def look(_rows: Rows, _recorded: Recorded) -> None:
        between.append((probe.seen(other_engine), projector.position()))

    probe.besides = look
    feed_of(house.engine, projector).catch_up()
    assert between == [([], 0), ([], 0)]


def test_whoever_locks_the_position_owns_the_batch_and_others_go_on_at_once(
    house: Household, probe: Probe, other_engine: Engine
) -> None:
    write_workers(house, 1, 2)
    free = Probe("free")
    inside, go_on = Event(), Event()

    def hold(_rows: Rows, _recorded: Recorded) -> None:
        inside.set()
        assert go_on.wait(20)

    probe.besides = hold
    one = feed_of(house.engine, probe.projector(house.engine))
    twin = Probe("probe")
    other = feed_of(other_engine, twin.projector(other_engine), free.projector(other_engine))
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(one.catch_up)
        assert inside.wait(20)
        other.catch_up()
        assert (twin.recorded, free.seen(other_engine)) == ([], [1, 2])
        go_on.set()
        running.result()
    assert probe.seen(house.engine) == [1, 2]
    other.catch_up()
    assert twin.recorded == []


def test_of_many_feeds_none_applies_twice_and_none_skips(
    house: Household, database: Database
) -> None:
    count = 240
    write_workers(house, *range(1, count + 1))

    def follow(number: int) -> list[int]:
        engine = sa.create_engine(database.application_url)
        probe = Probe()
        projector = probe.projector(engine)
        feed = feed_of(engine, projector, reader=LogReader(engine, page=2 + number))
        until(lambda: not feed.run_once() and projector.position() == count, 60)
        engine.dispose()
        return [recorded.position for recorded in probe.recorded]

    with ThreadPoolExecutor(4) as threads:
        shares = list(threads.map(follow, range(4)))
    assert sorted(position for share in shares for position in share) == list(range(1, count + 1))
    assert Probe().seen(house.engine) == list(range(1, count + 1))
    assert house.failures.all() == []


def test_a_projection_set_back_to_zero_skips_nothing(house: Household, probe: Probe) -> None:
    """Another process rebuilds it, while this one remembers where it stood."""
    write_workers(house, 1, 2, 3)
    feed = feed_of(house.engine, probe.projector(house.engine))
    feed.catch_up()
    start_over(house.engine, probe.projection, {}, house.vault)
    write_workers(house, 4)
    feed.catch_up()
    assert probe.seen(house.engine) == [1, 2, 3, 4]


def test_processes_that_start_together_install_together(
    house: Household, database: Database
) -> None:
    def install(_: int) -> None:
        engine = sa.create_engine(database.application_url)
        Probe("shared").projector(engine).install()
        engine.dispose()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(install, range(6)))
    assert Probe("shared").projector(house.engine).position() == 0


def test_installing_again_keeps_rows_and_position(house: Household, probe: Probe) -> None:
    write_workers(house, 1, 2)
    projector = probe.projector(house.engine)
    feed_of(house.engine, projector).catch_up()
    projector.install()
    assert (probe.seen(house.engine), projector.position()) == ([1, 2], 2)
