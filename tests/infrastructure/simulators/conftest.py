"""A simulated Official Account, new for each test, on one server for a module."""

from collections.abc import Iterator

import pytest

from infrastructure.clock import SettableClock
from infrastructure.simulators.official_account import SimulatorSettings, create_app
from tests.infrastructure.simulators.official_account_world import APPID, SECRET, START, Simulator
from tests.loopback import Stage, stage


@pytest.fixture(scope="module")
def running_stage() -> Iterator[Stage]:
    with stage() as running:
        yield running


@pytest.fixture
def simulator(running_stage: Stage) -> Simulator:
    clock = SettableClock(START)
    settings = SimulatorSettings(APPID, SECRET, frozenset({"127.0.0.1", "pay.example.com"}))
    running_stage.play = create_app(settings, clock)
    return Simulator(running_stage.url, clock)
