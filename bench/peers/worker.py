"""The peers' kinds of work: the same event through the libraries' own recorders."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, StoredEvent
from eventsourcing.utils import Environment
from sqlalchemy import make_url

from bench.event import NAME, STATE
from bench.measure import OpenAct, serve
from bench.order import completed_order

_STATE = STATE.encode()
_CONNECTIONS = "40"  # more than there are writers: nobody waits for the pool


def postgres_environment(url: str) -> dict[str, str]:
    """The settings of eventsourcing's own PostgreSQL module."""
    parts = make_url(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.database or "",
        "POSTGRES_HOST": str(parts.query["host"]),
        "POSTGRES_PORT": str(parts.query["port"]),
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": "",
        "POSTGRES_POOL_SIZE": _CONNECTIONS,
    }


def sqlalchemy_environment(url: str) -> dict[str, str]:
    """The settings of eventsourcing-sqlalchemy."""
    return {
        "PERSISTENCE_MODULE": "eventsourcing_sqlalchemy",
        "SQLALCHEMY_URL": url,
        "SQLALCHEMY_POOL_SIZE": _CONNECTIONS,
    }


@contextmanager
def _appending(environment: dict[str, str]) -> Iterator[OpenAct]:
    # The name becomes part of the tables' names, which must differ between the libraries.
    name = environment["PERSISTENCE_MODULE"].replace(".", "_")
    factory = InfrastructureFactory.construct(Environment(name, environment))
    recorder = factory.application_recorder()

    def act() -> int:
        recorder.insert_events([StoredEvent(uuid4(), 1, NAME, _STATE)])
        return 1

    yield lambda: act
    factory.close()


@contextmanager
def _loading(environment: dict[str, str]) -> Iterator[OpenAct]:
    application = Application[UUID](env=environment)
    order = completed_order()
    application.save(order)

    def act() -> int:
        application.repository.get(order.id)
        return 1

    yield lambda: act
    application.close()


KINDS = {
    "eventsourcing.postgres append": lambda url: _appending(postgres_environment(url)),
    "eventsourcing-sqlalchemy append": lambda url: _appending(sqlalchemy_environment(url)),
    "eventsourcing.postgres load order": lambda url: _loading(postgres_environment(url)),
}

if __name__ == "__main__":
    serve(KINDS)
