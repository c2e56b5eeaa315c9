"""What a demo begins with: accounts, workers and their seats; a repeat is one effect."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Final
from uuid import UUID, uuid5

from application.capacity import SeatPlan
from application.commands import Command
from application.personnel import NewWorker
from domain.time import shanghai_day
from interface.household import Household

_DEMO: Final = UUID("7b1c9c5e-2c0f-5c3e-9a5d-8f8b2c6d1e55")
_ACTOR: Final = "system:demo"
PASSWORD: Final = "jiawu-demo-2026"  # noqa: S105 - printed at every start, of demo accounts alone

# Log-in name → name on screens and role.
LOGINS: Final[Mapping[str, tuple[str, str]]] = {
    "demo-dispatcher": ("演示调度", "dispatcher"),
    "demo-finance": ("演示财务", "finance"),
    "demo-administrator": ("演示管理员", "administrator"),
}

_WORKERS: Final = (
    NewWorker(
        name="王秀英",
        phone="13800000001",
        skills=("BJ-01", "BJ-02", "BJ-03"),
        districts=("110105", "110108"),
    ),
    NewWorker(
        name="李桂兰",
        phone="13800000002",
        skills=("BJ-01", "BJ-02"),
        districts=("110105", "110101"),
    ),
    NewWorker(
        name="张玉梅",
        phone="13800000003",
        skills=("BJ-01", "BJ-03"),
        districts=("110108", "110102"),
    ),
)


_DAYS_AHEAD: Final = 30
_OPENS, _ENDS = time(8), time(21)


def seed(house: Household) -> None:
    """Register accounts and workers and open the next month, unless that was done before."""
    for login_name, (display_name, role) in LOGINS.items():
        command = _command(house, login_name)
        if house.event_log.find_command(command.id) is None:
            house.personnel.register_staff(login_name, display_name, [role], PASSWORD, command)
    for new in _WORKERS:
        house.personnel.register_worker(new, _command(house, new.phone))
    today = shanghai_day(house.clock.now())
    for ahead in range(_DAYS_AHEAD):
        _open_day(house, today + timedelta(days=ahead))


def _open_day(house: Household, day: date) -> None:
    """As many seats in a district as workers who go there."""
    for area, seats in sorted(Counter(d for w in _WORKERS for d in w.districts).items()):
        plan = SeatPlan(pool="cleaning", area=area, day=day, starts=_OPENS, ends=_ENDS, seats=seats)
        house.capacity.set_seats(plan, _command(house, f"seats:{area}:{day}"))


def _command(house: Household, key: str) -> Command:
    return Command(uuid5(_DEMO, key), _ACTOR, "", house.clock.now())
