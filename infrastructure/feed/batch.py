"""A page of the log, decoded once for all who read it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from application.commands import CommitUnknownError
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
        self.names = frozenset(row[3] for row in rows)
        self._decoded: dict[int, Recorded] = {}

    def after(self, position: int, last: int | None = None) -> Sequence[Row]:
        """The rows behind `position`, up to `last`; positions are dense, so it is a slice.

        None where the batch begins further ahead: who was set back, by a
        rebuild, must not skip what lies between.
        """
        first = self.rows[0][0]
        known, end = position + 1 - first, None if last is None else max(last + 1 - first, 0)
        return self.rows[known:end] if known >= 0 else ()

    def recorded(self, row: Row) -> Recorded:
        """The row's event."""
        known = self._decoded.get(row[0])
        if known is None:
            # Two threads may both decode; they go on with the same object.
            known = self._decoded.setdefault(row[0], decode(row))
        return known


class UnwrittenError(Exception):
    """The rows of several events could not be written; the cause says why, not which event."""


@contextmanager
def stopping_at(row: Row) -> Iterator[None]:
    """Whatever goes wrong meanwhile is the handler's failure at this row.

    Raises HandlerFailedError; but a lost connection or an unknown commit, which
    is nobody's fault, goes on as it is.
    """
    try:
        yield
    except Exception as error:
        if nobodys_fault(error):
            raise
        raise HandlerFailedError(row[0], row[3]) from error


def nobodys_fault(error: Exception) -> bool:
    """Whether it is a lost connection or an unknown commit, of which no handler is the cause."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return isinstance(error, CommitUnknownError)
