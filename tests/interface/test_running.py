"""`jiawu` as real processes: starting, stopping, killing, and refusing what cannot work."""

import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import psutil
import pytest
import requests

from domain.capacity import MOST_SEATS
from infrastructure.clock import SystemClock
from interface.cli.demo_data import PASSWORD
from tests.conftest import Database
from tests.interface.installation import Installation, Running, installation, living, wait_until
from tests.interface.town import (
    DISTRICT,
    Caller,
    Json,
    Town,
    logged_in,
    secrets_of_both_ends,
    tomorrow,
    wish_at,
)

DEMO_DATA = "数据库中有演示数据"


@pytest.fixture(scope="module")
def installed() -> Iterator[Installation]:
    with installation() as empty:
        yield empty


@pytest.fixture
def unset(installed: Installation) -> Installation:
    """Neither a demo nor configured."""
    return installed.with_variables({"JIAWU_DEMO": "0"})


def answers(url: str) -> bool:
    return requests.get(url, timeout=5).ok


def assert_nothing_is_left(tree: list[psutil.Process], started: Installation) -> None:
    assert not any(living(each) for each in tree)
    state = started.environment["JIAWU_STATE_DIRECTORY"]
    assert not any(state in " ".join(_command_line(each)) for each in psutil.process_iter())


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


def test_a_first_start_tells_addresses_once_everything_answers(installed: Installation) -> None:
    with installed.running() as run:
        told = run.said.partition("家务已启动：")[2].split()
        addresses = [word for word in told if word.startswith("http://")]
        assert len(addresses) == 6
        assert all(answers(url) for url in addresses)
        assert answers(f"{run.url}/healthz")
        for login_name in ("demo-dispatcher", "demo-finance", "demo-administrator"):
            account = next(line for line in run.lines if f"{login_name} / " in line)
            password = account.split(" / ")[1].split("（")[0]
            body = {"login_name": login_name, "password": password}
            assert Caller(run.url).post("/api/v1/staff/sessions", body).status_code == 201

        doctor = installed.command("doctor")
        assert (doctor.returncode, "✗" in doctor.stdout) == (0, False), doctor.stdout
        assert_a_second_start_is_refused(installed, run)

        tree = run.tree()
        assert run.stop(signal.SIGTERM) == 0
        assert_nothing_is_left(tree, installed)


def assert_a_second_start_is_refused(installed: Installation, run: Running) -> None:
    second = installed.command("run")
    assert second.returncode == 2
    assert second.stderr.startswith("家务已在运行：状态目录 ")
    assert "Traceback" not in second.stderr
    assert answers(f"{run.url}/readyz")


def test_without_processes_the_doctor_finds_what_is_missing(installed: Installation) -> None:
    doctor = installed.command("doctor")
    assert doctor.returncode == 1
    assert any(line.startswith("✗ 微信支付") for line in doctor.stdout.splitlines())
    *findings, summary = doctor.stdout.splitlines()
    assert {line[0] for line in findings} == {"✓", "✗"}
    assert summary.endswith("1 项需要处理。")


def test_a_taken_port_is_replaced_and_ctrl_c_stops_everything(installed: Installation) -> None:
    """The file named by --env-file reaches every process."""
    env_file = installed.directory / "other.env"
    env_file.write_text("JIAWU_PUBLIC_BASE_URL=http://localhost:1\n")
    wanted = int(installed.environment["JIAWU_PORT"])
    with (
        socket.create_server(("127.0.0.1", wanted)),
        installed.running("--env-file", str(env_file)) as run,
    ):
        assert run.url == "http://localhost:1"
        served = next(line for line in run.lines if line.startswith("web") and "running on" in line)
        address = served.split(" running on ")[1].split()[0]
        assert urlsplit(address).port != wanted
        begun = Caller(address).get("/api/v1/wechat/login")
        asked = parse_qs(urlsplit(begun.headers["location"]).query)
        assert asked["redirect_uri"] == ["http://localhost:1/callbacks/wechat-login"]
        tree = run.tree()
        assert run.stop(signal.SIGINT) == 0
        assert_nothing_is_left(tree, installed)


# -- kill -9


@dataclass
class Bookings:
    """What customers did and what they were told before the lights went out."""

    acknowledged: dict[str, Caller] = field(default_factory=dict)
    unknown: list[tuple[Caller, str, Json]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def book_until_nobody_answers(self, url: str, account_url: str) -> None:
        while True:
            try:
                customer = logged_in(url, account_url, f"o{uuid4().hex}")
            except requests.RequestException:
                return
            if not self._book(customer, str(uuid4()), wish_at(tomorrow(SystemClock().now()))):
                return

    def _book(self, customer: Caller, key: str, wish: Json) -> bool:
        try:
            answer = customer.post("/api/v1/orders", wish, key=key)
        except requests.RequestException:
            with self.lock:
                self.unknown.append((customer, key, wish))
            return False
        assert answer.status_code == 201, answer.text
        with self.lock:
            self.acknowledged[answer.json()["order_id"]] = customer
        return True


def open_seats_of_tomorrow(url: str) -> None:
    """As many as there may be: what is proved here is not that a slot is full some day."""
    office = Caller(url)
    body = {"login_name": "demo-dispatcher", "password": PASSWORD}
    assert office.post("/api/v1/staff/sessions", body).status_code == 201
    day = tomorrow(SystemClock().now()).date().isoformat()
    hours = {"starts": "00:00", "ends": "00:00", "seats": MOST_SEATS}
    office.do(
        "/api/v1/office/seats", {"pool": "cleaning", "district": DISTRICT, "day": day, **hours}
    )


def test_no_acknowledged_order_is_lost_when_everything_is_killed(
    installed: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    bookings = Bookings()
    began = time.monotonic()
    with installed.running() as run, ThreadPoolExecutor(4) as pool:
        usual = time.monotonic() - began
        open_seats_of_tomorrow(run.url)
        going_on = [
            pool.submit(bookings.book_until_nobody_answers, run.url, installed.account_url)
            for _ in range(4)
        ]
        wait_until(lambda: len(bookings.acknowledged) >= 40)
        run.kill()
        for each in going_on:
            each.result()

    began = time.monotonic()
    with installed.running() as run:
        seconds = time.monotonic() - began
        with capsys.disabled():
            sys.stdout.write(f"\nready {seconds:.1f} s after kill -9, else {usual:.1f} s ")
        assert seconds < 2 * usual
        assert_each_is_there_once(bookings)
        tree = run.tree()
        assert run.stop(signal.SIGTERM) == 0
        assert_nothing_is_left(tree, installed)


def assert_each_is_there_once(bookings: Bookings) -> None:
    """Every acknowledged order, and every repeated one whose answer was lost."""
    for customer, key, wish in bookings.unknown:
        answer = customer.post("/api/v1/orders", wish, key=key)
        assert answer.status_code == 201, answer.text
        bookings.acknowledged[answer.json()["order_id"]] = customer
    numbers = set()
    for order_id, customer in bookings.acknowledged.items():
        shown = customer.read(f"/api/v1/orders/{order_id}")
        assert [each["order_id"] for each in customer.read("/api/v1/orders")["orders"]] == [
            order_id
        ]
        numbers.add(shown["order_number"])
    assert len(numbers) == len(bookings.acknowledged)


# -- what cannot work is told in one sentence


def assert_refused(answer: Json, *words: str) -> None:
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert "Traceback" not in answer.stderr + answer.stdout
    told = answer.stderr.strip().splitlines()[-1]
    assert any("\u4e00" <= character <= "\u9fff" for character in told)
    assert all(word in told for word in words), told


@pytest.mark.parametrize("command", ["run", "web", "feed", "worker"])
def test_a_missing_configuration_is_named(unset: Installation, command: str) -> None:
    assert_refused(unset.command(command), "JIAWU_WECHAT_APPID", "JIAWU_VAULT_WRAPPING_KEY")


def test_a_migration_without_addresses_is_refused(unset: Installation) -> None:
    assert_refused(unset.command("migrate"), "DATABASE_OWNER_URL")


def test_simulators_are_for_demos_only(unset: Installation) -> None:
    assert_refused(unset.command("simulators"), "JIAWU_DEMO=1")


def test_a_malformed_variable_is_named(installed: Installation) -> None:
    bad = installed.with_variables({"JIAWU_PORT": "eighty"})
    assert_refused(bad.command("run"), "配置有误")


def test_an_unknown_log_level_is_named(installed: Installation) -> None:
    loud = installed.with_variables({"JIAWU_LOG_LEVEL": "loud"})
    assert_refused(loud.command("doctor"), "JIAWU_LOG_LEVEL")


def test_the_doctor_knows_the_log_level(installed: Installation) -> None:
    told = installed.with_variables({"JIAWU_LOG_LEVEL": "warning"}).command("doctor")
    assert "无法识别" not in told.stdout


def test_a_demo_with_a_real_merchant_is_refused(installed: Installation) -> None:
    real = installed.with_variables({"JIAWU_PAY_MCHID": "1234567890"})
    assert_refused(real.command("run"), "演示模式不能与真实的微信密钥或商户号同时使用")


def test_the_doctor_lists_what_a_real_installation_lacks(unset: Installation) -> None:
    doctor = unset.command("doctor")
    assert doctor.returncode == 1
    assert "✗ 配置" in doctor.stdout


def real_configuration(database: Database) -> dict[str, str]:
    secrets = secrets_of_both_ends()
    return {
        "JIAWU_DEMO": "0",
        "DATABASE_URL": database.application_url,
        "DATABASE_OWNER_URL": database.owner_url,
        "JIAWU_PUBLIC_BASE_URL": "https://jiawu.example",
        "JIAWU_WECHAT_APPID": "wx1234567890abcdef",
        "JIAWU_WECHAT_SECRET": secrets.wechat_secret,
        "JIAWU_PAY_MCHID": "1234567890",
        "JIAWU_PAY_SERIAL": secrets.merchant_serial,
        "JIAWU_PAY_PRIVATE_KEY": secrets.merchant_private_key,
        "JIAWU_PAY_APIV3_KEY": secrets.apiv3_key,
        "JIAWU_PAY_PLATFORM_KEYS": json.dumps(
            {secrets.platform_key_id: secrets.platform_public_key}
        ),
        "JIAWU_VAULT_WRAPPING_KEY": secrets.vault_wrapping_key,
        "JIAWU_VAULT_DIGEST_KEY": secrets.vault_digest_key,
        "JIAWU_COMMAND_MAC_KEY": secrets.command_mac_key,
    }


@pytest.mark.parametrize("command", ["run", "web", "feed", "worker"])
def test_demo_data_never_meets_a_real_merchant(
    installed: Installation, town: Town, module_database: Database, command: str
) -> None:
    assert town.position() > 0  # the demo's accounts and workers
    real = installed.with_variables(real_configuration(module_database))
    assert_refused(real.command(command), DEMO_DATA)


def test_migrating_twice_is_migrating_once(
    installed: Installation, empty_database: Database
) -> None:
    real = installed.with_variables(real_configuration(empty_database))
    first, second = real.command("migrate"), real.command("migrate")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "Running upgrade" in first.stderr
    assert "Running upgrade" not in second.stderr


def test_a_real_installation_without_demo_data_starts(
    installed: Installation, empty_database: Database
) -> None:
    port = installed.environment["JIAWU_PORT"]
    real = installed.with_variables(real_configuration(empty_database))
    with real.running() as run:
        assert run.url == "https://jiawu.example"
        assert answers(f"http://127.0.0.1:{port}/readyz")
        assert "demo" not in run.said
        assert "simulators" not in run.said
        assert run.stop(signal.SIGTERM) == 0
