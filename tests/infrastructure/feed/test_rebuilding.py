"""A rebuild from zero gives the very rows of the live tables."""

from collections.abc import Sequence
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import text

from application.event_map import ALL_PROJECTIONS, PROJECTIONS
from application.projections.projection import Projection
from domain.areas import ServiceArea
from domain.customers import Customer
from domain.messages import Content, MessageThread
from domain.orders.order_exceptions import ExceptionKind, ExceptionReport
from domain.shifts import Duty, Shift
from domain.workers import Worker
from infrastructure.feed.projector import Projector
from infrastructure.feed.reader import LogReader, Row
from infrastructure.feed.rebuilding import Rebuilding
from infrastructure.feed.routing import routes
from interface.household import Household
from tests.application.projections.lives import Town, booked, save
from tests.application.projections.tables import Contents, contents
from tests.domain import histories, nannies
from tests.infrastructure.feed.rebuilds import silent


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
        *(worker, shift, wronged, nannies.signed_care(), correspondence()),
    ):
        save(house, each)


def correspondence() -> MessageThread:
    """A customer asked, and the office was done with it without a word."""
    by, at = histories.BY_CUSTOMER, histories.NOW
    thread = MessageThread.start(histories.CUSTOMER, None, 1, by=by, at=at)
    thread.write(Content(text=histories.sealed("几点到？")), by=by, at=at)
    thread.handle(by=histories.BY_STAFF, at=at)
    return thread


def test_a_rebuild_equals_the_live_rows_wherever_its_batches_end(lived: Household) -> None:
    live = everything(lived)
    assert [name for tables in live.values() for name, lines in tables.items() if not lines] == []
    for reader in (LogReader(lived.engine), RaggedReader(lived, 1), RaggedReader(lived, 2)):
        rebuild(lived, reader)
        assert everything(lived) == live


def everything(house: Household) -> dict[str, Contents]:
    return {each.name: contents(house.engine, each) for each in ALL_PROJECTIONS}


def rebuild(house: Household, reader: LogReader) -> None:
    """As `jiawu rebuild --all` does it, with the pages of this reader."""
    table = routes(PROJECTIONS)

    def projecting(projection: Projection, schema: str | None) -> Projector:
        return Projector(house.engine, projection, table, house.vault, schema=schema)

    rebuilding = Rebuilding(house.engine, reader, ALL_PROJECTIONS, projecting, house.failures)
    rebuilt = list(rebuilding.rebuild(rebuilding.names, silent))
    assert [each.name for each in rebuilt if not each.comparison.equal] == []
    assert [each.name for each in rebuilt if not each.switched] == []


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
