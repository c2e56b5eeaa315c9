"""`jiawu run`: the whole product in one process tree."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from infrastructure.embedded_postgres import (
    APPLICATION_ROLE,
    OWNER_ROLE,
    EmbeddedPostgres,
    prepare_database,
    prepare_roles,
)
from infrastructure.migrations import upgrade
from infrastructure.process_tree import ChildCommand, Supervisor, free_port
from interface.cli.demo_data import LOGINS, PASSWORD, seed
from interface.cli.migrating import migrate
from interface.demo_secrets import demo_secrets
from interface.household import build
from interface.settings import Settings, in_demo

_DATABASE: Final = "jiawu"


def run(settings: Settings) -> int:
    """Start everything and watch it until SIGINT or SIGTERM; returns the exit code.

    Without DATABASE_URL the embedded server keeps its data in the state
    directory. A port that is taken is replaced by the next free one.
    """
    settings = _with_free_ports(settings)
    with _database(settings) as (settings, server):
        _prepare(settings)
        supervisor = Supervisor(upkeep=server.ensure_running if server else _nothing)
        environment = _environment(settings)
        for name in _children(settings):
            supervisor.start(_child(name, environment))
        _tell(settings)
        return supervisor.run()


def _nothing() -> None:
    """Somebody else keeps the database up."""


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
    house = build(settings)
    try:
        house.feed.install()
        if settings.demo:
            seed(house)
    finally:
        house.close()


def _children(settings: Settings) -> tuple[str, ...]:
    simulated = ("simulators",) if settings.demo else ()
    return (*simulated, "feed", "worker", "web")


def _child(name: str, environment: Mapping[str, str]) -> ChildCommand:
    program = "import sys; from interface.cli import main; sys.exit(main())"
    return ChildCommand(name, (sys.executable, "-c", program, name), environment)


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


def _tell(settings: Settings) -> None:
    base = settings.base_url
    lines = [f"家务已启动：{base}", f"  接口文档  {base}/api/docs", f"  就绪状态  {base}/readyz"]
    if settings.demo:
        lines += [
            f"  顾客登录  {base}/api/v1/wechat/login",
            f"  模拟支付  {settings.pay_base_url}/_sim/books",
            f"  模拟公众号  {settings.wechat_open_base_url}/_sim/users",
            *(f"  后台账号  {name} / {PASSWORD}（{shown}）" for name, (shown, _) in LOGINS.items()),
        ]
    sys.stdout.write("\n".join(lines) + "\n按 Ctrl-C 停止。\n")
    sys.stdout.flush()
