"""Seats and busy times as the claims say: the append's own tables, so nothing lags."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Engine, text

from application.slots import DaySlot, Oversold, Seats

# What is sold of a slot stays sold when its seats go away, even where none are left.
_SEATS: Final = text(
    "select day, slot, seats + shifts as offered, coalesce(sold, 0) as sold"
    " from log.seat_capacity left join ("
    "   select day, slot, sum(seats) as sold from log.seat_claims"
    "   where pool = :pool and area = :area and day between :first and :last"
    "   group by day, slot) as claimed using (day, slot)"
    " where pool = :pool and area = :area and day between :first and :last"
)
_OVERSOLD: Final = text(
    "select pool, area, day, slot, coalesce(c.seats + c.shifts, 0) as offered, sold"
    " from (select pool, area, day, slot, sum(seats) as sold from log.seat_claims"
    "   where day between :first and :last group by pool, area, day, slot) as claimed"
    " left join log.seat_capacity as c using (pool, area, day, slot)"
    " where sold > coalesce(c.seats + c.shifts, 0) order by day, slot, pool, area"
)
_BUSY: Final = text(
    "select id from log.worker_claims where worker = int4range(:worker, :worker, '[]')"
    " and during && tstzrange(:starts_at, :ends_at) order by lower(during)"
)


class PostgresSeats:
    """Reads `log.seat_capacity`, `log.seat_claims` and `log.worker_claims`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def between(self, pool: str, area: str, first: date, last: date) -> Mapping[DaySlot, Seats]:
        """The slots that were ever offered on the days, in one query."""
        asked = {"pool": pool, "area": area, "first": first, "last": last}
        with self._engine.connect() as connection:
            rows = connection.execute(_SEATS, asked)
            return {(row.day, row.slot): Seats(row.offered, row.sold) for row in rows}

    def oversold(self, first: date, last: date) -> list[Oversold]:
        """The slots of the days of which more is sold than there is."""
        with self._engine.connect() as connection:
            rows = connection.execute(_OVERSOLD, {"first": first, "last": last})
            return [Oversold(**row) for row in rows.mappings()]

    def of(self, worker_number: int, starts_at: datetime, ends_at: datetime) -> list[UUID]:
        """The claims that hold a worker in that time, by their start."""
        asked = {"worker": worker_number, "starts_at": starts_at, "ends_at": ends_at}
        with self._engine.connect() as connection:
            return list(connection.execute(_BUSY, asked).scalars())
