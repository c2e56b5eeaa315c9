"""The product as in production: processes of its own, sockets, a durable database."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import requests
from pydantic import SecretStr

from bench.crew import ROOT
from infrastructure.embedded_postgres import (
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgres,
    prepare_database,
    prepare_roles,
)
from infrastructure.lifeline import tied
from infrastructure.migrations import upgrade
from infrastructure.process_tree import free_port
from interface.cli.processes import open_household
from interface.demo_secrets import demo_secrets
from interface.household import Household
from interface.settings import Settings, in_demo

# What a killed run leaves on disk is swept by the next `bench.log`, which knows the name.
_PREFIX = "jiawu-bench-"
_DATABASE = "jiawu"
# The product's own are the same; here they are said, as they are what is measured.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_FIRST_PORT = 18_000
_FLOORS = "bench.notices.floors"
_PROGRAM = "import sys; from interface.cli import main; sys.exit(main())"
# In this order, as `jiawu run` starts them.
_PROCESSES = ("simulators", "feed", "worker", "web")
_PATIENCE_SECONDS = 900.0
_LOOK_EVERY_SECONDS = 0.1
_STOPS_WITHIN_SECONDS = 15.0
_INHERITED = ("PATH", "HOME", "LANG")


@dataclass(frozen=True)
class Installation:
    """The running product, its household in this process, and the floors beside it.

    `processes` are the ids of all that takes part, this one as "client".
    """

    house: Household
    processes: Mapping[str, int]
    web_port: int
    floors_port: int


@contextmanager
def installation() -> Iterator[Installation]:
    """Everything started and ready; gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    directory.chmod(0o711)
    try:
        with EmbeddedPostgres(directory / "postgres", DURABLE) as server:
            yield from _installed(directory, server)
    finally:
        shutil.rmtree(directory)


def _installed(directory: Path, server: EmbeddedPostgres) -> Iterator[Installation]:
    settings, floors = _settings(directory, _migrated(server)), free_port(_FIRST_PORT + 300)
    with ExitStack() as stack:
        house = stack.enter_context(open_household(settings))
        house.feed.install()
        house.deadlines.install()
        processes = {"client": os.getpid(), "postgres": server.pid or 0}
        commands = {
            **{name: ["-c", _PROGRAM, "--env-file", os.devnull, name] for name in _PROCESSES},
            "floors": ["-m", _FLOORS, str(floors), server.url(_DATABASE, OWNER_ROLE)],
        }
        for name, command in commands.items():
            started = _process(directory / f"{name}.log", command, _environment(settings))
            processes[name] = stack.enter_context(started)
        for port in (settings.simulator_pay_port, floors, settings.port):
            until(partial(_listens, port))
        yield Installation(house, processes, settings.port, floors)


def _migrated(server: EmbeddedPostgres) -> str:
    prepare_roles(server.url())
    prepare_database(server.url(), _DATABASE)
    upgrade(server.url(_DATABASE, OWNER_ROLE), APPLICATION_ROLE)
    return server.url(_DATABASE, APPLICATION_ROLE)


def _settings(directory: Path, url: str) -> Settings:
    plain = Settings(
        demo=True,
        state_directory=directory / "state",
        database_url=SecretStr(url),
        port=free_port(_FIRST_PORT),
        simulator_pay_port=free_port(_FIRST_PORT + 100),
        simulator_account_port=free_port(_FIRST_PORT + 200),
    )
    return in_demo(plain, demo_secrets(plain.state_directory))


def _environment(settings: Settings) -> dict[str, str]:
    url = settings.database_url
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": url.get_secret_value() if url else "",
        "JIAWU_DEMO": "1",
        "JIAWU_STATE_DIRECTORY": str(settings.state_directory),
        "JIAWU_PORT": str(settings.port),
        "JIAWU_SIMULATOR_PAY_PORT": str(settings.simulator_pay_port),
        "JIAWU_SIMULATOR_ACCOUNT_PORT": str(settings.simulator_account_port),
    }


@contextmanager
def _process(log: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[int]:
    """A Python process of ours, its id; its lines go into a file, as reading them takes time."""
    with log.open("wb") as lines:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            tied([sys.executable, *arguments], signal.SIGKILL),
            cwd=log.parent,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process.pid
        _check_alive(process, log)
    except BaseException:
        print(f"--- {log.name}\n{log.read_text(errors='replace')[-2000:]}", file=sys.stderr)
        raise
    finally:
        _stop(process)


def _check_alive(process: subprocess.Popen[bytes], log: Path) -> None:
    if process.poll() is not None:
        message = f"{log.stem} ended with {process.returncode}"
        raise RuntimeError(message)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOPS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    """Whatever it answers: it is there."""
    try:
        requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
    except requests.RequestException:
        return False
    return True


def until(holds: Callable[[], bool]) -> float:
    """Wait until it holds; returns the seconds that took."""
    began = time.perf_counter()
    while not holds():
        if time.perf_counter() - began > _PATIENCE_SECONDS:
            raise TimeoutError
        time.sleep(_LOOK_EVERY_SECONDS)
    return time.perf_counter() - began
