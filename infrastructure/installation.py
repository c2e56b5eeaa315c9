"""Looking at what surrounds an installation: name service, HTTP servers, database."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests
import sqlalchemy as sa

from application.installation import DatabaseFacts, DataKeys, SurroundingsError
from infrastructure.vault import lies_under

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
# One key of each wrapping key, in whose place the others stand.
_DATA_KEYS = sa.text(
    "SELECT one.key_id, one.wrapped, alike.number FROM vault.keys one JOIN"
    " (SELECT max(key_id) AS key_id, count(*) AS number FROM vault.keys"
    "  WHERE destroyed_at IS NULL GROUP BY wrapped_by) alike USING (key_id)"
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
        with _connected(url) as connection:
            return _facts(connection)

    def data_keys(self, url: str, present: bytes, previous: bytes | None) -> DataKeys:
        """Try one data key of each wrapping key that stands with them."""
        with _connected(url) as connection:
            return _data_keys(connection, present, previous)


@contextmanager
def _connected(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(
        url, poolclass=sa.pool.NullPool, connect_args={"connect_timeout": _SECONDS}
    )
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.SQLAlchemyError as error:
        raise SurroundingsError(type(error).__name__) from None
    finally:
        engine.dispose()


def _data_keys(connection: sa.Connection, present: bytes, previous: bytes | None) -> DataKeys:
    found = {"present": 0, "previous": 0, "neither": 0}
    for key_id, wrapped, number in connection.execute(_DATA_KEYS):
        under = {
            "present": lies_under(present, bytes(wrapped), key_id),
            "previous": lies_under(previous, bytes(wrapped), key_id),
            "neither": True,
        }
        found[next(name for name, opens in under.items() if opens)] += number
    return DataKeys(**found)


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
