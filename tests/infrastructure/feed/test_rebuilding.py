"""A rebuild from zero gives the very rows of the live tables."""

from collections.abc import Sequence
from random import Random

import pytest
from sqlalchemy import text

from application.event_map import ALL_PROJECTIONS, PROJECTIONS
from infrastructure.feed.feed import Feed
from infrastructure.feed.reader import LogReader, Row
from infrastructure.feed.routing import routes
from interface.household import Household
from tests.application.projections.lives import Town
from tests.application.projections.tables import Contents, contents, start_over


class RaggedReader(LogReader):
    """Gives pages of any length from 1 on, as a busy day does."""

    def __init__(self, house: Household, seed: int) -> None:
        super().__init__(house.engine)
        self._random = Random(seed)  # noqa: S311 - a reproducible test

    def read(self, after: int) -> Sequence[Row]:
        return super().read(after)[: self._random.choice([1, 2, 3, 10, 50])]


@pytest.fixture
def lived(house: Household) -> Household:
    """A household with a history, its read models made in pieces while life went on."""
    town = Town(house, seed=1)
    town.begin(orders=10)
    for _ in range(8):
        town.live(steps=20)
        house.feed.catch_up()
    return house


def test_a_rebuild_equals_the_live_rows_wherever_its_batches_end(lived: Household) -> None:
    live = everything(lived)
    assert all(lines for tables in live.values() for lines in tables.values())
    whole, one_by_one = LogReader(lived.engine), LogReader(lived.engine, page=1)
    for reader in (whole, one_by_one, RaggedReader(lived, seed=1)):
        rebuild(lived, reader)
        assert everything(lived) == live


def everything(house: Household) -> dict[str, Contents]:
    return {each.name: contents(house.engine, each) for each in ALL_PROJECTIONS}


def rebuild(house: Household, reader: LogReader) -> None:
    table = routes(PROJECTIONS)
    fresh = [start_over(house.engine, each, table) for each in ALL_PROJECTIONS]
    Feed(reader, fresh, house.failures).catch_up()
    assert house.failures.all() == []


def test_no_column_is_filled_by_the_database(house: Household) -> None:
    """A serial or now() would differ in a rebuild."""
    query = text(
        "select table_schema || '.' || table_name || '.' || column_name"
        " from information_schema.columns where table_schema = any(:schemas)"
        " and (column_default is not null or is_identity = 'YES' or is_generated = 'ALWAYS')"
    )
    with house.engine.connect() as connection:
        found = connection.execute(query, {"schemas": [each.name for each in ALL_PROJECTIONS]})
        assert found.scalars().all() == []
