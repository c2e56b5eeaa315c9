"""Rebuilding while everybody reads and writes, and being killed at every step of it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Event

from sqlalchemy import Engine, create_engine, event, func, select

from infrastructure.feed.progress import PostgresProgress
from infrastructure.feed.rebuilding import Switching
from interface.household import Household
from tests.conftest import Database
from tests.infrastructure.feed.probes import KilledError, until, write_workers
from tests.infrastructure.feed.rebuilds import Diary, schemas

REBUILDS = 5


@contextmanager
def engine_on(database: Database) -> Iterator[Engine]:
    """The connections of another process."""
    engine = create_engine(database.application_url)
    yield engine
    engine.dispose()


def read_on(diary: Diary, engine: Engine, stop: Event) -> int:
    """Look at the pages until `stop`; no row is ever missing, none disappears."""
    noted, seen = diary.noted.c.position, 0
    while not stop.is_set():
        with engine.connect() as connection:
            rows, last = connection.execute(select(func.count(), func.max(noted))).one()
            assert rows == (last or 0) >= seen
            assert connection.execute(select(diary.counted)).all() or not rows
        seen = rows
    return seen


def write_on(house: Household, numbers: Iterator[int], stop: Event) -> int:
    """Write until `stop`, and wait each time for one's own event to be shown."""
    progress = PostgresProgress(house.engine, longest_wait_seconds=20)
    shown = 0
    while not stop.is_set():
        write_workers(house, next(numbers))
        shown += 1
        assert progress.wait_for("diary", shown)
    progress.close()
    return shown


def test_readers_and_writers_notice_nothing_of_rebuilds(
    house: Household, database: Database
) -> None:
    diary, written, stop = Diary(), Event(), Event()
    with engine_on(database) as one, engine_on(database) as two, ThreadPoolExecutor(5) as threads:
        feeds = [Diary().feed(engine) for engine in (one, two)]
        running = [threads.submit(feed.run_forever, stop) for feed in feeds]
        for feed in feeds:
            house.event_log.doorbell.on_ring(feed.wake.set)
        reading = [threads.submit(read_on, diary, engine, stop) for engine in (one, two)]
        writing = threads.submit(write_on, house, count(1), written)
        try:
            for _ in range(REBUILDS):
                before = diary.projector(house.engine).position()
                until(lambda least=before: diary.projector(house.engine).position() > least)  # type: ignore[misc] # mypy cannot type a lambda's default
                rebuilt = diary.rebuild(house.engine)
                assert (rebuilt.switched, rebuilt.comparison.told) == (True, [])
            written.set()
            shown = writing.result(30)
        finally:
            written.set()
            stop.set()
        assert [each.result(30) for each in running] == [None, None]
        assert max(each.result(30) for each in reading) <= shown
    assert [row[0] for row in diary.rows(house.engine)[0]] == [*range(1, shown + 1)]
    assert diary.rebuild(house.engine, Switching.NEVER).comparison.equal
    assert house.failures.all() == []


@contextmanager
def dying(engine: Engine, step: int) -> Iterator[list[int]]:
    """The process dies before its so manieth change or commit, for good.

    To die before it reads is to die before it changes something next.
    """
    done = [0]

    def change(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.lstrip().lower().startswith("select"):
            reach()

    def reach(*_: object) -> None:
        done[0] += 1
        if done[0] > step:
            raise KilledError

    steps: dict[str, Callable[..., None]] = {"before_cursor_execute": change, "commit": reach}
    for name, met in steps.items():
        event.listen(engine, name, met)
    yield done
    for name, met in steps.items():
        event.remove(engine, name, met)


def ends(diary: Diary, engine: Engine, step: int) -> bool:
    """Whether the rebuild ends before it dies."""
    with dying(engine, step) as done:
        try:
            diary.rebuild(engine)
        except KilledError:
            assert done[0] > step
            return False
    return True


def test_a_rebuild_killed_at_any_step_leaves_the_live_one_at_work_and_the_next_one_free(
    house: Household, database: Database
) -> None:
    diary, feed = Diary(), Diary().feed(house.engine)
    write_workers(house, 1, 2, 3)
    feed.catch_up()
    left = set()
    for step in count(1):
        with engine_on(database) as mortal:
            if ends(diary, mortal, step):
                break
        left.add(tuple(schemas(house.engine, "diary")))
        write_workers(house, 3 + step)
        feed.catch_up()
        assert len(diary.rows(house.engine)[0]) == 3 + step
    assert step > 30
    assert left == {("diary",), ("diary", "diary__shadow"), ("diary", "diary__old")}
    assert schemas(house.engine, "diary") == ["diary"]
    assert diary.rebuild(house.engine, Switching.NEVER).comparison.equal
    assert house.failures.all() == []
