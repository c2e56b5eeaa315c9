"""WeChat sends the browser back: twice, without a code, or with one that is worth nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from sqlalchemy import text

from tests.interface.problems import assert_problem
from tests.interface.town import Caller, Json, Town, new_openid

CALLBACK = "/callbacks/wechat-login"


def registered(town: Town) -> int:
    with town.house.engine.connect() as connection:
        counted = text("select count(*) from log.events where name = 'customer.registered'")
        return int(connection.execute(counted).scalar_one())


def new_user(town: Town, **more: Json) -> str:
    openid = new_openid()
    town.simulate("account", "/_sim/users", {"openid": openid, "nickname": "顾客", **more})
    return openid


def visits_of(town: Town, caller: Caller, openid: str, **more: Json) -> list[str]:
    """Where WeChat sends the browser, each time it does; relative to the product."""
    begun = caller.get("/api/v1/wechat/login")
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    choice = {name: asked[name][0] for name in ("state", "redirect_uri", "scope")}
    told = town.simulate("account", "/_sim/authorize", {**choice, "openid": openid, **more})
    return [address.removeprefix(town.url) for address in told["visits"]]


def parameter(address: str, name: str) -> str:
    return parse_qs(urlsplit(address).query)[name][0]


def tab_of(caller: Caller) -> Caller:
    """The same browser as it was: with the cookie of the log-in, not yet of the session."""
    tab = Caller(caller.base_url)
    tab.session.cookies.update(caller.session.cookies)
    return tab


def who(caller: Caller) -> str:
    return str(caller.read("/api/v1/me")["customer_id"])


@pytest.fixture
def double_callback(town: Town) -> Iterator[None]:
    """WeChat's habit, turned on at the simulator."""
    town.simulate("account", "/_sim/switches", {"double_callback": True})
    yield
    town.simulate("account", "/_sim/switches", {"double_callback": False})


@pytest.mark.usefixtures("double_callback")
def test_two_callbacks_one_after_the_other_are_one_customer(town: Town) -> None:
    caller, before = town.anybody(), registered(town)
    visits = visits_of(town, caller, new_user(town))
    tabs = [tab_of(caller), tab_of(caller)]

    answers = [tab.get(back) for tab, back in zip(tabs, visits, strict=True)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert {answer.headers["location"] for answer in answers} == {"/api/v1/me"}
    assert who(tabs[0]) == who(tabs[1])
    assert registered(town) == before + 1


@pytest.mark.usefixtures("double_callback")
def test_two_callbacks_at_the_same_time_are_one_customer(town: Town) -> None:
    for _ in range(8):
        caller, before = town.anybody(), registered(town)
        visits = visits_of(town, caller, new_user(town))
        tabs = [tab_of(caller), tab_of(caller)]

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(Caller.get, tabs, visits))

        assert [answer.status_code for answer in answers] == [303, 303]
        assert who(tabs[0]) == who(tabs[1])
        assert registered(town) == before + 1


def test_the_second_of_two_callbacks_waits_while_wechat_is_slow(town: Town) -> None:
    caller, before = town.anybody(), registered(town)
    first, second = visits_of(town, caller, new_user(town), twice=True)
    fault = {"path_contains": "/sns/oauth2/access_token", "latency_seconds": 0.3}
    town.simulate("account", "/_sim/fail_next", fault)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(Caller.get, [tab_of(caller), tab_of(caller)], [first, second]))

    assert [answer.status_code for answer in answers] == [303, 303]
    assert registered(town) == before + 1


def test_a_code_is_asked_of_wechat_once(town: Town) -> None:
    caller = town.anybody()
    first, second = visits_of(town, caller, new_user(town), twice=True)
    before = exchanges(town)

    assert tab_of(caller).get(first).status_code == 303
    assert tab_of(caller).get(second).status_code == 303
    assert exchanges(town) == before + 1


def exchanges(town: Town) -> int:
    told = town.outside.get(f"{town.account_url}/_sim/counters", timeout=5).json()["calls"]
    return int(told.get("/sns/oauth2/access_token", {"total": 0})["total"])


def assert_nobody(town: Town, caller: Caller, before: int) -> None:
    assert registered(town) == before
    assert_problem(caller.get("/api/v1/me"), 401, "unauthenticated")


def assert_told(answer: requests.Response, status: int, code: str, sentence: str) -> None:
    assert_problem(answer, status, code)
    assert answer.json()["title"] == sentence


def test_who_declines_is_told_and_is_no_customer(town: Town) -> None:
    caller, before = town.anybody(), registered(town)
    (back,) = visits_of(town, caller, "decline")

    answer = caller.get(back)

    assert "code" not in back
    assert_told(answer, 401, "login_declined", "您取消了微信授权，暂时无法登录。")
    assert_nobody(town, caller, before)


def test_who_declines_is_told_the_same_the_second_time(town: Town) -> None:
    caller, before = town.anybody(), registered(town)
    visits = visits_of(town, caller, "decline", twice=True)

    for back in visits:
        assert_problem(tab_of(caller).get(back), 401, "login_declined")
    assert registered(town) == before


def used_elsewhere(town: Town, code: str) -> None:
    """Somebody else redeemed the code at WeChat."""
    account = town.house.settings
    query = urlencode(
        {
            "appid": account.wechat_appid,
            "secret": account.wechat_secret.get_secret_value(),
            "code": code,
            "grant_type": "authorization_code",
        }
    )
    answer = town.outside.get(f"{town.account_url}/sns/oauth2/access_token?{query}", timeout=5)
    assert "openid" in answer.json()


def test_a_used_code_logs_nobody_in(town: Town) -> None:
    caller, before = town.anybody(), registered(town)
    (back,) = visits_of(town, caller, new_user(town))
    used_elsewhere(town, parameter(back, "code"))

    answer = caller.get(back)

    assert_told(answer, 401, "login_expired", "登录已过期，请重新打开页面。")
    assert_nobody(town, caller, before)


def test_a_code_of_six_minutes_logs_nobody_in(town: Town) -> None:
    caller, before = town.anybody(), registered(town)
    (back,) = visits_of(town, caller, new_user(town))
    town.clock.advance(timedelta(minutes=6))

    answer = caller.get(back)

    assert_told(answer, 401, "login_expired", "登录已过期，请重新打开页面。")
    assert_nobody(town, caller, before)


def test_a_doubled_callback_after_six_minutes_logs_nobody_in(town: Town) -> None:
    caller = town.anybody()
    first, second = visits_of(town, caller, new_user(town), twice=True)
    assert tab_of(caller).get(first).status_code == 303
    town.clock.advance(timedelta(minutes=6))

    late = tab_of(caller)

    assert_told(late.get(second), 401, "login_state", "登录已失效，请重新打开页面。")
    assert_problem(late.get("/api/v1/me"), 401, "unauthenticated")


def test_a_snapshot_user_is_told_and_is_no_customer(town: Town) -> None:
    caller, before = town.anybody(), registered(town)
    (back,) = visits_of(town, caller, new_user(town, snapshot=True))

    answer = caller.get(back)

    sentence = "当前为快照页，请点击「使用完整服务」后再试。"
    assert_told(answer, 403, "snapshot_user", sentence)
    assert_nobody(town, caller, before)


def test_a_code_seen_elsewhere_gives_nothing_to_who_logged_in_themselves(town: Town) -> None:
    victim, thief = town.anybody(), town.anybody()
    (seen,) = visits_of(town, victim, new_user(town))
    assert tab_of(victim).get(seen).status_code == 303
    (own,) = visits_of(town, thief, new_user(town))
    assert tab_of(thief).get(own).status_code == 303

    mixed = urlencode({"code": parameter(seen, "code"), "state": parameter(own, "state")})
    answer = thief.get(f"{CALLBACK}?{mixed}")

    assert_problem(answer, 401, "login_state")
    assert_problem(thief.get("/api/v1/me"), 401, "unauthenticated")


def test_when_wechats_answer_is_lost_the_customer_begins_again(town: Town) -> None:
    openid, caller, before = new_user(town), town.anybody(), registered(town)
    (back,) = visits_of(town, caller, openid)
    fault = {"path_contains": "/sns/oauth2/access_token", "lose_response": True}
    town.simulate("account", "/_sim/fail_next", fault)

    assert_problem(caller.get(back), 503, "wechat_unavailable")
    assert_nobody(town, caller, before)

    (again,) = visits_of(town, caller, openid)
    assert caller.get(again).status_code == 303
    assert registered(town) == before + 1
