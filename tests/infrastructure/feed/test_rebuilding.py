"""A rebuild from zero gives the very rows of the live tables."""

from collections.abc import Sequence
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import text

from application.event_map import ALL_PROJECTIONS, PROJECTIONS
from domain.areas import ServiceArea
from domain.customers import Customer
from domain.orders.order_exceptions import ExceptionKind, ExceptionReport
from domain.shifts import Duty, Shift
from domain.workers import Worker
from infrastructure.feed.feed import Feed
from infrastructure.feed.reader import LogReader, Row
from infrastructure.feed.routing import routes
from interface.household import Household
from tests.application.projections.lives import Town, booked, save
from tests.application.projections.tables import Contents, contents, start_over
from tests.domain import histories, nannies


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
    open_house(house)
    for _ in range(8):
        town.live(steps=20)
        house.feed.catch_up()
    return house


def open_house(house: Household) -> None:
    """What no order tells: a customer, a district, a shift, a leave, care, something wrong."""
    by, at, tomorrow = histories.BY_STAFF, histories.NOW, histories.TOMORROW
    hired = histories.engagement(number=960, skills=["BJ-01"], districts=["110105"])
    worker = Worker.register(uuid4(), hired, by=by, at=at)
    shift = Shift.plan(worker, tomorrow.date(), by=by, at=at)
    duty = Duty(pool="cleaning", area="110105", first_slot=18, end_slot=36)
    shift.roster(duty, by=by, at=at)
    shift.grant_leave(uuid4(), range(18, 20), "sick", by=by, at=at)
    wronged = booked(house, 951)
    complaint = ExceptionReport(kind=ExceptionKind.COMPLAINT, happened_at=at)
    wronged.report_exception(complaint, by=by, at=at)
    for each in (
        Customer.register(uuid4(), histories.identity("town"), by=by, at=at),
        ServiceArea.establish_known("110105", by=by, at=at),
        *(worker, shift, wronged, nannies.signed_care()),
    ):
        save(house, each)


def test_a_rebuild_equals_the_live_rows_wherever_its_batches_end(lived: Household) -> None:
    live = everything(lived)
    assert [name for tables in live.values() for name, lines in tables.items() if not lines] == []
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
