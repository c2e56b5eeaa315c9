"""Histories that several tests look at."""

from collections.abc import Iterator

import pytest

from infrastructure.clock import SettableClock
from interface.demo_secrets import DemoSecrets
from interface.household import Household
from tests.application.projections.lives import Town
from tests.conftest import Database
from tests.product import NOON, household_on, settings_on


@pytest.fixture(scope="module")
def lived(module_database: Database, secrets: DemoSecrets) -> Iterator[Household]:
    """A household in which orders, payments and workers have lived at random."""
    settings = settings_on(module_database, secrets)
    with household_on(settings, SettableClock(NOON)) as house:
        town = Town(house, seed=4)
        town.begin(orders=16)
        for _ in range(5):
            town.live(steps=100)
            house.feed.catch_up()
        yield house
