"""What the answer to a notice is compared with: `python -m bench.notices.floors PORT URL`.

`/answer` reads the body and answers 200: what server, framework and client cost.
`/keep` inserts the raw bytes and commits before: the floor of any durable answer.
Served as `jiawu web` serves.
"""

import sys
from typing import Annotated
from uuid import uuid4

import sqlalchemy as sa
from fastapi import Depends, FastAPI, Request, Response

from infrastructure.clock import SystemClock
from interface.cli.serving import serve

_CONNECTIONS = 40  # as many as the server has threads
_TABLE = """
create table if not exists kept (
    id uuid primary key, received_at timestamptz not null, body bytea not null
)
"""
_KEEP = sa.text("insert into kept (id, received_at, body) values (:id, :at, :body)")


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


def create_app(engine: sa.Engine) -> FastAPI:
    app = FastAPI()
    clock = SystemClock()

    @app.post("/answer")
    async def answer(body: Body) -> Response:
        return Response(status_code=200 if body else 400)

    @app.post("/keep")
    def keep(body: Body) -> Response:
        with engine.begin() as connection:
            connection.execute(_KEEP, {"id": uuid4(), "at": clock.now(), "body": body})
        return Response(status_code=200)

    return app


def main() -> None:
    port, url = sys.argv[1:]
    engine = sa.create_engine(url, pool_size=_CONNECTIONS)
    with engine.begin() as connection:
        connection.exec_driver_sql(_TABLE)
    serve(create_app(engine), "127.0.0.1", int(port))


if __name__ == "__main__":
    main()
