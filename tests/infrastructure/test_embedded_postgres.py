"""The embedded server: started, killed, brought back, nothing lost or left."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import psycopg2
import pytest
import sqlalchemy as sa

from infrastructure.embedded_postgres import (
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgres,
    EmbeddedPostgresError,
    prepare_database,
    prepare_roles,
)
from infrastructure.embedded_postgres.account import reachable_directory, socket_directory
from infrastructure.embedded_postgres.programs import installed_programs, programs_for
from infrastructure.lifeline import Account
from tests.conftest import Database

OWNING_PROCESS = """
import sys, time
from pathlib import Path
from infrastructure.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="jiawu-pg-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


PAUSE = threading.Event()  # never set


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        PAUSE.wait(0.01)


def ask(url: str, statement: str) -> object:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        result = connection.exec_driver_sql(statement)
        return result.scalar() if result.returns_rows else None


def running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_new_server_is_unicode_with_checksums_and_durable_commits(place: Path) -> None:
    with EmbeddedPostgres(place) as server:
        shown = {
            name: ask(server.url(), f"SHOW {name}")
            for name in ("server_encoding", "data_checksums", "fsync", "synchronous_commit")
        }
        locale = ask(server.url(), "SELECT datlocale FROM pg_database WHERE datname = 'postgres'")

    assert shown == {
        "server_encoding": "UTF8",
        "data_checksums": "on",
        "fsync": "on",
        "synchronous_commit": "on",
    }
    assert locale == "C.UTF-8"


def test_the_server_listens_on_no_address(postgres_server: EmbeddedPostgres) -> None:
    assert ask(postgres_server.url(), "SHOW listen_addresses") == ""
    pid = postgres_server.pid
    assert pid is not None
    listening = [c for c in psutil.Process(pid).net_connections("inet") if c.status == "LISTEN"]
    assert listening == []


def test_the_server_never_runs_as_root(postgres_server: EmbeddedPostgres) -> None:
    assert postgres_server.pid is not None
    assert psutil.Process(postgres_server.pid).uids().effective != 0


def test_data_outlives_an_orderly_stop(place: Path) -> None:
    with EmbeddedPostgres(place) as server:
        ask(server.url(), "CREATE TABLE kept AS SELECT 42 AS answer")
    with EmbeddedPostgres(place) as server:
        assert ask(server.url(), "SELECT answer FROM kept") == 42


def test_a_stopped_server_leaves_no_process_and_no_socket(place: Path) -> None:
    with EmbeddedPostgres(place) as server:
        pid = server.pid
    assert pid is not None
    assert not running(pid)
    assert [path for path in place.rglob("*") if path.is_socket()] == []


def start_owner(place: Path) -> tuple[subprocess.Popen[str], int]:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNING_PROCESS, str(place)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert owner.stdout is not None
    return owner, int(owner.stdout.readline())


def kill(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.wait()
    assert owner.stdout is not None
    owner.stdout.close()


def test_nothing_is_left_when_the_owner_is_killed(place: Path) -> None:
    owner, postmaster = start_owner(place)
    family = [postmaster, *(child.pid for child in psutil.Process(postmaster).children())]
    assert len(family) > 1

    kill(owner)

    wait_until(lambda: not any(running(pid) for pid in family))
    assert [path for path in place.rglob("*") if path.is_socket()] == []


def test_a_restart_right_after_the_owner_is_killed_takes_under_five_seconds(place: Path) -> None:
    owner, _ = start_owner(place)
    kill(owner)

    began = time.monotonic()
    with EmbeddedPostgres(place) as server:
        assert ask(server.url(), "SELECT 1") == 1
    assert time.monotonic() - began < 5


class Writer(threading.Thread):
    """Inserts numbers, each in its own transaction, and notes the acknowledged ones."""

    def __init__(self, url: str, first: int) -> None:
        super().__init__()
        self.acknowledged: list[int] = []
        self._numbers = itertools.count(first)
        self._connection = psycopg2.connect(
            sa.make_url(url).set(drivername="postgresql").render_as_string()
        )
        self._connection.autocommit = True

    def run(self) -> None:
        with suppress(psycopg2.OperationalError), closing(self._connection):
            cursor = self._connection.cursor()
            for number in self._numbers:
                cursor.execute("INSERT INTO acknowledged VALUES (%s)", (number,))
                self.acknowledged.append(number)


def test_what_was_acknowledged_survives_a_postmaster_killed_while_writing(place: Path) -> None:
    with EmbeddedPostgres(place) as server:
        ask(server.url(), "CREATE TABLE acknowledged (number int PRIMARY KEY)")
        writers = [Writer(server.url(), first) for first in (0, 1_000_000, 2_000_000)]
        for writer in writers:
            writer.start()
        wait_until(lambda: all(len(writer.acknowledged) > 300 for writer in writers))

        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        began = time.monotonic()
        for writer in writers:
            writer.join()
        server.ensure_running()
        took = time.monotonic() - began

        acknowledged = sorted(number for writer in writers for number in writer.acknowledged)
        engine = sa.create_engine(server.url(), poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            kept = set(connection.scalars(sa.text("SELECT number FROM acknowledged")))
        assert [number for number in acknowledged if number not in kept] == []
    assert took < 5


def test_a_living_server_is_left_alone_by_ensure_running(
    postgres_server: EmbeddedPostgres,
) -> None:
    before = postgres_server.pid
    postgres_server.ensure_running()
    assert postgres_server.pid == before


def test_a_second_process_joins_and_its_end_stops_nothing(place: Path) -> None:
    owner, postmaster = start_owner(place)
    with EmbeddedPostgres(place) as joined:
        assert joined.pid is None
        assert ask(joined.url(), "SELECT 1") == 1
    assert running(postmaster)
    kill(owner)
    wait_until(lambda: not running(postmaster))


def test_a_half_made_cluster_is_made_anew(place: Path) -> None:
    EmbeddedPostgres(place)
    half_made = place / "new" / "data"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(place) as server:
        assert ask(server.url(), "SELECT 1") == 1


def test_data_of_another_major_version_is_refused_by_name(place: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedPostgresError, match="PostgreSQL 16"):
        EmbeddedPostgres(place).start()


def test_a_setting_the_server_refuses_is_told_from_its_log(place: Path) -> None:
    server = EmbeddedPostgres(place, {"shared_buffers": "many"}, patience=0)
    with pytest.raises(EmbeddedPostgresError, match="shared_buffers"):
        server.start()


def test_the_application_role_owns_nothing_and_may_create_nothing(
    empty_database: Database,
) -> None:
    rights = ask(
        empty_database.superuser_url,
        f"SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls"  # noqa: S608 - a constant
        f" FROM pg_roles WHERE rolname = '{APPLICATION_ROLE}'",
    )
    owner = ask(
        empty_database.superuser_url,
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()",
    )
    assert rights is False
    assert owner == OWNER_ROLE
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        ask(empty_database.application_url, "CREATE SCHEMA mine")


def test_preparing_twice_changes_nothing(postgres_server: EmbeddedPostgres) -> None:
    for _ in range(2):
        prepare_roles(postgres_server.url())
        prepare_database(postgres_server.url(), "prepared_twice")
    assert ask(postgres_server.url("prepared_twice", OWNER_ROLE), "SELECT 1") == 1


@pytest.mark.parametrize("_", ["first", "second"])
def test_each_test_gets_a_database_of_its_own(owner_engine: sa.Engine, _: str) -> None:
    with owner_engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA only_here")


SOMEBODY = Account("somebody", 4_711, 4_711)


def test_a_checkout_closed_to_the_account_keeps_its_data_elsewhere(place: Path) -> None:
    wanted, system = place / "checkout", place / "system"
    first = reachable_directory(wanted, SOMEBODY, lambda *_: False, system)
    again = reachable_directory(wanted, SOMEBODY, lambda *_: False, system)
    other = reachable_directory(place / "other", SOMEBODY, lambda *_: False, system)

    assert first == again
    assert first.parent == system
    assert first != other


def test_an_open_checkout_keeps_its_data_inside(place: Path) -> None:
    wanted = place / "checkout"
    assert reachable_directory(wanted, SOMEBODY, lambda *_: True, place / "system") == wanted
    assert reachable_directory(wanted, None, lambda *_: False, place / "system") == wanted


def test_a_long_path_gets_a_short_socket(place: Path) -> None:
    deep = place / ("很深的目录" * 8)
    deep.mkdir()
    chosen = socket_directory(deep, None)
    assert len(os.fsencode(chosen)) < 90
    assert chosen.stat().st_mode & 0o077 == 0
    chosen.rmdir()


def test_programs_closed_to_the_account_are_copied_once(place: Path) -> None:
    copied = programs_for(SOMEBODY, place, runs=lambda *_: False)
    stamp = (copied / "postgres").stat().st_mtime_ns

    assert copied != installed_programs()
    assert programs_for(SOMEBODY, place, runs=lambda *_: False) == copied
    assert (copied / "postgres").stat().st_mtime_ns == stamp
    version = subprocess.run([copied / "initdb", "--version"], check=True, capture_output=True)
    assert b"PostgreSQL" in version.stdout
