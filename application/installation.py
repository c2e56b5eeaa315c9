"""The port through which an installation looks at what surrounds it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What a database says about itself to the role that asks.

    `version` is PostgreSQL's server_version_num (180004 for 18.4);
    `event_rights` are the rights of the role on the event table, in capitals,
    empty also when the table does not exist (`events_exist`).
    """

    version: int
    now: datetime
    superuser: bool
    owns_events: bool
    events_exist: bool
    event_rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class DataKeys:
    """The vault's keys in use: under the present wrapping key, the previous one, neither."""

    present: int = 0
    previous: int = 0
    neither: int = 0


class SurroundingsError(Exception):
    """Something outside did not answer; the text says what, without secrets."""


class Surroundings(Protocol):
    """Other machines and programs, as `jiawu doctor` asks about them."""

    def date_of(self, base_url: str) -> datetime:
        """The clock of an HTTP server, from its Date header; SurroundingsError."""
        ...

    def addresses_of(self, host: str) -> list[str]:
        """The IP addresses a name stands for; SurroundingsError if none."""
        ...

    def database(self, url: str) -> DatabaseFacts:
        """Ask the database at `url`; SurroundingsError if it cannot be reached."""
        ...

    def data_keys(self, url: str, present: bytes, previous: bytes | None) -> DataKeys:
        """Which wrapping keys open the data keys of a migrated database; SurroundingsError."""
        ...
