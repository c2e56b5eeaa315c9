"""The workers' schedule, read from the office's read model and the claims of the log."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from application.projections import office_workers
from application.suggestions import Busy
from domain.time import Interval

_BUSY = text(
    """
    select lower(worker) as number, id, lower(during) as starts_at, upper(during) as ends_at
    from log.worker_claims
    where lower(worker) = any(:numbers) and during && tstzrange(:starts_at, :ends_at)
    order by number, starts_at
    """
)


class PostgresWorkerSchedule:
    """Reads only; claims are as new as the log."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def workers(self) -> Sequence[Mapping[str, Any]]:
        """All who have not left."""
        with self._engine.connect() as connection:
            return office_workers.find_all(connection)

    def busy(self, numbers: Collection[int], interval: Interval) -> Mapping[int, Sequence[Busy]]:
        """Their claimed intervals that overlap `interval`, by worker number."""
        asked = {"numbers": list(numbers), **_bounds(interval)}
        found: defaultdict[int, list[Busy]] = defaultdict(list)
        with self._engine.connect() as connection:
            for row in connection.execute(_BUSY, asked):
                busy = Busy(row.id, Interval(row.starts_at, row.ends_at))
                found[row.number].append(busy)
        return found

    def best_ratings(self, customer_id: UUID) -> Mapping[UUID, int]:
        """The customer's best rating of each worker who served them."""
        with self._engine.connect() as connection:
            return office_workers.best_ratings(connection, customer_id)


def _bounds(interval: Interval) -> dict[str, Any]:
    return {"starts_at": interval.starts_at, "ends_at": interval.ends_at}
