"""The database of a run: copied once from a migrated template, emptied between seeds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from infrastructure.clock import SettableClock
from infrastructure.embedded_postgres import APPLICATION_ROLE, OWNER_ROLE, prepare_database
from infrastructure.embedded_postgres.roles import drop_database
from interface.demo_secrets import DemoSecrets
from interface.household import build
from interface.settings import Settings
from tests.conftest import Database
from tests.product import settings_on
from tests.simulation.world import DAWN

_TABLES: Final = sa.text(
    "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables"
    " where schemaname not in ('pg_catalog', 'information_schema', 'public')"
    " and tablename not in ('progress', 'tracking') order by 1"
)
_PROGRESS: Final = sa.text(
    "select schemaname from pg_tables where tablename = 'progress' order by 1"
)
# One thread never waits for itself: a lock that is not free is an error of the simulation.
_SETTINGS: Final = ("synchronous_commit = off", "lock_timeout = '10s'")


class Arena:
    """A database in which one seed lives after the other."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.settings = settings
        self._engine = sa.create_engine(database.superuser_url)
        with self._engine.connect() as connection:
            self._tables = ", ".join(connection.execute(_TABLES).scalars())
            self._progress = list(connection.execute(_PROGRESS).scalars())

    def clear(self) -> None:
        """As it was when the followers had just been installed."""
        with self._engine.begin() as connection:
            connection.execute(sa.text("set local session_replication_role = replica"))
            connection.execute(sa.text(f"truncate {self._tables}"))
            connection.execute(sa.text("update log.tracking set notification_id = 0"))
            for schema in self._progress:
                zero = f'update "{schema}".progress set position = 0'  # noqa: S608 - our own names
                connection.execute(sa.text(zero))

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def arena(server_url: str, template: str, name: str, secrets: DemoSecrets) -> Iterator[Arena]:
    """A copy of the template with every follower installed; dropped at the end."""
    prepare_database(server_url, name, template)
    database = Database(
        name=name,
        owner_url=_url(server_url, name, OWNER_ROLE),
        application_url=_url(server_url, name, APPLICATION_ROLE),
        superuser_url=_url(server_url, name),
    )
    _configure(database)
    settings = settings_on(database, secrets)
    house = build(settings, SettableClock(DAWN))
    house.feed.install()
    house.close()
    opened = Arena(database, settings)
    yield opened
    opened.close()
    drop_database(server_url, name)


def _configure(database: Database) -> None:
    engine = sa.create_engine(database.superuser_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in _SETTINGS:
            connection.execute(sa.text(f'alter database "{database.name}" set {setting}'))
        grant = f'grant create on database "{database.name}" to "{APPLICATION_ROLE}"'
        connection.execute(sa.text(grant))
    engine.dispose()


def _url(server_url: str, name: str, role: str = "") -> str:
    url = make_url(server_url).set(database=name)
    return (url.set(username=role) if role else url).render_as_string(hide_password=False)
