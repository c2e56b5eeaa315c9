"""The driver's errors as the library's, so that callers need not know the driver."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from eventsourcing import persistence
from psycopg2.errors import UniqueViolation
from sqlalchemy.exc import DBAPIError

_KINDS: tuple[tuple[type[psycopg2.Error], type[persistence.PersistenceError]], ...] = (
    (psycopg2.DataError, persistence.DataError),
    (psycopg2.OperationalError, persistence.OperationalError),
    (psycopg2.ProgrammingError, persistence.ProgrammingError),
    (psycopg2.InternalError, persistence.InternalError),
    (psycopg2.Error, persistence.DatabaseError),
)


@contextmanager
def library_errors() -> Iterator[None]:
    """Raise eventsourcing's PersistenceError kinds in place of psycopg2's."""
    try:
        yield
    except psycopg2.Error as error:
        raise _of_library(error) from error
    except DBAPIError as error:
        if isinstance(error.orig, psycopg2.Error):
            raise _of_library(error.orig) from error
        raise


def _of_library(error: psycopg2.Error) -> persistence.PersistenceError:
    # Only a version that exists is a stale write, to be loaded and run again.
    if isinstance(error, UniqueViolation) and error.diag.table_name == "events":
        return persistence.IntegrityError(str(error))
    return next(kind for driver, kind in _KINDS if isinstance(error, driver))(str(error))
