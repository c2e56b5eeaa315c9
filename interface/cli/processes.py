"""The product's processes, each alone: web, feed, worker, simulators."""

import signal
from threading import Event
from types import FrameType
from typing import Final

from application.logging_in import staff_id_of
from domain.staff import Staff
from infrastructure.clock import SystemClock
from interface.api.app import create_app
from interface.cli.demo_data import LOGINS
from interface.cli.serving import serve, serving
from interface.cli.simulating import account_app, pay_app
from interface.household import Household, build
from interface.settings import Settings, SettingsError

_IDLE_SECONDS: Final = 0.2


def web(settings: Settings) -> int:
    """Serve the API and the callbacks.

    Raises SettingsError where demo data would meet a real merchant.
    """
    house = build(settings)
    try:
        _check_no_demo_data(house)
        serve(create_app(house), settings.host, settings.port)
    finally:
        house.close()
    return 0


def feed(settings: Settings) -> int:
    """Keep projections and policies level with the log."""
    house = build(settings)
    try:
        house.feed.install()
        with house.listening():
            house.feed.run_forever(_stopped())
    finally:
        house.close()
    return 0


def worker(settings: Settings) -> int:
    """Make the outside calls that wait in the outbox."""
    house = build(settings)
    try:
        work_outbox(house, _stopped())
    finally:
        house.close()
    return 0


def simulators(settings: Settings) -> int:
    """Serve the simulated WeChat."""
    clock = SystemClock()
    with serving(account_app(settings, clock), port=settings.simulator_account_port):
        serve(pay_app(settings, clock), "127.0.0.1", settings.simulator_pay_port)
    return 0


def work_outbox(house: Household, stop: Event) -> None:
    """Make calls until `stop`, resting a moment where none is due."""
    while not stop.is_set():
        if not house.outbox.run_due():
            stop.wait(_IDLE_SECONDS)


def _check_no_demo_data(house: Household) -> None:
    if house.settings.demo:
        return
    if any(house.log.find(Staff, staff_id_of(name)) for name in LOGINS):
        raise SettingsError(what="数据库中有演示数据，不能与真实商户号一起使用。")


def _stopped() -> Event:
    """An event that SIGINT and SIGTERM set."""
    stop = Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop
