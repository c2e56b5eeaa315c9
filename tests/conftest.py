"""What every test may ask for: a real PostgreSQL, fresh databases, strict runs."""

import importlib
import importlib.util
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings
from sqlalchemy.engine import Engine

from infrastructure.embedded_postgres import (
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgres,
    prepare_database,
    prepare_roles,
)
from infrastructure.embedded_postgres.roles import drop_database
from tests.memory import place_of_servers
from tests.simulation.ahead import DaysAhead

settings.register_profile("default", deadline=None, derandomize=True, database=None)
settings.register_profile("soak", deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

_TEMPLATE = "jiawu_template"
_MIGRATIONS = "infrastructure.migrations"
_SERVER_PREFIX = "jiawu-tests-"
# Databases of tests live for seconds: a crash of the machine may take them.
# Tests of durability start servers of their own with the product's settings.
_HASTY = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """A database of a test's own, with the URLs of the three roles."""

    name: str
    owner_url: str
    application_url: str
    superuser_url: str


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """One server for the whole run; fsync is off, all else is the product's."""
    _sweep_dead_runs()
    name = tempfile.mkdtemp(prefix=f"{_SERVER_PREFIX}{os.getpid()}-", dir=place_of_servers())
    directory = Path(name)
    directory.chmod(0o711)
    try:
        with EmbeddedPostgres(directory, _HASTY) as server:
            prepare_roles(server.url())
            yield server
    finally:
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def database_template(postgres_server: EmbeddedPostgres) -> str:
    """The name of a migrated database, to be copied and never connected to."""
    prepare_database(postgres_server.url(), _TEMPLATE)
    migrate(postgres_server.url(_TEMPLATE, OWNER_ROLE))
    return _TEMPLATE


def migrate(owner_url: str) -> None:
    """Bring a database to the present schema, as `jiawu migrate` does."""
    if importlib.util.find_spec(_MIGRATIONS) is not None:
        importlib.import_module(_MIGRATIONS).upgrade(owner_url, APPLICATION_ROLE)


@pytest.fixture
def database(postgres_server: EmbeddedPostgres, database_template: str) -> Iterator[Database]:
    """A fresh migrated database for one test."""
    yield from _copies(postgres_server, database_template)


@pytest.fixture(scope="module")
def module_database(
    postgres_server: EmbeddedPostgres, database_template: str
) -> Iterator[Database]:
    """A fresh migrated database that the tests of one module share."""
    yield from _copies(postgres_server, database_template)


@pytest.fixture
def empty_database(postgres_server: EmbeddedPostgres) -> Iterator[Database]:
    """A fresh database without any schema, for tests of the migrations."""
    yield from _copies(postgres_server, None)


@pytest.fixture
def application_engine(database: Database) -> Iterator[Engine]:
    """An engine of the application role on the test's own database."""
    yield from _engine(database.application_url)


@pytest.fixture
def owner_engine(database: Database) -> Iterator[Engine]:
    """An engine of the owner role on the test's own database."""
    yield from _engine(database.owner_url)


def _engine(url: str) -> Iterator[Engine]:
    engine = sa.create_engine(url)
    yield engine
    engine.dispose()


def _copies(server: EmbeddedPostgres, template: str | None) -> Iterator[Database]:
    name = f"jiawu_test_{next(_numbers)}"
    prepare_database(server.url(), name, template)
    if template:
        _let_projections_make_schemas(server, name)
    yield Database(
        name=name,
        owner_url=server.url(name, OWNER_ROLE),
        application_url=server.url(name, APPLICATION_ROLE),
        superuser_url=server.url(name),
    )
    drop_database(server.url(), name)


def _let_projections_make_schemas(server: EmbeddedPostgres, name: str) -> None:
    """As the migration does: grants on a database are not copied from its template."""
    owner = sa.create_engine(server.url(name, OWNER_ROLE), poolclass=sa.pool.NullPool)
    with owner.begin() as connection:
        grant = f'grant create on database "{name}" to "{APPLICATION_ROLE}"'
        connection.execute(sa.text(grant))
    owner.dispose()


def _sweep_dead_runs() -> None:
    """Remove what a killed run left on disk; its server ended with it."""
    for directory in place_of_servers().glob(f"{_SERVER_PREFIX}*-*"):
        owner = directory.name.removeprefix(_SERVER_PREFIX).split("-")[0]
        if not Path(f"/proc/{owner}").exists():
            shutil.rmtree(directory, ignore_errors=True)


class _Strictness:
    """A skipped or expectedly failing test fails the run: it proves nothing."""

    def __init__(self) -> None:
        self.unproved: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped or hasattr(report, "wasxfail"):
            self.unproved.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.unproved.append(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unproved and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for nodeid in self.unproved:
            terminalreporter.write_line(f"FAILED (skipped or xfailed): {nodeid}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Make every run strict, and deaf to the configuration of whoever starts it."""
    for name in [*os.environ]:
        if name.startswith(("JIAWU_", "DATABASE_")):
            del os.environ[name]
    config.pluginmanager.register(_Strictness(), "strictness")
    config.pluginmanager.register(DaysAhead(), "days ahead")
