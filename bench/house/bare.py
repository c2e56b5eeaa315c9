"""What a command is compared with: `python -m bench.house.bare PORT URL`.

FastAPI, one INSERT and its commit a request, through psycopg2 alone; served with as
many threads and the same settings as `jiawu web`.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import psycopg2.pool
from anyio import to_thread
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import make_url

from bench.event import NAME, STATE
from infrastructure.clock import SystemClock
from interface.cli.serving import serve

PATH: Final = "/rows"
_THREADS: Final = 24  # as interface.api.app
_TABLE: Final = """
create table if not exists bare_rows (
    position bigserial primary key, stream_id uuid not null, version integer not null,
    name text not null, state text not null, recorded_at timestamptz not null,
    actor text not null, unique (stream_id, version)
)
"""
_INSERT: Final = (
    "insert into bare_rows (stream_id, version, name, state, recorded_at, actor)"
    " values (%s, 1, %s, %s, %s, %s) returning position"
)


class Row(BaseModel):
    """What a request brings."""

    stream_id: str
    actor: str


class Kept(BaseModel):
    """What is answered."""

    position: int


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = _THREADS
    yield


def create_app(pool: psycopg2.pool.ThreadedConnectionPool) -> FastAPI:
    app = FastAPI(lifespan=_lifespan)
    clock = SystemClock()

    @app.post(PATH)
    def keep(row: Row) -> Kept:
        connection = pool.getconn()
        try:
            with connection.cursor() as cursor:
                cursor.execute(_INSERT, (row.stream_id, NAME, STATE, clock.now(), row.actor))
                (position,) = cursor.fetchone()
        finally:
            pool.putconn(connection)
        return Kept(position=position)

    return app


def _pool(url: str) -> psycopg2.pool.ThreadedConnectionPool:
    parts = make_url(url)
    pool = psycopg2.pool.ThreadedConnectionPool(
        _THREADS, _THREADS, dbname=parts.database, user=parts.username, **parts.query
    )
    opened = [pool.getconn() for _ in range(_THREADS)]
    for connection in opened:
        connection.autocommit = True  # the INSERT commits: one round trip
    opened[0].cursor().execute(_TABLE)
    for connection in opened:
        pool.putconn(connection)
    return pool


def main() -> None:
    port, url = sys.argv[1:]
    serve(create_app(_pool(url)), "127.0.0.1", int(port))


if __name__ == "__main__":
    main()
