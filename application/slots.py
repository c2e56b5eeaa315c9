"""Slots (可约时段): the starts of a day at which an order would find its seats."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from application.areas import Areas
from application.booking import LINES
from application.lines import Asked, Line
from application.tariffs import Tariffs
from domain.capacity import SLOTS_A_DAY, HeldSeats, pool_of
from domain.catalogue.quotes import effort
from domain.catalogue.services import Effort, ServiceNotFoundError
from domain.errors import InvalidInputError
from domain.orders.windows import LONGEST_AHEAD, Window, bounds
from domain.time import SHANGHAI, shanghai_day

MOST_DAYS: Final = 14
# Room for so many orders of this size, or fewer, is "few" (余量紧张).
FEW_ORDERS: Final = 2
_HALF_HOUR: Final = timedelta(minutes=30)

DaySlot = tuple[date, int]


class Seats(NamedTuple):
    """What a slot has, and what is sold of it; more may be sold than there is."""

    offered: int
    sold: int


class Oversold(NamedTuple):
    """A slot of which more is sold than there is: people are to be found, or orders moved."""

    pool: str
    area: str
    day: date
    slot: int
    offered: int
    sold: int


class SeatTables(Protocol):
    """The seats as the append counts them; nothing lags."""

    def between(self, pool: str, area: str, first: date, last: date) -> Mapping[DaySlot, Seats]:
        """The slots that were ever offered on the days, ends included."""
        ...

    def oversold(self, first: date, last: date) -> list[Oversold]:
        """The slots of the days of which more is sold than there is."""
        ...


class NoSlotsError(InvalidInputError):
    """The service holds no seats when it is booked, so no start is better than another."""

    code = "no_slots"
    sentence = "此服务由客服与您电话约定时间，无需选择时段。"


class Room(StrEnum):
    """How much room is left at a start."""

    FREE = "free"
    FEW = "few"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Start:
    """A start of an order, and what room there is."""

    starts_at: datetime
    room: Room


@dataclass(frozen=True, slots=True)
class DayStrip:
    """A day and its starts, in order; none where the day is closed."""

    day: date
    starts: list[Start]


class Slots:
    """Answers when there is room."""

    def __init__(
        self,
        tariffs: Tariffs,
        areas: Areas,
        seats: SeatTables,
        lines: Mapping[str, Line] = LINES,
    ) -> None:
        self._lines = lines
        self._tariffs = tariffs
        self._areas = areas
        self._seats = seats

    def strip(self, asked: Asked, first: date, days: int, at: datetime) -> list[DayStrip]:
        """The days from `first` on; `asked.starts_at` does not matter.

        A start is there if all half hours of the order have seats at all, and
        free or few if booking it now would find them. Raises
        ServiceNotFoundError, NotServedError, NoSlotsError and other
        InvalidInputError kinds.
        """
        if not 1 <= days <= MOST_DAYS:
            raise InvalidInputError(field="days")
        self._areas.check_served(asked.district, asked.service_code)
        search = self._search(asked, at)
        wanted = [first + timedelta(days=n) for n in range(days)]
        wishes = {day: list(search.wishes(day)) for day in wanted}
        found = self._seats_for(asked, [held for day in wanted for _, held in wishes[day]])
        return [DayStrip(day, list(_starts(wishes[day], found))) for day in wanted]

    def _search(self, asked: Asked, at: datetime) -> "_Search":
        service = self._tariffs.at(at).service(asked.service_code)
        line = self._lines.get(asked.service_code[:2])
        if line is None:
            raise ServiceNotFoundError(service_code=asked.service_code)
        needed = effort(service, quantity=asked.quantity, items=asked.items, options=asked.options)
        search = _Search(asked, line, needed, at)
        search.check()
        return search

    def _seats_for(self, asked: Asked, wishes: list[HeldSeats]) -> Mapping[DaySlot, Seats]:
        """The seats of every day that one of the wishes touches."""
        touched = [date.fromisoformat(span["day"]) for each in wishes for span in each["spans"]]
        if not touched:
            return {}
        pool, area = pool_of(asked.service_code), wishes[0]["area"]
        return self._seats.between(pool, area, min(touched), max(touched))


@dataclass(frozen=True, slots=True)
class _Search:
    asked: Asked
    line: Line
    needed: Effort
    at: datetime

    def wishes(self, day: date) -> Iterator[tuple[datetime, HeldSeats]]:
        """What an order would hold, for every half hour of a day that may be booked."""
        if not shanghai_day(self.at) <= day <= shanghai_day(self.at + LONGEST_AHEAD):
            return
        midnight = datetime.combine(day, time(), SHANGHAI)
        for slot in range(SLOTS_A_DAY):
            starts_at = midnight + slot * _HALF_HOUR
            held = self._held(starts_at)
            if held is not None:
                yield starts_at, held

    def check(self) -> None:
        """Check the form: on some day of a week the line must take it, and hold seats then.

        Raises the line's refusal, or NoSlotsError.
        """
        told = [self._windows(self.at + timedelta(days=n)) for n in range(7)]
        agreed = [each for each in told if not isinstance(each, InvalidInputError)]
        if not agreed:
            raise next(each for each in told if isinstance(each, InvalidInputError))
        if self.line.seats(self.asked, agreed[0], self.needed.crew) is None:
            raise NoSlotsError(field="service_code")

    def _windows(self, starts_at: datetime) -> list[Window] | InvalidInputError:
        """What the line agrees on, or why it does not."""
        asked = replace(self.asked, starts_at=starts_at)
        try:
            return self.line.windows(asked, self.needed, starts_at)
        except InvalidInputError as refusal:
            return refusal

    def _held(self, starts_at: datetime) -> HeldSeats | None:
        """What an order would hold that starts then; None where it is not taken then."""
        windows = self._windows(starts_at)
        if starts_at <= self.at or isinstance(windows, InvalidInputError):
            return None
        _, last = bounds(windows[-1])  # they stand in the order of time
        if last > self.at + LONGEST_AHEAD:
            return None
        return self.line.seats(self.asked, windows, self.needed.crew)


def _starts(
    wishes: list[tuple[datetime, HeldSeats]], found: Mapping[DaySlot, Seats]
) -> Iterator[Start]:
    for starts_at, held in wishes:
        seats = [found.get(slot, _NONE) for slot in _slots(held)]
        if min((each.offered for each in seats), default=0) > 0:
            free = min(each.offered - each.sold for each in seats)
            yield Start(starts_at, _room(free // held["seats"]))


_NONE: Final = Seats(0, 0)


def _slots(held: HeldSeats) -> Iterator[DaySlot]:
    for span in held["spans"]:
        day = date.fromisoformat(span["day"])
        yield from ((day, slot) for slot in range(span["first"], span["end"]))


def _room(orders: int) -> Room:
    if orders < 1:
        return Room.FULL
    return Room.FEW if orders <= FEW_ORDERS else Room.FREE
