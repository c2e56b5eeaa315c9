"""Who takes part: customers and staff who are logged in, workers with time, open seats."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from uuid import UUID, uuid4

from application.access import Role, SubjectKind
from application.commands import Command
from application.personnel import NewWorker
from bench.notices.sales import DISTRICT, days_sold, new_customer, open_seats
from domain.time import SHANGHAI
from interface.household import Household

_THREADS: Final = 4
_HOURS: Final = (9, 13, 17)  # two hours of work and the ways between them
SERVICE: Final = "BJ-01"


@dataclass(frozen=True)
class Appointment:
    """When a worker has time."""

    worker_id: str
    starts_at: datetime


@dataclass(frozen=True)
class People:
    """Sessions by who they belong to; each client has all of its own, as people have."""

    offices: list[str]
    customers: list[list[str]]
    appointments: list[list[Appointment]]


def staffed(house: Household) -> str:
    """A dispatcher's session."""
    outcome = house.personnel.register_staff(
        f"bench-{uuid4().hex[:8]}", "压测调度", [Role.DISPATCHER], uuid4().hex, _command(house)
    )
    staff_id = UUID(outcome.answer["staff_id"])
    return house.sessions.open_session(SubjectKind.STAFF, staff_id)


def settled(house: Household, clients: int, workers_a_client: int) -> People:
    """Everybody whom so many clients need, until their workers have no time left."""
    open_seats(house)
    numbers = [[client * 1_000 + n for n in range(workers_a_client)] for client in range(clients)]
    with ThreadPoolExecutor(_THREADS) as threads:
        customers = threads.map(lambda own: [_customer(house) for _ in own], numbers)
        workers = threads.map(lambda own: [_worker(house, number) for number in own], numbers)
        times = [_at(day, hour) for day in days_sold(house) for hour in _HOURS]
        return People(
            offices=[staffed(house) for _ in range(clients)],
            customers=list(customers),
            appointments=[[Appointment(who, at) for at in times for who in own] for own in workers],
        )


def _customer(house: Household) -> str:
    return house.sessions.open_session(SubjectKind.CUSTOMER, new_customer(house))


def _worker(house: Household, number: int) -> str:
    new = NewWorker(
        name=f"师傅{number}", phone=f"137{number:08d}", skills=(SERVICE,), districts=(DISTRICT,)
    )
    return str(house.personnel.register_worker(new, _command(house)).answer["worker_id"])


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), SHANGHAI)


def _command(house: Household) -> Command:
    return Command(uuid4(), "system:bench", "", house.clock.now())
