"""The stage: the real product and both simulators in one process, on one settable clock.

A second composition root, for the demo alone: real sockets, real PostgreSQL,
the same code as in production; only the time is the story's.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from pydantic import SecretStr

from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.order_facts import OrderFacts
from domain.payments import MoneyArrived
from domain.time import SHANGHAI
from infrastructure.clock import SettableClock
from infrastructure.embedded_postgres import (
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgres,
    prepare_database,
    prepare_roles,
)
from infrastructure.feed.reader import LogReader, decode
from infrastructure.migrations import upgrade
from infrastructure.process_tree import free_port
from interface.api.app import create_app
from interface.cli.demo_data import seed
from interface.cli.processes import work_deadlines, work_outbox
from interface.cli.serving import serving
from interface.cli.simulating import account_app, pay_app
from interface.demo_secrets import demo_secrets
from interface.household import Household, build
from interface.settings import Settings, in_demo

# A Wednesday, two days before 中秋节; price book and holidays of that year are on file.
MORNING: Final = datetime(2026, 9, 23, 9, 0, tzinfo=SHANGHAI)
_DATABASE: Final = "jiawu_demo"
_WHOLE_LOG: Final = 1_000_000
# The data lives for seconds and is thrown away, so a crash may take it.
_THROWAWAY: Final = {"fsync": "off", "full_page_writes": "off"}
_STOPS_WITHIN: Final = 10.0


@dataclass(frozen=True)
class Stage:
    """Where everybody is reached, the clock they share, and the log for the audit."""

    web: str
    pay: str
    account: str
    clock: SettableClock
    house: Household

    def arrivals(self) -> list[MoneyArrived]:
        """Every arrival of money in the event log, in order."""
        return [event for event in self._events() if isinstance(event, MoneyArrived)]

    def earned_fen(self) -> int:
        """What completed orders and visits have earned, as their events say."""
        earning = (OrderFacts.Completed, HourlyWorkOrder.VisitCompleted)
        return sum(each.recognised_fen for each in self._events() if isinstance(each, earning))

    def _events(self) -> list[Any]:
        rows = LogReader(self.house.engine, page=_WHOLE_LOG).read(0)
        return [decode(row).event for row in rows]

    def has_work(self) -> bool:
        """Whether a call or a deadline is due by now, or is being done."""
        due = (self.house.outbox.next_due(), self.house.deadlines.next_due(routines=True))
        now = self.clock.now()
        return any(each is not None and each <= now for each in due)


@contextmanager
def throwaway_database(directory: Path) -> Iterator[str]:
    """A migrated database on a server in `directory`; yields the application role's address.

    Server and data are gone afterwards.
    """
    with EmbeddedPostgres(directory / "postgres", _THROWAWAY) as server:
        prepare_roles(server.url())
        prepare_database(server.url(), _DATABASE)
        upgrade(server.url(_DATABASE, OWNER_ROLE), APPLICATION_ROLE)
        yield server.url(_DATABASE, APPLICATION_ROLE)
    shutil.rmtree(server.directory)  # elsewhere, where root's account could not reach ours


def demo_settings(settings: Settings, directory: Path, database_url: str) -> Settings:
    """`settings` on the loopback, on free ports and on that database; secrets in `directory`."""
    port = free_port(settings.port)
    pay = free_port(settings.simulator_pay_port, taken=frozenset({port}))
    account = free_port(settings.simulator_account_port, taken=frozenset({port, pay}))
    ours = {
        "state_directory": directory,
        "database_url": SecretStr(database_url),
        "port": port,
        "simulator_pay_port": pay,
        "simulator_account_port": account,
        "public_base_url": "",
        "pay_notify_url": "",
        "rate_limits": 0,  # everybody asks from one address, and the clock waits for them
    }
    return in_demo(settings.model_copy(update=ours), demo_secrets(directory))


@contextmanager
def stage(settings: Settings) -> Iterator[Stage]:
    """Everything running, with the demo's accounts and workers, at nine in the morning."""
    clock = SettableClock(MORNING)
    with ExitStack() as running:
        house = build(settings, clock)
        running.callback(house.close)
        house.feed.install()
        house.deadlines.install()
        seed(house)
        pay = serving(pay_app(settings, clock), port=settings.simulator_pay_port)
        account = serving(account_app(settings, clock), port=settings.simulator_account_port)
        pay_url, account_url = (running.enter_context(each) for each in (pay, account))
        running.enter_context(_working(house))
        web = running.enter_context(serving(create_app(house), port=settings.port))
        yield Stage(web, pay_url, account_url, clock, house)


@contextmanager
def _working(house: Household) -> Iterator[None]:
    """The feed and the workers of outbox and deadlines, each in a thread."""
    stop = Event()
    threads = [
        Thread(target=house.feed.run_forever, args=(stop,), name="feed", daemon=True),
        Thread(target=work_outbox, args=(house, stop), name="outbox", daemon=True),
        Thread(target=work_deadlines, args=(house, stop), name="deadlines", daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        house.feed.wake.set()
        for thread in threads:
            thread.join(_STOPS_WITHIN)
