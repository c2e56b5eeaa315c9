"""The processes that follow the log, each alone: feed and worker; and what all begin with."""

import logging
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from threading import Event
from types import FrameType
from typing import Final

from application.logging_in import staff_id_of
from domain.staff import Staff
from interface.api.away import DATABASE_AWAY
from interface.cli.demo_data import LOGINS
from interface.household import Household, build
from interface.settings import Settings, SettingsError

_IDLE_SECONDS: Final = 0.2
_AWAY_SECONDS: Final = 1.0

_logger = logging.getLogger("jiawu.processes")


def feed(settings: Settings) -> int:
    """Keep projections and policies level with the log. Raises as open_household does."""
    with open_household(settings) as house:
        stop = _stopped(house.feed.wake.set)
        house.feed.install()
        house.deadlines.install()
        with house.listening():
            house.feed.run_forever(stop)
    return 0


def worker(settings: Settings) -> int:
    """Make the outbox's calls and meet the deadlines. Raises as open_household does."""
    with open_household(settings) as house:
        stop = _stopped()
        house.deadlines.install()
        side_by_side(stop, partial(work_outbox, house), partial(work_deadlines, house))
    return 0


def work_outbox(house: Household, stop: Event) -> None:
    """Make calls until `stop`, resting a moment where none is due."""
    _work(house.outbox.run_due, stop)


def work_deadlines(house: Household, stop: Event) -> None:
    """Do what falls due, and the routines, until `stop`, resting where nothing is due."""
    _work(house.deadlines.run_due, stop)


def side_by_side(stop: Event, *works: Callable[[Event], None]) -> None:
    """Run each in a thread of its own until `stop`: one that takes long delays no other.

    Where one raises, the others are stopped, and then it is raised here.
    """
    with ThreadPoolExecutor(len(works)) as threads:
        running = [threads.submit(work, stop) for work in works]
        wait(running, return_when=FIRST_COMPLETED)
        stop.set()
    for each in running:
        each.result()


def _work(run_due: Callable[[], bool], stop: Event) -> None:
    while not stop.is_set():
        try:
            if not run_due():
                stop.wait(_IDLE_SECONDS)
        except DATABASE_AWAY as error:
            _logger.warning("the database is away: %s", type(error).__name__)
            stop.wait(_AWAY_SECONDS)


@contextmanager
def open_household(settings: Settings) -> Iterator[Household]:
    """The wired product on a migrated database, closed at the end.

    Raises SettingsError where the configuration is incomplete or demo data
    would meet a real merchant.
    """
    check_complete(settings)
    house = build(settings)
    try:
        _check_no_demo_data(house)
        yield house
    finally:
        house.close()


def check_complete(settings: Settings, *provided: str) -> None:
    """Raise SettingsError, with every missing variable, unless a demo makes its own.

    `provided` are variables that the caller brings itself.
    """
    missing = [] if settings.demo else [n for n in settings.missing() if n not in provided]
    if missing:
        raise SettingsError(what=f"缺少 {'、'.join(missing)}。演示请设 JIAWU_DEMO=1。")


def _check_no_demo_data(house: Household) -> None:
    if house.settings.demo:
        return
    if any(house.log.find(Staff, staff_id_of(name)) for name in LOGINS):
        raise SettingsError(what="数据库中有演示数据，不能与真实商户号一起使用。")


def _stopped(wake: Callable[[], None] = lambda: None) -> Event:
    """An event that SIGINT and SIGTERM set; then they call `wake`."""
    stop = Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        wake()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop
