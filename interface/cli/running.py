"""`jiawu run`: the whole product in one process tree."""

import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import ClassVar, Final

from pydantic import SecretStr

from domain.errors import RuleViolationError
from infrastructure.embedded_postgres import (
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgres,
    prepare_database,
    prepare_roles,
)
from infrastructure.migrations import upgrade
from infrastructure.process_tree import ChildCommand, Supervisor, free_port
from interface.cli.announcing import announcing
from interface.cli.demo_data import seed
from interface.cli.migrating import migrate
from interface.cli.processes import check_complete, open_household
from interface.demo_secrets import demo_secrets
from interface.settings import Settings, in_demo

_DATABASE: Final = "jiawu"
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class AlreadyRunningError(RuleViolationError):
    """Another `jiawu run` has the state directory; nothing was started.

    A second one would mix up two simulators' books over one log.
    """

    code: ClassVar[str] = "already_running"
    sentence: ClassVar[str] = "家务已在运行：状态目录 {directory} 正被使用，请先停止它。"


def run(settings: Settings, env_file: Path = Path(".env")) -> int:
    """Start everything and watch it until SIGINT or SIGTERM; returns the exit code.

    The processes read `env_file` again; what was decided here wins over it.
    Without DATABASE_URL the embedded server keeps its data in the state
    directory. A port that is taken is replaced by the next free one. Raises
    AlreadyRunningError, and SettingsError before anything is started.
    """
    check_complete(settings, "DATABASE_URL")
    _on_signals(_leave)
    with _alone(settings.state_directory):
        settings = _with_free_ports(settings)
        with _database(settings) as (settings, server):
            _prepare(settings)
            return _watch(settings, server, env_file)


def _watch(settings: Settings, server: EmbeddedPostgres | None, env_file: Path) -> int:
    supervisor = Supervisor(upkeep=server.ensure_running if server else _nothing)
    environment = _environment(settings)
    try:
        for name in _children(settings):
            supervisor.start(_child(name, env_file, environment))
        with announcing(settings):
            return supervisor.run()
    finally:
        supervisor.stop()
        _on_signals(signal.SIG_IGN)  # a second Ctrl-C must not cut the database's end short


def _nothing() -> None:
    """Somebody else keeps the database up."""


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Before all processes run: unwind what was begun."""
    sys.exit(0)


def _on_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in _STOP_SIGNALS:
        signal.signal(number, handler)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the state directory; the kernel lets it go when this process ends in any way."""
    directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    with (directory / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(directory=directory) from None
        yield


def _with_free_ports(settings: Settings) -> Settings:
    port = free_port(settings.port)
    pay = free_port(settings.simulator_pay_port, taken=frozenset({port}))
    account = free_port(settings.simulator_account_port, taken=frozenset({port, pay}))
    ports = {"port": port, "simulator_pay_port": pay, "simulator_account_port": account}
    settings = settings.model_copy(update=ports)
    return in_demo(settings, demo_secrets(settings.state_directory)) if settings.demo else settings


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[Settings, EmbeddedPostgres | None]]:
    if settings.database_url is not None:
        migrate(settings)
        yield settings, None
        return
    with EmbeddedPostgres((settings.state_directory / "postgres").resolve()) as server:
        prepare_roles(server.url())
        prepare_database(server.url(), _DATABASE)
        upgrade(server.url(_DATABASE, OWNER_ROLE), APPLICATION_ROLE)
        url = SecretStr(server.url(_DATABASE, APPLICATION_ROLE))
        yield settings.model_copy(update={"database_url": url}), server


def _prepare(settings: Settings) -> None:
    """Projections' tables and, in a demo, its data, before anybody serves."""
    with open_household(settings) as house:
        house.feed.install()
        house.deadlines.install()
        if settings.demo:
            seed(house)


def _children(settings: Settings) -> tuple[str, ...]:
    simulated = ("simulators",) if settings.demo else ()
    return (*simulated, "feed", "worker", "web")


def _child(name: str, env_file: Path, environment: Mapping[str, str]) -> ChildCommand:
    program = "import sys; from interface.cli import main; sys.exit(main())"
    arguments = ("--env-file", str(env_file), name)
    return ChildCommand(name, (sys.executable, "-c", program, *arguments), environment)


def _environment(settings: Settings) -> dict[str, str]:
    url = settings.database_url
    return {
        "DATABASE_URL": url.get_secret_value() if url else "",
        "JIAWU_DEMO": "1" if settings.demo else "0",
        "JIAWU_PORT": str(settings.port),
        "JIAWU_SIMULATOR_PAY_PORT": str(settings.simulator_pay_port),
        "JIAWU_SIMULATOR_ACCOUNT_PORT": str(settings.simulator_account_port),
        "JIAWU_STATE_DIRECTORY": str(settings.state_directory.resolve()),
        "PYTHONPATH": os.pathsep.join(
            (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", ""))
        ),
    }
