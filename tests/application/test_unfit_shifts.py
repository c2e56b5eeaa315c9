"""Who cannot serve any more gives no seats: their shifts end by themselves."""

from collections.abc import Callable
from datetime import date, time, timedelta
from uuid import UUID, uuid4

import pytest

from application.commands import Command
from application.personnel import NewWorker
from application.shifts import Roster
from application.slots import Seats
from domain.shifts import ROSTERED_AHEAD, DayTooFarError, Duty, Shift
from domain.time import shanghai_day
from domain.workers import Worker
from interface.household import Household
from tests.application.projections.lives import save
from tests.product import NOON

POOL, AREA = "cleaning", "110107"
TODAY = shanghai_day(NOON)
TEN = 20  # the slot that begins at ten o'clock
LAST_DAY = TODAY + ROSTERED_AHEAD


def command() -> Command:
    return Command(uuid4(), "staff:test", "", NOON)


def hired(house: Household) -> UUID:
    new = NewWorker(name="赵师傅", phone="13700000000", skills=["BJ-01"], districts=[AREA])
    return UUID(str(house.personnel.register_worker(new, command()).answer["worker_id"]))


def a_week(worker_id: UUID, first_day: date = TODAY) -> Roster:
    return Roster(
        worker_id=worker_id,
        pool=POOL,
        area=AREA,
        weekdays=frozenset(range(1, 8)),
        first_day=first_day,
        last_day=first_day + timedelta(days=6),
        starts=time(9),
        ends=time(18),
    )


def offered(house: Household, day: date) -> int:
    """The seats at ten o'clock."""
    found = house.seats.between(POOL, AREA, day, day)
    return found.get((day, TEN), Seats(0, 0)).offered


def change(house: Household, worker_id: UUID, do: Callable[[Worker], None]) -> None:
    worker = house.log.load(Worker, worker_id)
    do(worker)
    save(house, worker)


def suspend(worker: Worker) -> None:
    worker.suspend("training", by="staff:test", at=NOON)


def leave(worker: Worker) -> None:
    worker.leave("moved", by="staff:test", at=NOON)


def unlearn(worker: Worker) -> None:
    worker.change_skills(["JD-03"], [AREA], by="staff:test", at=NOON)


def move_away(worker: Worker) -> None:
    worker.change_skills(["BJ-01"], ["110119"], by="staff:test", at=NOON)


def learn_more(worker: Worker) -> None:
    worker.change_skills(["BJ-01", "JD-03"], [AREA], by="staff:test", at=NOON)


@pytest.mark.parametrize("end", [suspend, leave, unlearn, move_away])
def test_the_shifts_of_who_cannot_serve_any_more_end(
    house: Household, end: Callable[[Worker], None]
) -> None:
    gone, other = hired(house), hired(house)
    for worker in (gone, other):
        house.shifts.roster(a_week(worker), command())
        house.shifts.roster(a_week(worker, LAST_DAY - timedelta(days=6)), command())
    assert (offered(house, TODAY), offered(house, LAST_DAY)) == (2, 2)
    change(house, gone, end)
    house.feed.catch_up()
    assert (offered(house, TODAY), offered(house, LAST_DAY)) == (1, 1)
    settled = house.feed.lags()[0]
    house.feed.catch_up()
    assert house.feed.lags()[0] == settled


def test_who_learns_more_keeps_their_shifts(house: Household) -> None:
    worker = hired(house)
    house.shifts.roster(a_week(worker), command())
    change(house, worker, learn_more)
    house.feed.catch_up()
    assert offered(house, TODAY) == 1


def test_who_was_reinstated_before_anybody_looked_keeps_their_shifts(house: Household) -> None:
    worker = hired(house)
    house.shifts.roster(a_week(worker), command())
    change(house, worker, suspend)
    change(house, worker, lambda each: each.reinstate(by="staff:test", at=NOON))
    house.feed.catch_up()
    assert offered(house, TODAY) == 1


def test_a_shift_that_was_planned_just_behind_the_suspension_ends_too(house: Household) -> None:
    worker_id = hired(house)
    looked_at = house.log.load(Worker, worker_id)
    change(house, worker_id, suspend)
    house.feed.catch_up()
    shift = Shift.plan(looked_at, TODAY, by="staff:test", at=NOON)
    shift.roster(Duty(pool=POOL, area=AREA, first_slot=18, end_slot=36), by="staff:test", at=NOON)
    save(house, shift)
    assert offered(house, TODAY) == 1
    house.feed.catch_up()
    assert offered(house, TODAY) == 0


def test_nobody_plans_farther_ahead_than_is_looked_at(house: Household) -> None:
    worker = hired(house)
    with pytest.raises(DayTooFarError, match="180"):
        house.shifts.roster(a_week(worker, LAST_DAY - timedelta(days=5)), command())
    assert offered(house, LAST_DAY) == 0
