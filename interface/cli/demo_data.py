"""What a demo begins with: three accounts and three workers; a repeat is one effect."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid5

from application.commands import Command
from application.personnel import NewWorker
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


def seed(house: Household) -> None:
    """Register accounts and workers, unless that was done before."""
    for login_name, (display_name, role) in LOGINS.items():
        command = _command(house, login_name)
        if house.event_log.find_command(command.id) is None:
            house.personnel.register_staff(login_name, display_name, [role], PASSWORD, command)
    for new in _WORKERS:
        house.personnel.register_worker(new, _command(house, new.phone))


def _command(house: Household, key: str) -> Command:
    return Command(uuid5(_DEMO, key), _ACTOR, "", house.clock.now())
