"""The two roles and the database, made in a fresh server.

The owner owns the database and runs the migrations; the application role owns
nothing and gets its rights from the migrations alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection

OWNER_ROLE = "jiawu_owner"
APPLICATION_ROLE = "jiawu_app"

_ROLE_EXISTS = sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name")
_DATABASE_EXISTS = sa.text("SELECT 1 FROM pg_database WHERE datname = :name")
_PLAIN = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def prepare_roles(superuser_url: str) -> None:
    """Create both roles where they are missing; repeating it changes nothing."""
    with _administering(superuser_url) as connection:
        for role in (OWNER_ROLE, APPLICATION_ROLE):
            if not connection.scalar(_ROLE_EXISTS, {"name": role}):
                connection.exec_driver_sql(f"CREATE ROLE {role} {_PLAIN}")


def prepare_database(superuser_url: str, name: str, template: str | None = None) -> None:
    """Create the database `name`, owned by the owner role, where it is missing.

    `template` names a database to copy, in which nobody may be connected.
    The application role may connect; nobody else may.
    """
    with _administering(superuser_url) as connection:
        if connection.scalar(_DATABASE_EXISTS, {"name": name}):
            return
        quoted = _quoted(connection, name)
        source = f" TEMPLATE {_quoted(connection, template)}" if template else ""
        connection.exec_driver_sql(f"CREATE DATABASE {quoted} OWNER {OWNER_ROLE}{source}")
        connection.exec_driver_sql(f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC")
        connection.exec_driver_sql(f"GRANT CONNECT ON DATABASE {quoted} TO {APPLICATION_ROLE}")


def drop_database(superuser_url: str, name: str) -> None:
    """Drop the database if it exists, ending what is connected to it."""
    with _administering(superuser_url) as connection:
        quoted = _quoted(connection, name)
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")


@contextmanager
def _administering(url: str) -> Iterator[Connection]:
    """A connection outside transactions, as CREATE DATABASE demands."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        yield connection


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)
