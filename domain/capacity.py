"""Capacity (运力): how many seats (名额) a pool has in an area, half hour by half hour.

An order holds seats from its booking until it is cancelled or expires; the
append counts them, so no slot is sold beyond its seats. A slot's seats are those
that the office planned by hand and those that shifts give (see shifts).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Self
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.claims import Claim, SetCapacity, TakeSeats
from domain.errors import InvalidInputError
from domain.names import stored_as
from domain.orders.windows import Window, bounds
from domain.time import SHANGHAI

SLOTS_A_DAY: Final = 48
MOST_SEATS: Final = 1_000
COUNTY_DIGITS: Final = 6  # of a county-level district in GB/T 2260; streets have nine or twelve
# A service line (业务线), the first two letters of a service code → who does it.
# Care (月嫂, 保姆, 陪护, 护工) has none: its people are found one by one.
POOLS: Final[Mapping[str, str]] = {
    "BJ": "cleaning",
    "GX": "laundry",
    "XS": "hourly",
    "JD": "appliances",
    "YH": "appliances",
    "WX": "repair",
}

_DAY: Final = timedelta(days=1)
_NAMESPACE: Final = UUID("c4a3f0e2-77b1-5d59-8a1e-2f60b9d2e4c8")

# {"pool", "area", "seats": int, "spans": [{"day", "first": slot, "end": slot}]}; `end` is excluded.
HeldSeats = dict[str, Any]


def capacity_day_id(pool: str, area: str, day: date) -> UUID:
    """The stream of a pool's day in an area."""
    return uuid5(_NAMESPACE, f"{pool}/{area}/{day.isoformat()}")


def pool_of(service_code: str) -> str:
    """The pool whose people do a service.

    Raises:
        InvalidInputError: no pool does it.
    """
    try:
        return POOLS[service_code[:2]]
    except KeyError:
        raise InvalidInputError(field="service_code") from None


def held_seats(service_code: str, area: str, windows: Sequence[Window], crew: int) -> HeldSeats:
    """The seats that an order of `crew` people needs: every half hour its windows touch.

    Seats are of a county-level district, also where `area` names a street in it.

    Raises:
        InvalidInputError: no pool does the service.
        WindowError: a window is malformed.
    """
    spans = [span for each in windows for span in day_spans(*bounds(each))]
    county = area[:COUNTY_DIGITS]
    return {"pool": pool_of(service_code), "area": county, "seats": crew, "spans": spans}


def seat_claims(claim_id: UUID, held: HeldSeats) -> tuple[Claim, ...]:
    """One claim for every slot that is held."""
    pool, area, seats = held["pool"], held["area"], held["seats"]
    return tuple(
        TakeSeats(claim_id, pool, area, date.fromisoformat(span["day"]), slot, seats)
        for span in held["spans"]
        for slot in range(span["first"], span["end"])
    )


def check_place(pool: str, area: str) -> None:
    """Check that seats can be of a pool in an area.

    Raises:
        InvalidInputError: there is no such pool, or the area is no county's code.
    """
    if pool not in POOLS.values():
        raise InvalidInputError(field="pool")
    if not (len(area) == COUNTY_DIGITS and area.isascii() and area.isdecimal()):
        raise InvalidInputError(field="area")


def slots_between(starts: time, ends: time) -> range:
    """The slots of a day from one time to another; `ends` 00:00 is the end of the day.

    Raises:
        InvalidInputError: one of them is not a full or half hour.
    """
    return range(slot_of(starts), SLOTS_A_DAY if ends == time() else slot_of(ends))


def check_slots(slots: range) -> None:
    """Check that there is a slot and none lies outside the day.

    Raises:
        InvalidInputError: otherwise.
    """
    if not (0 <= slots.start < slots.stop <= SLOTS_A_DAY and slots.step == 1):
        raise InvalidInputError(field="slots")


def slot_of(at: time) -> int:
    """The slot that begins at a wall time of Shanghai.

    Raises:
        InvalidInputError: it is not a full or half hour, or has an offset.
    """
    if at.tzinfo or at.minute % 30 or at.second or at.microsecond:
        raise InvalidInputError(field="time")
    return _minutes(at) // 30


def time_of(slot: int) -> time:
    """When a slot begins; the one behind the day's last is 00:00."""
    hour, half = divmod(slot % SLOTS_A_DAY, 2)
    return time(hour, 30 * half)


def day_spans(starts_at: datetime, ends_at: datetime) -> Iterator[dict[str, Any]]:
    """The touched slots of each Shanghai day: {"day", "first": slot, "end": slot}."""
    start, end = starts_at.astimezone(SHANGHAI), ends_at.astimezone(SHANGHAI)
    first, day, last_day = _minutes(start) // 30, start.date(), end.date()
    while day < last_day:
        yield {"day": day.isoformat(), "first": first, "end": SLOTS_A_DAY}
        first, day = 0, day + _DAY
    begun = 1 if end.second or end.microsecond else 0
    beyond = -(-(_minutes(end) + begun) // 30)
    if first < beyond:
        yield {"day": day.isoformat(), "first": first, "end": beyond}


def _minutes(at: datetime | time) -> int:
    return at.hour * 60 + at.minute


@stored_as("capacity_day")
class CapacityDay(EventSourced):
    """The seats of one pool in one area on one day; its id is `capacity_day_id`."""

    class Event(EventSourced.Event):
        """A fact about the day; `day` is ISO 8601 in Asia/Shanghai."""

        pool: str
        area: str
        day: str
        by: str

    class Planned(Event, EventSourced.Opened):
        """The day was opened for planning; it has no seats yet."""

    class SeatsPlanned(Event):
        """Every slot from `first_slot` up to, not including, `end_slot` has `seats` seats."""

        first_slot: int
        end_slot: int
        seats: int

        def claims(self) -> tuple[Claim, ...]:
            """From here on; what is sold already stays sold."""
            day = date.fromisoformat(self.day)
            return tuple(
                SetCapacity(self.pool, self.area, day, slot, self.seats)
                for slot in range(self.first_slot, self.end_slot)
            )

    @classmethod
    def plan(cls, pool: str, area: str, day: date, *, by: str, at: datetime) -> Self:
        """Open a day.

        Raises:
            InvalidInputError: no such pool, or no six-digit code.
        """
        check_place(pool, area)
        stream = capacity_day_id(pool, area, day)
        facts = {"pool": pool, "area": area, "day": day.isoformat(), "by": by}
        return cls._create(cls.Planned, id=stream, timestamp=at, **facts)

    def set_seats(self, slots: range, seats: int, *, by: str, at: datetime) -> bool:
        """Say how many seats the slots have; fewer than are sold takes none away.

        Returns:
            False if they have so many already.

        Raises:
            InvalidInputError: no slot, a slot outside the day, or seats outside 0–1000.
        """
        check_slots(slots)
        if not 0 <= seats <= MOST_SEATS:
            raise InvalidInputError(field="seats")
        if all(self.seats.get(slot) == seats for slot in slots):
            return False
        facts = {"pool": self.pool, "area": self.area, "day": self.day, "by": by}
        span = {"first_slot": slots.start, "end_slot": slots.stop, "seats": seats}
        self.trigger_event(self.SeatsPlanned, timestamp=at, **facts, **span)
        return True

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case CapacityDay.Planned():
                self.pool = event.pool
                self.area = event.area
                self.day = event.day
                self.seats: dict[int, int] = {}
            case CapacityDay.SeatsPlanned():
                slots = range(event.first_slot, event.end_slot)
                self.seats |= dict.fromkeys(slots, event.seats)
            case _:
                super().evolve(event)
