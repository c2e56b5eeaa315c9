"""The server under measurement, and fresh tables for every round."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from bench.directory import bench_directory
from infrastructure.embedded_postgres import (
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgres,
    prepare_database,
    prepare_roles,
)
from infrastructure.embedded_postgres.roles import drop_database
from infrastructure.migrations import upgrade

# Durable as in production; a checkpoint would hit some cells and not others.
SETTINGS = {
    "shared_buffers": "512MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "200",
    "max_wal_size": "8GB",
}
# The same columns and indexes as log.events and log.commands.
_BARE = """
create table events (
    position    bigserial   primary key,
    stream_id   uuid        not null,
    version     integer     not null,
    name        text        not null,
    state       text        not null,
    recorded_at timestamptz not null,
    command_id  uuid,
    actor       text        not null,
    unique (stream_id, version)
);
create table commands (
    id       uuid   primary key,
    body_mac text   not null,
    position bigint not null,
    answer   text   not null
);
"""
_FILL = """
insert into log.events
select n, gen_random_uuid(), 1, 'cleaning_order.paid', :state, '2026-11-22T04:00:00Z', null, ''
from generate_series(1, :count) as n
"""


@dataclass(frozen=True)
class Databases:
    """Where each side writes."""

    bare: str
    ours: str
    peers: str
    history: str


class Bench:
    """An embedded server with a template of each side's tables."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        prepare_roles(server.url())
        prepare_database(server.url(), "template_bare")
        self._run(server.url("template_bare", OWNER_ROLE), _BARE)
        prepare_database(server.url(), "template_ours")
        upgrade(server.url("template_ours", OWNER_ROLE), APPLICATION_ROLE)
        prepare_database(server.url(), "history", "template_ours")

    def fill_history(self, state: str, count: int) -> None:
        """Events for the reader."""
        engine = sa.create_engine(self._server.url("history"))
        with engine.begin() as connection:
            connection.execute(sa.text(_FILL), {"state": state, "count": count})
        engine.dispose()

    def fresh(self) -> Databases:
        """Empty tables for all sides, and no checkpoint soon."""
        for name, template in (("bare", "template_bare"), ("ours", "template_ours")):
            drop_database(self._server.url(), name)
            prepare_database(self._server.url(), name, template)
        drop_database(self._server.url(), "peers")
        prepare_database(self._server.url(), "peers")
        self._run(self._server.url(), "checkpoint")
        return Databases(
            bare=self._server.url("bare", OWNER_ROLE),
            ours=self._server.url("ours", APPLICATION_ROLE),
            peers=self._server.url("peers", OWNER_ROLE),
            history=self._server.url("history", APPLICATION_ROLE),
        )

    def _run(self, url: str, sql: str) -> None:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(sql)


@contextmanager
def bench_server() -> Iterator[Bench]:
    """A server in a temporary directory, gone afterwards."""
    with (
        bench_directory() as directory,
        EmbeddedPostgres(directory / "postgres", SETTINGS) as server,
    ):
        yield Bench(server)
