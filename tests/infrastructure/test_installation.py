"""What the surroundings really answer: the migrated database, the loopback."""

import socket
from contextlib import closing

import pytest
import sqlalchemy as sa

from application.installation import SurroundingsError
from infrastructure.installation import NetworkSurroundings
from tests.conftest import Database


def test_the_application_role_may_only_read_and_append_events(database: Database) -> None:
    facts = NetworkSurroundings().database(database.application_url)
    assert facts.version >= 150_000
    assert not facts.superuser
    assert facts.events_exist
    assert not facts.owns_events
    assert "SELECT" in facts.event_rights
    assert facts.event_rights.isdisjoint({"UPDATE", "DELETE", "TRUNCATE"})


def test_the_owner_is_recognised(database: Database) -> None:
    assert NetworkSurroundings().database(database.owner_url).owns_events


def test_a_right_on_one_column_is_noticed(database: Database) -> None:
    owner = sa.create_engine(database.owner_url, poolclass=sa.pool.NullPool)
    with owner.begin() as connection:
        connection.exec_driver_sql("GRANT UPDATE (actor) ON log.events TO jiawu_app")
    assert "UPDATE" in NetworkSurroundings().database(database.application_url).event_rights


def test_an_unmigrated_database_has_no_events(empty_database: Database) -> None:
    facts = NetworkSurroundings().database(empty_database.application_url)
    assert not facts.events_exist
    assert facts.event_rights == frozenset()


def closed_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_database_that_does_not_answer_is_told_without_its_password() -> None:
    url = f"postgresql+psycopg2://app:secret@127.0.0.1:{closed_port()}/jiawu"
    with pytest.raises(SurroundingsError) as refused:
        NetworkSurroundings().database(url)
    assert "secret" not in str(refused.value)


def test_a_server_that_does_not_answer_is_told() -> None:
    with pytest.raises(SurroundingsError, match="ConnectionError"):
        NetworkSurroundings().date_of(f"http://127.0.0.1:{closed_port()}")


def test_names_become_addresses() -> None:
    assert "127.0.0.1" in NetworkSurroundings().addresses_of("localhost")
