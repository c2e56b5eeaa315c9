"""The account's client against the simulator, over sockets, with tokens in PostgreSQL."""

import logging
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import requests
from sqlalchemy import Engine, text

from application.wechat_login import WeChatUnavailableError
from infrastructure.clock import SettableClock
from infrastructure.event_log.factory import log_engine
from infrastructure.simulators.official_account import SimulatorSettings, create_app
from infrastructure.wechat.official_account.client import OfficialAccountClient
from infrastructure.wechat.official_account.settings import OfficialAccountSettings
from infrastructure.wechat.official_account.tokens import PostgresTokens
from tests.conftest import Database
from tests.loopback import Stage, stage

APPID = "wx0123456789abcdef"
SECRET = "simulated-secret"
STABLE = "/cgi-bin/stable_token"
TICKET = "/cgi-bin/ticket/getticket"


def changed(settings: OfficialAccountSettings, **changes: str | float) -> OfficialAccountSettings:
    made: OfficialAccountSettings = replace(settings, **changes)  # type: ignore[arg-type] # by name
    return made


@dataclass
class Account:
    """The simulator, and what stands on our side of the line."""

    url: str
    clock: SettableClock
    database: Database
    settings: OfficialAccountSettings
    engines: list[Engine] = field(default_factory=list)

    def client(self, **changes: str | float) -> OfficialAccountClient:
        """As another process has it: with connections of its own."""
        engine = log_engine(self.database.application_url)
        self.engines.append(engine)
        return OfficialAccountClient(changed(self.settings, **changes), self.tokens(engine))

    def tokens(self, engine: Engine, wait_seconds: float = 10) -> PostgresTokens:
        return PostgresTokens(engine, self.clock, wait_seconds)

    def turn(self, **switches: bool) -> None:
        self.tell("/_sim/switches", switches)

    def fail_next(self, path: str, **fault: object) -> None:
        self.tell("/_sim/fail_next", {"path_contains": path, **fault})

    def tell(self, path: str, body: object) -> None:
        assert requests.post(self.url + path, json=body, timeout=5).ok

    def calls(self, path: str) -> int:
        told = requests.get(f"{self.url}/_sim/counters", timeout=5).json()["calls"]
        return int(told.get(path, {"total": 0})["total"])

    def rotate(self) -> str:
        """Somebody else forces a new token, which ends ours at once."""
        body = {
            "grant_type": "client_credential",
            "appid": APPID,
            "secret": SECRET,
            "force_refresh": True,
        }
        answer = requests.post(self.url + STABLE, json=body, timeout=5)
        return str(answer.json()["access_token"])

    def row(self, kind: str) -> tuple[str, datetime, int]:
        query = text("select value, expires_at, generation from wechat.tokens where kind = :kind")
        with self.engines[0].connect() as connection:
            row = connection.execute(query, {"kind": kind}).one()
        return row.value, row.expires_at, row.generation

    def spoil(self, value: str) -> None:
        """Put a token into the store that WeChat never gave."""
        statement = text("update wechat.tokens set value = :value where kind = 'access_token'")
        with self.engines[0].begin() as connection:
            connection.execute(statement, {"value": value})


@pytest.fixture(scope="module")
def running_stage() -> Iterator[Stage]:
    with stage() as running:
        yield running


@pytest.fixture
def account(running_stage: Stage, database: Database) -> Iterator[Account]:
    clock = SettableClock(datetime(2026, 11, 22, 2, 0, tzinfo=UTC))
    running_stage.play = create_app(SimulatorSettings(APPID, SECRET), clock)
    url = running_stage.url
    made = Account(url, clock, database, OfficialAccountSettings(APPID, SECRET, url, url))
    yield made
    for engine in made.engines:
        engine.dispose()


def ask(client: OfficialAccountClient) -> str:
    """One call that needs the access token."""
    return client.ask(lambda w: w.jsapi.get_ticket(), lambda answer: str(answer["ticket"]))


def refusal_of(client: OfficialAccountClient) -> object:
    with pytest.raises(WeChatUnavailableError) as refused:
        ask(client)
    assert refused.value.__context__ is None
    return refused.value.facts["reason"]


def asked_together(clients: list[OfficialAccountClient]) -> list[str]:
    """What 32 threads are told that begin at the same moment."""
    together = Barrier(32)

    def call(number: int) -> str:
        together.wait(timeout=30)
        return ask(clients[number % len(clients)])

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(call, range(32)))


def test_thirty_two_threads_of_four_processes_fetch_one_token(account: Account) -> None:
    tickets = asked_together([account.client() for _ in range(4)])

    assert len(set(tickets)) == 1
    assert account.calls(STABLE) == 1
    assert account.calls(TICKET) == 32


def test_thirty_two_threads_of_four_processes_replace_an_ended_token_once(
    account: Account,
) -> None:
    clients = [account.client() for _ in range(4)]
    ask(clients[0])
    account.clock.advance(timedelta(seconds=7200))
    # The row is there already, so only its lock can keep the others waiting all that time.
    account.fail_next(STABLE, latency_seconds=0.5)

    tickets = asked_together(clients)

    assert len(set(tickets)) == 1
    assert account.calls(STABLE) == 2
    assert account.row("access_token")[2] == 2


def test_many_threads_fetch_one_ticket(account: Account) -> None:
    clients = [account.client() for _ in range(4)]

    with ThreadPoolExecutor(32) as pool:
        tickets = set(pool.map(lambda n: clients[n % 4].jsapi_ticket(), range(64)))

    assert len(tickets) == 1
    assert (account.calls(STABLE), account.calls(TICKET)) == (1, 1)


def test_a_token_is_used_until_240_seconds_before_its_end(account: Account) -> None:
    client = account.client()
    ask(client)
    assert account.row("access_token")[1:] == (account.clock.now() + timedelta(seconds=6960), 1)

    account.clock.advance(timedelta(seconds=6960, microseconds=-1))
    ask(client)
    assert account.calls(STABLE) == 1

    account.clock.advance(timedelta(microseconds=1))
    ask(client)
    assert account.calls(STABLE) == 2
    assert account.row("access_token")[2] == 2


def test_a_token_that_was_replaced_elsewhere_is_fetched_once_more(account: Account) -> None:
    client = account.client()
    ask(client)
    rotated = account.rotate()
    before = account.calls(STABLE)

    assert ask(client)

    assert account.row("access_token")[0] == rotated
    assert account.calls(STABLE) == before + 1
    assert account.calls(TICKET) == 3


@pytest.mark.parametrize("stale", ["short", "x" * 512])
def test_an_illegal_or_unknown_token_in_the_store_is_replaced(account: Account, stale: str) -> None:
    client = account.client()
    ask(client)
    account.spoil(stale)

    assert ask(client)
    assert account.row("access_token")[0] != stale


def test_a_persistent_refusal_is_tried_twice_and_no_more(account: Account) -> None:
    client = account.client()
    ask(client)
    account.turn(token_refused=True)
    before = account.calls(STABLE), account.calls(TICKET)

    assert refusal_of(client) == "40001"

    assert account.calls(STABLE) == before[0] + 1
    assert account.calls(TICKET) == before[1] + 2


def test_a_token_fetched_just_now_is_not_replaced_when_it_is_refused(account: Account) -> None:
    client = account.client()
    account.turn(token_refused=True)

    assert refusal_of(client) == "40001"
    assert (account.calls(STABLE), account.calls(TICKET)) == (1, 1)


def test_a_refused_token_is_forgotten_only_if_no_other_took_its_place(account: Account) -> None:
    client = account.client()
    ask(client)
    good = account.row("access_token")[0]

    account.tokens(account.engines[0]).drop(APPID, "access_token", "an older one")

    assert account.row("access_token")[0] == good
    account.tokens(account.engines[0]).drop(APPID, "access_token", good)
    assert account.row("access_token")[0] == ""


def test_many_threads_with_one_refused_token_fetch_one_other(account: Account) -> None:
    clients = [account.client() for _ in range(4)]
    ask(clients[0])
    account.rotate()
    before = account.calls(STABLE)

    with ThreadPoolExecutor(16) as pool:
        tickets = list(pool.map(lambda n: ask(clients[n % 4]), range(32)))

    assert all(tickets)
    assert account.calls(STABLE) == before + 1


@pytest.mark.parametrize(
    ("switch", "reason"), [("ip_refused", "40164"), ("secret_frozen", "40243")]
)
def test_a_refusal_of_the_account_itself_is_told_by_its_code(
    account: Account, switch: str, reason: str
) -> None:
    client = account.client()
    account.turn(**{switch: True})

    assert refusal_of(client) == reason
    assert account.calls(STABLE) == 1


@pytest.mark.parametrize(
    ("changes", "reason"), [({"secret": "wrong"}, "40125"), ({"appid": "wx_other"}, "40013")]
)
def test_wrong_credentials_are_told_by_their_code(
    account: Account, changes: dict[str, str], reason: str
) -> None:
    assert refusal_of(account.client(**changes)) == reason
    assert account.calls(STABLE) == 1


@pytest.mark.parametrize(("period", "reason"), [("per_day", "45009"), ("per_minute", "45011")])
def test_a_used_up_quota_is_told_and_costs_one_call(
    account: Account, period: str, reason: str
) -> None:
    client = account.client()
    account.tell("/_sim/quotas", {"path": STABLE, period: 0})

    assert refusal_of(client) == reason
    assert account.calls(STABLE) == 1


@pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"status": 502}, {"errcode": -1}, {"lose_response": True}],
    ids=str,
)
@pytest.mark.parametrize("path", [STABLE, TICKET])
def test_after_a_failure_of_the_line_the_next_call_works(
    account: Account, path: str, fault: dict[str, object]
) -> None:
    client = account.client()
    account.fail_next(path, **fault)

    refusal_of(client)

    assert ask(client)


def test_a_server_that_answers_too_late_is_given_up(account: Account) -> None:
    client = account.client(read_timeout_seconds=0.1)
    account.fail_next(STABLE, latency_seconds=1)

    assert refusal_of(client) == "ReadTimeout"


def test_who_waits_too_long_for_anothers_fetch_is_told(account: Account) -> None:
    client = account.client()
    ask(client)
    account.spoil("")
    engine = account.engines[0]
    impatient = OfficialAccountClient(account.settings, account.tokens(engine, wait_seconds=0.05))

    with closing(engine.connect()) as other:
        other.execute(text("select 1 from wechat.tokens for update"))
        assert refusal_of(impatient) == "TokenBusy"
        other.rollback()

    assert ask(impatient)


def ours(record: logging.LogRecord) -> bool:
    """The simulator's server runs in this process too, and may log what it is asked."""
    return not record.name.startswith("uvicorn")


def test_secret_and_token_are_in_no_log_repr_or_traceback(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = account.client()
    ask(client)
    token = account.row("access_token")[0]
    account.turn(token_refused=True)

    with pytest.raises(WeChatUnavailableError) as refused:
        ask(client)
    account.turn(secret_frozen=True)
    account.spoil("")
    with pytest.raises(WeChatUnavailableError) as frozen:
        ask(client)

    told = "".join(
        [
            *(record.getMessage() for record in caplog.records if ours(record)),
            repr(client),
            repr(account.settings),
            repr(client.__dict__),
            *traceback.format_exception(refused.value),
            *traceback.format_exception(frozen.value),
        ]
    )
    assert SECRET not in told
    assert token not in told
    assert "errcode 40001, rid " in told
