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
        self._decoded: dict[int, Recorded] = {}

    def after(self, position: int) -> Sequence[Row]:
        """The rows behind `position`; positions are dense, so it is a slice.

        None where the batch begins further ahead: who was set back, by a
        rebuild, must not skip what lies between.
        """
        known = position + 1 - self.rows[0][0]
        return self.rows[known:] if known >= 0 else ()

    def recorded(self, row: Row) -> Recorded:
        """The row's event."""
        known = self._decoded.get(row[0])
        if known is None:
            known = self._decoded[row[0]] = decode(row)
        return known


@contextmanager
def stopping_at(row: Row) -> Iterator[None]:
    """Whatever goes wrong meanwhile is the handler's failure at this row.

    Raises HandlerFailedError; but a lost connection or an unknown commit, which
    is nobody's fault, goes on as it is.
    """
    try:
        yield
    except CommitUnknownError:
        raise
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        raise HandlerFailedError(row[0], row[3]) from error
