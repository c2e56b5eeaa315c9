"""History cannot be changed: not by the application, and not by the owner by mistake."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError, ProgrammingError

from infrastructure.embedded_postgres import APPLICATION_ROLE
from infrastructure.event_log.recorder import EventLog
from tests.infrastructure.event_log.material import asked, stored

CHANGES = [
    "update log.events set actor = 'nobody'",
    "delete from log.events",
    "truncate log.events",
    "update log.commands set answer = '{}'",
    "delete from log.commands",
    "truncate log.commands",
]

RIGHTS = {
    "events": {"SELECT", "INSERT"},
    "commands": {"SELECT", "INSERT"},
    "unique_claims": {"SELECT", "INSERT", "DELETE"},
    "worker_claims": {"SELECT", "INSERT", "DELETE"},
    "seat_claims": {"SELECT", "INSERT", "DELETE"},
    "seat_capacity": {"SELECT", "INSERT", "DELETE", "UPDATE"},
    "place_claims": {"SELECT", "INSERT", "DELETE"},
    "tracking": {"SELECT", "INSERT", "UPDATE"},
}
FUNCTIONS = {"append", "take_claims", "check_transaction"}


@pytest.fixture(autouse=True)
def _history(log: EventLog) -> None:
    log.insert_events([stored()], command=asked())


@pytest.mark.parametrize("change", CHANGES)
def test_the_application_is_denied(change: str, application_engine: Engine) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        application_engine.begin() as connection,
    ):
        connection.execute(text(change))


@pytest.mark.parametrize("change", CHANGES)
def test_the_owner_is_refused_by_the_trigger(change: str, owner_engine: Engine) -> None:
    with (
        pytest.raises(DatabaseError, match="the log is append-only"),
        owner_engine.begin() as connection,
    ):
        connection.execute(text(change))


def test_the_applications_rights_are_exactly_these(owner_engine: Engine) -> None:
    tables = text(
        "select table_name, privilege_type from information_schema.role_table_grants"
        " where table_schema = 'log' and grantee in (:role, 'PUBLIC')"
    )
    functions = text(
        "select routine_name from information_schema.role_routine_grants"
        " where routine_schema = 'log' and grantee in (:role, 'PUBLIC')"
    )
    with owner_engine.connect() as connection:
        granted = connection.execute(tables, {"role": APPLICATION_ROLE}).all()
        runs = set(connection.execute(functions, {"role": APPLICATION_ROLE}).scalars())
    assert {(table, right) for table, right in granted} == {
        (table, right) for table, rights in RIGHTS.items() for right in rights
    }
    assert runs == FUNCTIONS


def test_no_single_column_is_granted_beside_the_tables(owner_engine: Engine) -> None:
    query = text(
        "select table_name, privilege_type from information_schema.column_privileges"
        " where table_schema = 'log' and grantee in (:role, 'PUBLIC')"
    )
    with owner_engine.connect() as connection:
        granted = connection.execute(query, {"role": APPLICATION_ROLE}).all()
    assert {(t, r) for t, r in granted} == {
        (table, right) for table, rights in RIGHTS.items() for right in rights - {"DELETE"}
    }
