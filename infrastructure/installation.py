"""Looking at what surrounds an installation: name service, HTTP servers, database."""

import socket
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests
import sqlalchemy as sa

from application.installation import DatabaseFacts, SurroundingsError

_SECONDS = 5
_TABLE_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
_COLUMN_RIGHTS = ("INSERT", "UPDATE")
EVENTS = ("log", "events")

_SERVER = sa.text(
    "SELECT current_setting('server_version_num')::int AS version, clock_timestamp() AS now,"
    " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser"
)
_EVENTS = sa.text(
    "SELECT c.oid, pg_has_role(c.relowner, 'USAGE') AS owns FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :schema AND c.relname = :table"
)
_ON_TABLE = sa.text("SELECT has_table_privilege(:table, :right)")
_ON_COLUMNS = sa.text("SELECT has_any_column_privilege(:table, :right)")


class NetworkSurroundings:
    """The real surroundings; every question is bounded to a few seconds."""

    def date_of(self, base_url: str) -> datetime:
        """The Date header of any answer, whatever its status."""
        try:
            answer = requests.head(base_url, timeout=_SECONDS, allow_redirects=False)
            return parsedate_to_datetime(answer.headers["Date"])
        except (requests.RequestException, KeyError, ValueError) as error:
            message = f"{base_url}: {type(error).__name__}"
            raise SurroundingsError(message) from None

    def addresses_of(self, host: str) -> list[str]:
        """Every address of the name, IPv4 and IPv6."""
        try:
            found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
        except OSError:
            message = f"{host}: no address"
            raise SurroundingsError(message) from None
        return sorted({str(entry[4][0]) for entry in found})

    def database(self, url: str) -> DatabaseFacts:
        """Connect once; the error never tells the address, which holds a password."""
        engine = sa.create_engine(
            url, poolclass=sa.pool.NullPool, connect_args={"connect_timeout": _SECONDS}
        )
        try:
            with engine.connect() as connection:
                return _facts(connection)
        except sa.exc.SQLAlchemyError as error:
            raise SurroundingsError(type(error).__name__) from None
        finally:
            engine.dispose()


def _facts(connection: sa.Connection) -> DatabaseFacts:
    server = connection.execute(_SERVER).one()
    events = connection.execute(_EVENTS, dict(zip(("schema", "table"), EVENTS, strict=True)))
    table = events.one_or_none()
    return DatabaseFacts(
        version=server.version,
        now=server.now,
        superuser=server.superuser,
        owns_events=table is not None and table.owns,
        events_exist=table is not None,
        event_rights=_rights(connection, table.oid) if table is not None else frozenset(),
    )


def _rights(connection: sa.Connection, table: int) -> frozenset[str]:
    asked = [(_ON_TABLE, right) for right in _TABLE_RIGHTS]
    asked += [(_ON_COLUMNS, right) for right in _COLUMN_RIGHTS]
    return frozenset(
        right
        for question, right in asked
        if connection.scalar(question, {"table": table, "right": right})
    )
