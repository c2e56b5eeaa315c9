"""The product as in production: processes of its own, sockets, a durable database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
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
from interface.demo_secrets import demo_secrets
from interface.settings import Settings, in_demo

# The product's own are the same; here they are said, as they are what is measured.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FIRST_PORT = 18_000
_PROGRAM = "import sys; from interface.cli import main; sys.exit(main())"
_PATIENCE_SECONDS = 900.0
_LOOK_EVERY_SECONDS = 0.1
_STOPS_WITHIN_SECONDS = 15.0
_INHERITED = ("PATH", "HOME", "LANG")


def migrated(server: EmbeddedPostgres, database: str) -> str:
    """A database with the product's schema; its address for the application role."""
    prepare_roles(server.url())
    prepare_database(server.url(), database)
    upgrade(server.url(database, OWNER_ROLE), APPLICATION_ROLE)
    return server.url(database, APPLICATION_ROLE)


def demo_settings(directory: Path, url: str) -> Settings:
    """A demo's settings on free ports, its secrets in the directory."""
    plain = Settings(
        demo=True,
        state_directory=directory / "state",
        database_url=SecretStr(url),
        port=free_port(FIRST_PORT),
        simulator_pay_port=free_port(FIRST_PORT + 100),
        simulator_account_port=free_port(FIRST_PORT + 200),
    )
    return in_demo(plain, demo_secrets(plain.state_directory))


def product(*names: str) -> dict[str, Sequence[str]]:
    """Arguments to Python by the name of the product's process, as `jiawu run` starts them."""
    return {name: ["-c", _PROGRAM, "--env-file", os.devnull, name] for name in names}


@contextmanager
def running(
    directory: Path, settings: Settings, commands: Mapping[str, Sequence[str]]
) -> Iterator[dict[str, int]]:
    """Python processes of ours, started in this order; their ids by name."""
    environment = _environment(settings)
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(_process(directory / f"{name}.log", command, environment))
            for name, command in commands.items()
        }


def wait_for(*ports: int) -> None:
    """Until each is served."""
    for port in ports:
        until(partial(_listens, port))


def until(holds: Callable[[], bool]) -> float:
    """Wait until it holds; returns the seconds that took."""
    began = time.perf_counter()
    while not holds():
        if time.perf_counter() - began > _PATIENCE_SECONDS:
            raise TimeoutError
        time.sleep(_LOOK_EVERY_SECONDS)
    return time.perf_counter() - began


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
        # All come from one address and ask more often than people do.
        "JIAWU_RATE_LIMITS": "0",
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
