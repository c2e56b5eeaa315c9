"""A page of the log, decoded once for all who read it."""

from collections.abc import Sequence

from application.projections.projection import Recorded
from infrastructure.feed.reader import Row, decode


class HandlerFailedError(Exception):
    """The handler raised at this event; the cause is the handler's own error."""

    def __init__(self, position: int, event: str) -> None:
        self.position = position
        self.event = event
        super().__init__(f"{event} at {position}")


class Batch:
    """Rows in order of position; an event is decoded when the first handler asks."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._decoded: dict[int, Recorded] = {}

    @property
    def last(self) -> int:
        """The position of the last row."""
        return self.rows[-1][0]

    def after(self, position: int) -> Sequence[Row]:
        """The rows behind `position`; positions are dense, so it is a slice."""
        return self.rows[max(0, position - self.rows[0][0] + 1) :]

    def recorded(self, row: Row) -> Recorded:
        """The row's event."""
        known = self._decoded.get(row[0])
        if known is None:
            known = self._decoded[row[0]] = decode(row)
        return known
