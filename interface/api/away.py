"""What reading or writing raises while the database does not answer."""

from typing import Final

from eventsourcing import persistence
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhaustedError

DATABASE_AWAY: Final = (
    *(OperationalError, InterfaceError, PoolExhaustedError),
    *(persistence.OperationalError, persistence.InterfaceError),
)
