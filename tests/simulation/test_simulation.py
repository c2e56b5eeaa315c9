"""Whole days of the business under faults and crashes; see __main__ for one seed by hand."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pytest

from infrastructure.embedded_postgres import EmbeddedPostgres
from interface.demo_secrets import DemoSecrets, demo_secrets
from tests.simulation.ahead import PROCESSES, SEEDS, DaysAhead
from tests.simulation.databases import Arena, arena
from tests.simulation.runs import run_seed
from tests.simulation.sightings import EXPECTED

# Days on which what was wrong once would show again: 102, an order that was paid in time
# expired (first seen on day 112, which is another one since customers want all services);
# 660, the outbox of a gentle day was visited a quarter of an hour after a row fell due (its
# day changed likewise, and the rule is now in `machines`).
_REGRESSIONS: Final = (102, 112, 660)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both ends' keys lie."""
    directory = tmp_path_factory.mktemp("simulation")
    demo_secrets(directory)
    return directory


@pytest.fixture(scope="module")
def secrets(keys: Path) -> DemoSecrets:
    return demo_secrets(keys)


@pytest.fixture(scope="module")
def opened(
    postgres_server: EmbeddedPostgres, database_template: str, secrets: DemoSecrets
) -> Iterator[Arena]:
    server = postgres_server.url()
    with arena(server, database_template, "simulation_by_hand", secrets) as ready:
        yield ready


def test_every_invariant_holds_through_three_hundred_days_of_faults(
    pytestconfig: pytest.Config,
) -> None:
    ahead = pytestconfig.pluginmanager.get_plugin("days ahead")
    assert isinstance(ahead, DaysAhead)
    ended, runs = ahead.ended(), ahead.runs()
    assert [(run["seed"], run["broken"]) for run in runs if run["broken"]] == []
    assert ended == [0] * PROCESSES
    assert len(runs) == SEEDS
    seen = {name for run in runs for name, times in run["seen"].items() if times}
    assert [name for name in EXPECTED if name not in seen] == []


@pytest.mark.parametrize("seed", _REGRESSIONS)
def test_what_was_wrong_once_stays_right(seed: int, opened: Arena) -> None:
    assert run_seed(opened, seed).broken == ""


def test_the_same_seed_is_the_same_day(opened: Arena) -> None:
    first, second = (run_seed(opened, 7) for _ in range(2))
    assert first.lines == second.lines
    assert asdict(first) == asdict(second)
    assert first.digest != run_seed(opened, 8).digest
