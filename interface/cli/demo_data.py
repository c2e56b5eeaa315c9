"""What a demo begins with: accounts, workers and their seats; a repeat is one effect."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Final
from uuid import UUID, uuid5

from application.capacity import SeatPlan
from application.commands import Command
from application.personnel import NewWorker
from domain.capacity import POOLS
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

_CHAOYANG: Final = ("110105",)
# Name, phone, what they do, and where.
_WORKERS: Final = tuple(
    NewWorker(name=name, phone=phone, skills=skills, districts=districts)
    for name, phone, skills, districts in (
        ("王秀英", "13800000001", ("BJ-01", "BJ-02", "BJ-03"), ("110105", "110108")),
        ("李桂兰", "13800000002", ("BJ-01", "BJ-02"), ("110105", "110101")),
        ("张玉梅", "13800000003", ("BJ-01", "BJ-03"), ("110108", "110102")),
        ("刘建国", "13800000011", ("GX-01", "GX-02", "GX-03"), _CHAOYANG),
        ("孙志强", "13800000012", ("GX-01", "GX-02", "GX-03"), _CHAOYANG),
        ("周桂芳", "13800000021", ("XS-01", "XS-02"), _CHAOYANG),
        ("吴春梅", "13800000022", ("XS-01", "XS-02"), _CHAOYANG),
        (
            *("陈国强", "13800000031"),
            tuple(f"JD-0{n}" for n in range(1, 6)) + tuple(f"YH-0{n}" for n in range(1, 5)),
            _CHAOYANG,
        ),
        ("周建军", "13800000032", ("WX-01",), _CHAOYANG),
    )
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
    open_days(house)


def open_days(house: Household, days: int = _DAYS_AHEAD) -> None:
    """Open the coming days; one that is open stays as it is."""
    today = shanghai_day(house.clock.now())
    for ahead in range(days):
        _open_day(house, today + timedelta(days=ahead))


def _open_day(house: Household, day: date) -> None:
    """As many seats of a pool in a district as workers of its trades who go there."""
    for (pool, area), seats in sorted(_SEATS.items()):
        plan = SeatPlan(pool=pool, area=area, day=day, starts=_OPENS, ends=_ENDS, seats=seats)
        house.capacity.set_seats(plan, _command(house, f"seats:{pool}:{area}:{day}"))


def _pools(worker: NewWorker) -> set[str]:
    return {POOLS[skill[:2]] for skill in worker.skills if skill[:2] in POOLS}


_SEATS: Final = Counter(
    (pool, area) for worker in _WORKERS for pool in _pools(worker) for area in worker.districts
)


def _command(house: Household, key: str) -> Command:
    return Command(uuid5(_DEMO, key), _ACTOR, "", house.clock.now())
