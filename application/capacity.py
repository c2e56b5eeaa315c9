"""Capacity (运力): the office says how many seats a pool has, and when."""

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from application.commands import Command, Decision, Outcome
from application.log import Log
from domain.capacity import CapacityDay, capacity_day_id, slots_between
from domain.errors import RuleViolationError


class SlotFullError(RuleViolationError):
    """The pool has no seat left in one of the half hours."""

    code = "slot_full"
    sentence = "该时段已约满，请换一个时间。"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPlan:
    """So many seats of a pool in an area on a day from `starts` to `ends`, full or half hours.

    `area` is a district's six-digit code of GB/T 2260; `ends` 00:00 is the end of the day.
    """

    pool: str
    area: str
    day: date
    starts: time
    ends: time
    seats: int

    def slots(self) -> range:
        """The half hours. Raises InvalidInputError where one is no half hour."""
        return slots_between(self.starts, self.ends)


class Capacity:
    """The use cases of planning."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def set_seats(self, plan: SeatPlan, command: Command) -> Outcome:
        """Say how many seats there are; what is sold already stays sold.

        Raises InvalidInputError kinds.
        """
        return self._log.run(command, lambda: self._set_seats(plan, command))

    def _set_seats(self, plan: SeatPlan, command: Command) -> Decision:
        by, at = command.actor, command.at
        stream = capacity_day_id(plan.pool, plan.area, plan.day)
        day = self._log.find(CapacityDay, stream)
        day = day or CapacityDay.plan(plan.pool, plan.area, plan.day, by=by, at=at)
        day.set_seats(plan.slots(), plan.seats, by=by, at=at)
        return Decision([day], _answer(plan))


def _answer(plan: SeatPlan) -> dict[str, Any]:
    return {"pool": plan.pool, "area": plan.area, "day": plan.day.isoformat(), "seats": plan.seats}
