"""The product's processes, and the floors beside them."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.directory import bench_directory
from bench.installation import (
    DURABLE,
    FIRST_PORT,
    demo_settings,
    migrated,
    product,
    running,
    wait_for,
)
from infrastructure.embedded_postgres import OWNER_ROLE, EmbeddedPostgres
from infrastructure.process_tree import free_port
from interface.cli.processes import open_household
from interface.household import Household

_DATABASE = "jiawu"
_FLOORS = "bench.notices.floors"


@dataclass(frozen=True)
class Installation:
    """The running product, its household in this process, and the floors beside it.

    `processes` are the ids of all that takes part, this one as "client".
    """

    house: Household
    processes: Mapping[str, int]
    web_port: int
    floors_port: int


@contextmanager
def installation() -> Iterator[Installation]:
    """Everything started and ready; gone afterwards."""
    with (
        bench_directory() as directory,
        EmbeddedPostgres(directory / "postgres", DURABLE) as server,
    ):
        yield from _installed(directory, server)


def _installed(directory: Path, server: EmbeddedPostgres) -> Iterator[Installation]:
    settings = demo_settings(directory, migrated(server, _DATABASE))
    floors = free_port(FIRST_PORT + 300)
    commands = {
        **product("simulators", "feed", "worker", "web"),
        "floors": ["-m", _FLOORS, str(floors), server.url(_DATABASE, OWNER_ROLE)],
    }
    with open_household(settings) as house:
        house.feed.install()
        house.deadlines.install()
        with running(directory, settings, commands) as started:
            wait_for(settings.simulator_pay_port, floors, settings.port)
            known = {"client": os.getpid(), "postgres": server.pid or 0}
            yield Installation(house, known | started, settings.port, floors)
