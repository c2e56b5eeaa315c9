"""An installation that planned and sold seats before there were shifts keeps both."""

from collections.abc import Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from application.commands import ClaimRefusedError
from application.log import Log
from domain.capacity import CapacityDay
from domain.shifts import Duty, Shift
from infrastructure.embedded_postgres import APPLICATION_ROLE
from infrastructure.migrations import upgrade
from tests.conftest import Database
from tests.infrastructure.event_log.claims_fold import Offered, read_claims
from tests.infrastructure.event_log.racing import AREA, DAY, OFFICE, a_worker, opened_log
from tests.infrastructure.event_log.test_capacity_races import a_booking, save

BEFORE_SHIFTS = "0005"
HOLDER = UUID("00000000-0000-5000-8000-000000000001")
# Two seats from nine o'clock on, one of them sold for two hours, and a claim of every other kind.
OLD_ROWS = """
insert into log.seat_capacity
    select 'cleaning', :area, cast(:day as date), slot, 2 from generate_series(18, 37) as slot;
insert into log.seat_claims
    select :holder, 'cleaning', :area, cast(:day as date), slot, 1
    from generate_series(18, 21) as slot;
insert into log.worker_claims values
    (:holder, '[7,7]', tstzrange(cast(:day as date), cast(:day as date) + 1));
insert into log.unique_claims values ('order_number', 'of an old order');
insert into log.place_claims values ('open_hold', 'somebody', 1, :holder);
"""
KEPT = (
    "select pool, area, day, slot, seats from log.seat_capacity order by slot",
    "select * from log.seat_claims order by slot",
    "select * from log.worker_claims",
    "select * from log.unique_claims",
    "select * from log.place_claims",
)


@pytest.fixture
def owner(empty_database: Database) -> Iterator[Engine]:
    """The owner's engine on an installation with content, from before there were shifts."""
    upgrade(empty_database.owner_url, APPLICATION_ROLE, BEFORE_SHIFTS)
    engine = sa.create_engine(empty_database.owner_url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(OLD_ROWS), {"area": AREA, "day": DAY, "holder": str(HOLDER)})
    yield engine
    engine.dispose()


def content(owner: Engine) -> list[list[str]]:
    """The claims tables, without what shifts give."""
    with owner.connect() as connection:
        return [[str(row) for row in connection.execute(sa.text(query))] for query in KEPT]


def told(log: Log, number: int) -> str:
    """What becomes of a booking."""
    try:
        save(log, a_booking(number))
    except ClaimRefusedError as refused:
        return refused.kind
    return "booked"


def test_the_upgrade_keeps_every_claim_and_adds_seats_of_shifts(
    empty_database: Database, owner: Engine
) -> None:
    before = content(owner)
    assert [len(rows) for rows in before] == [20, 4, 1, 1, 1]
    upgrade(empty_database.owner_url, APPLICATION_ROLE)
    assert content(owner) == before
    with owner.connect() as connection:
        offered = set(read_claims(connection).capacity.values())
    assert offered == {Offered(planned=2, shifts=0)}


def test_what_is_left_of_the_old_seats_is_sold_with_those_of_new_shifts(
    empty_database: Database, owner: Engine
) -> None:
    upgrade(empty_database.owner_url, APPLICATION_ROLE)
    with opened_log(empty_database.application_url) as (log, _):
        shift = Shift.plan(a_worker(1), DAY, **OFFICE)
        shift.roster(Duty(pool="cleaning", area=AREA, first_slot=18, end_slot=36), **OFFICE)
        save(log, shift)
        assert [told(log, n) for n in (1, 2, 3)] == ["booked", "booked", "seats"]
        day = CapacityDay.plan("cleaning", AREA, DAY, **OFFICE)
        day.set_seats(range(18, 38), 3, **OFFICE)
        save(log, day)
        assert [told(log, n) for n in (4, 5)] == ["booked", "seats"]
    assert len(content(owner)[0]) == 20
