"""The simulated account's own tokens, quotas, switches and failures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from infrastructure.clock import SettableClock
from infrastructure.simulators.official_account import SimulatorSettings, create_app
from infrastructure.simulators.official_account.quotas import Quotas
from infrastructure.simulators.official_account.refusals import RefusalError
from tests.loopback import Stage, stage

APPID = "wx0123456789abcdef"
SECRET = "simulated-secret"
CALLBACK = "http://127.0.0.1/callback?from=menu"
NEW_USER = "oSimNewUser00000000000000001"
CREDENTIALS = {"appid": APPID, "secret": SECRET, "grant_type": "client_credential"}
TOKEN = "/cgi-bin/token"
STABLE = "/cgi-bin/stable_token"
TICKET = "/cgi-bin/ticket/getticket"
Json: TypeAlias = Any  # whatever a document holds; tests look into it


@dataclass(frozen=True)
class Simulator:
    url: str
    clock: SettableClock

    def get(self, path: str, **parameters: str) -> Json:
        return read(requests.get(self.url + path, parameters, timeout=5))

    def token(self, **changes: str) -> Json:
        return self.get(TOKEN, **(CREDENTIALS | changes))

    def stable(self, **changes: object) -> Json:
        return read(requests.post(self.url + STABLE, json=CREDENTIALS | changes, timeout=5))

    def ticket(self, access_token: object, type_: str = "jsapi") -> Json:
        return self.get(TICKET, access_token=str(access_token), type=type_)

    def is_good(self, access_token: object) -> bool:
        return bool(self.ticket(access_token)["errcode"] == 0)

    def tell(self, path: str, body: object) -> requests.Response:
        return requests.post(self.url + path, json=body, timeout=5)

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))


def read(answer: requests.Response) -> Json:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.json()


@pytest.fixture(scope="module")
def running_stage() -> Iterator[Stage]:
    with stage() as running:
        yield running


@pytest.fixture
def simulator(running_stage: Stage) -> Simulator:
    clock = SettableClock(datetime(2026, 11, 22, 2, 0, tzinfo=UTC))
    running_stage.play = create_app(SimulatorSettings(APPID, SECRET), clock)
    return Simulator(running_stage.url, clock)


# -- the stable token


def test_the_stable_token_is_the_same_to_everybody(simulator: Simulator) -> None:
    first, second = simulator.stable(), simulator.stable()

    assert first == second
    assert first["expires_in"] == 7200
    assert simulator.is_good(first["access_token"])


def test_the_stable_token_tells_what_is_left_of_its_life(simulator: Simulator) -> None:
    first = simulator.stable()
    simulator.later(hours=1)

    assert simulator.stable() == first | {"expires_in": 3600}


def test_the_stable_token_is_renewed_five_minutes_early_and_both_are_good(
    simulator: Simulator,
) -> None:
    first = simulator.stable()["access_token"]
    simulator.later(minutes=115, microseconds=-1)
    assert simulator.stable()["access_token"] == first

    simulator.later(microseconds=1)
    second = simulator.stable()["access_token"]
    assert second != first
    simulator.later(minutes=5, microseconds=-1)
    assert simulator.is_good(first)
    assert simulator.is_good(second)

    simulator.later(microseconds=1)
    assert simulator.ticket(first)["errcode"] == 42001
    assert simulator.is_good(second)


def test_force_gives_another_token_and_ends_the_old_one(simulator: Simulator) -> None:
    first = simulator.stable()["access_token"]
    second = simulator.stable(force_refresh=True)["access_token"]

    assert not simulator.is_good(first)
    assert simulator.is_good(second)
    assert simulator.stable()["access_token"] == second


def test_force_within_thirty_seconds_gives_the_same_token(simulator: Simulator) -> None:
    first = simulator.stable(force_refresh=True)["access_token"]
    simulator.later(seconds=30, microseconds=-1)
    assert simulator.stable(force_refresh=True)["access_token"] == first

    simulator.later(microseconds=1)
    assert simulator.stable(force_refresh=True)["access_token"] != first


def test_force_works_twenty_times_a_day_of_beijing(simulator: Simulator) -> None:
    tokens = set()
    for _ in range(25):
        tokens.add(simulator.stable(force_refresh=True)["access_token"])
        simulator.later(seconds=30)
    assert len(tokens) == 20

    simulator.clock.set(datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    assert simulator.stable(force_refresh=True)["access_token"] not in tokens


# -- the plain token


def test_each_plain_token_replaces_the_last_which_lives_five_minutes(simulator: Simulator) -> None:
    first, second = simulator.token()["access_token"], simulator.token()["access_token"]

    assert first != second
    simulator.later(minutes=5, microseconds=-1)
    assert simulator.is_good(first)
    simulator.later(microseconds=1)
    assert simulator.ticket(first)["errcode"] == 42001
    assert simulator.is_good(second)


def test_the_two_kinds_of_tokens_leave_each_other_alone(simulator: Simulator) -> None:
    plain, stable = simulator.token()["access_token"], simulator.stable()["access_token"]

    simulator.stable(force_refresh=True)
    assert simulator.is_good(plain)
    stable = simulator.stable()["access_token"]
    simulator.token()
    assert simulator.is_good(stable)


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wx_other"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "wrong"}, 40125),
        ({"grant_type": "authorization_code"}, 40002),
    ],
)
def test_wrong_credentials_get_their_errcode(
    simulator: Simulator, changes: dict[str, str], errcode: int
) -> None:
    for answer in (simulator.token(**changes), simulator.stable(**changes)):
        assert answer["errcode"] == errcode
        assert "rid: " in answer["errmsg"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'"text"'])
def test_a_stable_token_is_asked_for_in_json(simulator: Simulator, body: bytes) -> None:
    answer = read(requests.post(simulator.url + STABLE, data=body, timeout=5))

    assert answer["errcode"] == 47001


# -- the ticket


def test_the_ticket_needs_a_good_token_and_the_kind_jsapi(simulator: Simulator) -> None:
    token = simulator.stable()["access_token"]

    assert simulator.ticket("")["errcode"] == 41001
    assert simulator.ticket("short")["errcode"] == 40014
    assert simulator.ticket("x" * 128)["errcode"] == 40001
    assert simulator.ticket(token, "wx_card")["errcode"] == 40097
    ticket = simulator.ticket(token)
    assert (ticket["errcode"], ticket["expires_in"]) == (0, 7200)
    assert simulator.ticket(token) == ticket


# -- quotas


@pytest.mark.parametrize(
    ("path", "times", "errcode"),
    [(TOKEN, 2_000, 45009), (STABLE, 10_000, 45011), ("/sns/oauth2/access_token", 50_000, 45011)],
)
def test_the_published_quota_is_kept(path: str, times: int, errcode: int) -> None:
    quotas = Quotas(SettableClock(datetime(2026, 11, 22, 2, 0, tzinfo=UTC)))
    for _ in range(times):
        quotas.spend(path)

    with pytest.raises(RefusalError) as refused:
        quotas.spend(path)
    assert refused.value.errcode == errcode


def test_the_quota_of_a_day_is_kept_until_midnight_in_beijing(simulator: Simulator) -> None:
    simulator.tell("/_sim/quotas", {"path": TOKEN, "per_day": 1})

    assert "access_token" in simulator.token()
    assert simulator.token()["errcode"] == 45009
    simulator.clock.set(datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC))
    assert simulator.token()["errcode"] == 45009
    simulator.clock.set(datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    assert "access_token" in simulator.token()


def test_the_quota_of_a_minute_is_kept(simulator: Simulator) -> None:
    simulator.tell("/_sim/quotas", {"path": STABLE, "per_minute": 1})

    assert "access_token" in simulator.stable()
    assert simulator.stable()["errcode"] == 45011
    simulator.later(minutes=1)
    assert "access_token" in simulator.stable()


def test_all_calls_are_counted_refused_ones_too(simulator: Simulator) -> None:
    simulator.stable()
    simulator.stable(secret="wrong")
    simulator.get("/sns/auth", access_token="x", openid="x")
    simulator.later(minutes=1)
    simulator.stable(force_refresh=True)

    told = requests.get(f"{simulator.url}/_sim/counters", timeout=5).json()

    assert told["calls"][STABLE] == {"total": 3, "today": 3, "this_minute": 1}
    assert told["calls"]["/sns/auth"]["total"] == 1
    assert told["generations"] == {"token": 0, "stable_token": 2, "jsapi_ticket": 0}


# -- switches


@pytest.mark.parametrize(("switch", "errcode"), [("secret_frozen", 40243), ("ip_refused", 40164)])
def test_a_switch_stops_both_token_endpoints(
    simulator: Simulator, switch: str, errcode: int
) -> None:
    simulator.tell("/_sim/switches", {switch: True})
    assert simulator.token()["errcode"] == simulator.stable()["errcode"] == errcode

    simulator.tell("/_sim/switches", {switch: False})
    assert "access_token" in simulator.stable()


def test_a_switch_refuses_even_a_good_token(simulator: Simulator) -> None:
    token = simulator.stable()["access_token"]

    simulator.tell("/_sim/switches", {"token_refused": True})

    assert simulator.ticket(token)["errcode"] == 40001
    assert simulator.stable()["access_token"] == token


def test_a_switch_that_is_not_named_stays(simulator: Simulator) -> None:
    simulator.tell("/_sim/switches", {"ip_refused": True})
    simulator.tell("/_sim/switches", {"secret_frozen": True})

    told = requests.get(f"{simulator.url}/_sim/switches", timeout=5).json()

    assert told == {
        "ip_refused": True,
        "secret_frozen": True,
        "token_refused": False,
        "double_callback": False,
    }
    assert simulator.tell("/_sim/switches", {"unknown": True}).status_code == 422


# -- failures of the line


def fail_next(simulator: Simulator, **fault: object) -> None:
    assert simulator.tell("/_sim/fail_next", fault).status_code == 204


def test_a_failure_happens_once_and_to_the_named_path_only(simulator: Simulator) -> None:
    fail_next(simulator, path_contains="stable", status=502)

    assert "access_token" in simulator.token()
    failed = requests.post(simulator.url + STABLE, json=CREDENTIALS, timeout=5)
    assert (failed.status_code, failed.text) == (502, "upstream error")
    assert "access_token" in simulator.stable()


def test_an_ordered_errcode_is_answered_as_wechat_words_it(simulator: Simulator) -> None:
    fail_next(simulator, errcode=-1)

    answer = simulator.stable()

    assert answer["errcode"] == -1
    assert "rid: " in answer["errmsg"]


def test_a_lost_answer_leaves_its_effect(simulator: Simulator) -> None:
    code = code_of(authorized(simulator)["url"])
    fail_next(simulator, path_contains="/sns/oauth2", lose_response=True)

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        redeem(simulator, code)

    assert redeem(simulator, code)["errcode"] == 40163


def test_a_late_answer_is_the_right_one(simulator: Simulator) -> None:
    fail_next(simulator, latency_seconds=0.3)

    with pytest.raises(requests.ReadTimeout):
        requests.get(simulator.url + TOKEN, CREDENTIALS, timeout=0.1)
    fail_next(simulator, latency_seconds=0.05)
    assert "access_token" in simulator.token()


def test_the_control_api_itself_never_fails(simulator: Simulator) -> None:
    fail_next(simulator, status=500)

    assert requests.get(f"{simulator.url}/_sim/switches", timeout=5).ok


# -- the browser that comes back twice


def authorized(simulator: Simulator, **changes: object) -> Json:
    choice = {"openid": NEW_USER, "state": "s1", "redirect_uri": CALLBACK, "scope": "snsapi_base"}
    return simulator.tell("/_sim/authorize", choice | changes).json()


def code_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["code"][0]


def redeem(simulator: Simulator, code: str) -> Json:
    parameters = CREDENTIALS | {"grant_type": "authorization_code", "code": code}
    return simulator.get("/sns/oauth2/access_token", **parameters)


def test_the_browser_is_sent_back_twice_with_one_code_if_asked(simulator: Simulator) -> None:
    once, twice = authorized(simulator), authorized(simulator, twice=True)

    assert once["visits"] == [once["url"]]
    assert twice["visits"] == [twice["url"]] * 2


def test_a_switch_sends_every_browser_back_twice(simulator: Simulator) -> None:
    simulator.tell("/_sim/switches", {"double_callback": True})

    assert len(authorized(simulator)["visits"]) == 2
    page = requests.get(f"{simulator.url}/connect/oauth2/authorize?{asked()}", timeout=5)
    assert 'value="true" checked' in page.text


def asked() -> str:
    return (
        f"appid={APPID}&redirect_uri=http%3A%2F%2F127.0.0.1%2F&response_type=code"
        "&scope=snsapi_base&state=s1"
    )


def test_the_page_calls_back_as_a_picture_first_and_then_goes_there(simulator: Simulator) -> None:
    form = {
        "openid": NEW_USER,
        "redirect_uri": CALLBACK,
        "scope": "snsapi_base",
        "state": "s1",
        "twice": "true",
    }
    page = requests.post(f"{simulator.url}/connect/oauth2/authorize", form, timeout=5)

    address = page.text.partition('src="')[2].partition('"')[0]
    assert page.status_code == 200
    assert address.startswith("http://127.0.0.1/callback?from=menu&amp;code=")
    assert f'http-equiv="refresh" content="1; url={address}"' in page.text
    assert "<script" not in page.text
    assert "img-src http: https:" in page.headers["content-security-policy"]


def test_the_box_for_coming_back_twice_is_empty_at_first(simulator: Simulator) -> None:
    page = requests.get(f"{simulator.url}/connect/oauth2/authorize?{asked()}", timeout=5)

    assert 'name="twice" value="true">' in page.text
