"""The embedded server's life: made, started, probed, stopped, brought back."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psycopg2
import sqlalchemy as sa

from infrastructure.embedded_postgres.account import (
    EmbeddedPostgresError,
    own_directory,
    reachable_directory,
    server_account,
    socket_directory,
)
from infrastructure.embedded_postgres.programs import major_version, programs_for
from infrastructure.lifeline import tied

SUPERUSER = "postgres"
_PORT = 5432  # only part of the socket's name: the server listens on no address
_PAUSE = 0.05  # seconds between two probes
_REFUSED_FOR = 10.0  # seconds; a killed postmaster blocks its data for about 2
_RECOVERY = 120.0  # seconds for a server that lives but still replays its log
_LARGEST_LOG = 10_000_000  # bytes

DEFAULT_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(_PORT),
    "max_connections": "100",
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


class EmbeddedPostgres:
    """A PostgreSQL server of this project's own, as a context manager.

    `directory` keeps data, socket and log. The first process to start it owns
    the server, as its direct child; when that process ends in any way, so does
    the server. Another process that starts it meanwhile only joins, and its
    `stop` leaves the server alone. What was committed survives a SIGKILL of
    either. Start it from a thread that outlives it (see lifeline).
    """

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str] | None = None,
        patience: float = _REFUSED_FOR,
    ) -> None:
        """`settings` go over the defaults; `patience` (seconds) is for refused starts."""
        self._account = server_account()
        self.directory = reachable_directory(directory, self._account)
        self._sockets = socket_directory(self.directory, self._account)
        self._data = self.directory / "data"
        self._settings = {**DEFAULT_SETTINGS, **(settings or {})}
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        """Start, or join the server another process runs."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, if the server is ours."""
        self.stop()

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while this process owns it."""
        return self._process.pid if self._process else None

    def url(self, database: str = "postgres", role: str = SUPERUSER) -> str:
        """A SQLAlchemy URL (psycopg2) over the socket; no password is needed."""
        url = sa.URL.create(
            "postgresql+psycopg2",
            username=role,
            database=database,
            query={"host": str(self._sockets), "port": str(_PORT)},
        )
        return url.render_as_string(hide_password=False)

    def start(self) -> None:
        """Start or join the server and wait until it answers a query.

        Raises:
            EmbeddedPostgresError: it did not answer; the log's end is told.
        """
        if not self._take_ownership():
            self._wait_for_owner()
            return
        try:
            self._make_cluster()
            self._launch()
        except BaseException:
            self.stop()
            raise

    def ensure_running(self) -> None:
        """Bring a server of ours back if it died; one short connection if it did not.

        A dying server's clients notice before its process is gone, so a
        process that no longer answers is waited for, not believed.
        """
        if self._process is None:
            return
        alive = self._process.poll() is None
        if not (alive and self._comes_up(self._process)):
            self._launch()

    def stop(self) -> None:
        """End the server in order: clients are cut off, nothing is lost."""
        if self._process is not None:
            _end(self._process)
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_ownership(self) -> bool:
        """Lock the directory; the kernel unlocks it when this process ends."""
        lock = (self.directory / "owner.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _wait_for_owner(self) -> None:
        deadline = time.monotonic() + _RECOVERY
        while not self._answers():
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(reason=f"{self.directory} 已被占用，但没有应答。")
            time.sleep(_PAUSE)

    def _make_cluster(self) -> None:
        self._programs = programs_for(self._account, self.directory / "programs")
        version = major_version(self._programs)
        if self._data.exists():
            found = (self._data / "PG_VERSION").read_text().strip()
            if found != version:
                reason = f"数据属于 PostgreSQL {found}，程序是 {version}。"
                raise EmbeddedPostgresError(reason=reason)
            return
        self._initialise()

    def _initialise(self) -> None:
        """Make the cluster aside and rename it: an interrupted one is no cluster."""
        workshop = own_directory(self.directory / "new", self._account)
        shutil.rmtree(workshop / "data", ignore_errors=True)
        command = [
            str(self._programs / "initdb"),
            *(f"--pgdata={workshop / 'data'}", f"--username={SUPERUSER}", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "--data-checksums"),
        ]
        result = subprocess.run(  # noqa: S603 - the wheel's own program
            tied(command, signal.SIGKILL, self._account),
            cwd="/",
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise EmbeddedPostgresError(reason=result.stderr.strip())
        (workshop / "data").rename(self._data)
        workshop.rmdir()

    def _launch(self) -> None:
        refused_until = time.monotonic() + self._patience
        while True:
            self._process = self._spawn()
            if self._comes_up(self._process):
                return
            if time.monotonic() > refused_until:
                raise EmbeddedPostgresError(reason=self._end_of_log())
            time.sleep(0.2)

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = {**self._settings, "unix_socket_directories": str(self._sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self._data), *options]
        with self._open_log() as log:
            # SIGQUIT ends at once and in bounded time, and removes socket and
            # pid file; a session of its own keeps the terminal's Ctrl-C away.
            return subprocess.Popen(  # noqa: S603 - the wheel's own program
                tied(command, signal.SIGQUIT, self._account),
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _comes_up(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait for an answer while the process lives; a dead one is retried."""
        deadline = time.monotonic() + _RECOVERY
        while process.poll() is None:
            if self._serving_pid() == process.pid and self._answers():
                return True
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(reason=self._end_of_log())
            time.sleep(_PAUSE)
        return False

    def _serving_pid(self) -> int | None:
        """Whose the data is: a server on its way out may still answer for a moment."""
        try:
            return int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def _answers(self) -> bool:
        try:
            connection = psycopg2.connect(
                host=str(self._sockets),
                port=_PORT,
                user=SUPERUSER,
                dbname="postgres",
                connect_timeout=5,
            )
        except psycopg2.OperationalError:
            return False
        connection.close()
        return True

    def _open_log(self) -> IO[bytes]:
        path = self.directory / "server.log"
        full = path.exists() and path.stat().st_size > _LARGEST_LOG
        return path.open("wb" if full else "ab")

    def _end_of_log(self) -> str:
        lines = (self.directory / "server.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-5:])


def _environment() -> dict[str, str]:
    """The caller's environment less PG*, which would override our settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown, then immediate, then by force."""
    for number, patience in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 6.0)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    process.wait()
