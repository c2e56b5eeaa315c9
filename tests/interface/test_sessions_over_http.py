"""Sessions, log-ins and origins over HTTP: when a door closes, it closes at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.cookiejar import Cookie
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import requests
from sqlalchemy import text

from tests.interface.town import Caller, Json, Town, open_seats

STAFF_ME = "/api/v1/staff/me"
STAFF_SESSIONS = "/api/v1/staff/sessions"
ENTRIES = "/api/v1/office/ledger/entries"
OFFICE_STAFF = "/api/v1/office/staff"
PASSWORD = "a long enough passphrase"


def opened(town: Town, *roles: str) -> tuple[str, str]:
    """A new account: its log-in name and id."""
    name = f"staff-{uuid4().hex[:12]}"
    body = {
        "login_name": name,
        "display_name": "小李",
        "roles": list(roles),
        "password": PASSWORD,
    }
    return name, town.administrator().do(OFFICE_STAFF, body)["staff_id"]


def log_in(caller: Caller, name: str, password: str = PASSWORD) -> requests.Response:
    return caller.post(STAFF_SESSIONS, {"login_name": name, "password": password})


def cookie(caller: Caller, name: str) -> Cookie:
    return next(each for each in caller.session.cookies if each.name == name)


# -- staff


def test_staff_see_their_roles_and_permissions(town: Town) -> None:
    name, staff_id = opened(town, "finance")
    told = town.staff(name, PASSWORD).read(STAFF_ME)
    assert told == {
        "staff_id": staff_id,
        "roles": ["finance"],
        "permissions": [
            *("alerts.acknowledge", "alerts.read", "ledger.read", "orders.read"),
            "receipts.record",
        ],
    }


def test_a_revoked_grant_ends_at_once(town: Town) -> None:
    name, staff_id = opened(town)
    administrator, finance = town.administrator(), town.staff(name, PASSWORD)
    assert finance.get(ENTRIES).status_code == 403
    grants = f"{OFFICE_STAFF}/{staff_id}/grants"
    grant_id = administrator.do(grants, {"role": "finance"})["grant_id"]
    assert finance.get(ENTRIES).status_code == 200
    assert administrator.post(f"{grants}/{grant_id}/revocation").status_code == 204
    refused = finance.get(ENTRIES)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert refused.json()["title"] == "没有权限。"


def test_an_idle_staff_session_ends_after_thirty_minutes(town: Town) -> None:
    kept, idle = town.dispatcher(), town.dispatcher()
    town.clock.advance(timedelta(minutes=30, seconds=-1))
    assert kept.get(STAFF_ME).status_code == 200
    town.clock.advance(timedelta(seconds=1))
    assert idle.get(STAFF_ME).status_code == 401
    assert kept.get(STAFF_ME).status_code == 200


def test_a_busy_staff_session_ends_after_twelve_hours(town: Town) -> None:
    busy = town.dispatcher()
    for _ in range(24):
        town.clock.advance(timedelta(minutes=29))
        assert busy.get(STAFF_ME).status_code == 200
    town.clock.advance(timedelta(minutes=24, seconds=-1))
    assert busy.get(STAFF_ME).status_code == 200
    town.clock.advance(timedelta(seconds=1))
    assert busy.get(STAFF_ME).status_code == 401


def test_a_logged_out_token_opens_nothing(town: Town) -> None:
    caller = town.dispatcher()
    token = cookie(caller, "jiawu_staff").value
    assert caller.send("DELETE", STAFF_SESSIONS).status_code == 204
    assert caller.get(STAFF_ME).status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    assert town.anybody().send("GET", STAFF_ME, headers=bearer).status_code == 401


def test_five_wrong_passwords_lock_with_the_same_sentence(town: Town) -> None:
    name, _ = opened(town, "finance")
    caller = town.anybody()
    wrong = [log_in(caller, name, "a wrong passphrase") for _ in range(5)]
    right, stranger = log_in(caller, name), log_in(caller, "nobody-here")
    answers = [*wrong, right, stranger]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.text for answer in answers} == {wrong[0].text}
    assert wrong[0].json()["title"] == "账号或密码不正确，或账号已锁定。"
    town.clock.advance(timedelta(minutes=15))
    assert log_in(caller, name).status_code == 201


def test_no_more_than_five_guesses_get_through_at_once(town: Town) -> None:
    name, _ = opened(town, "finance")
    with ThreadPoolExecutor(8) as pool:
        guesses = [pool.submit(log_in, town.anybody(), name, f"guess number {n}") for n in range(8)]
        assert {guess.result().status_code for guess in guesses} == {401}
    assert log_in(town.anybody(), name).status_code == 401


def test_every_log_in_is_another_session(town: Town) -> None:
    name, _ = opened(town)
    tokens = {log_in(town.anybody(), name).json()["token"] for _ in range(3)}
    assert len(tokens) == 3


def test_a_log_in_name_is_read_without_case_and_blanks(town: Town) -> None:
    name, _ = opened(town)
    assert log_in(town.anybody(), f" {name.upper()} ").status_code == 201


def test_a_taken_log_in_name_is_refused_and_keeps_its_password(town: Town) -> None:
    name, _ = opened(town)
    again = {"login_name": name, "display_name": "乙", "roles": [], "password": "z" * 12}
    answer = town.administrator().post(OFFICE_STAFF, again)
    assert (answer.status_code, answer.json()["code"]) == (409, "login_name_taken")
    assert log_in(town.anybody(), name).status_code == 201


@pytest.mark.parametrize("password", ["", "short", "x" * 11, "x" * 129, "长" * 11])
def test_a_weak_password_opens_no_account(town: Town, password: str) -> None:
    body = {"login_name": "weakling", "display_name": "丙", "roles": [], "password": password}
    position = town.position()
    assert town.administrator().post(OFFICE_STAFF, body).status_code == 422
    assert town.position() == position


# -- cookies and origins


def test_session_cookies_are_out_of_reach_for_scripts(town: Town) -> None:
    for each in (
        cookie(town.dispatcher(), "jiawu_staff"),
        cookie(town.customer(), "jiawu_customer"),
    ):
        assert each.has_nonstandard_attr("HttpOnly")
        assert each.get_nonstandard_attr("SameSite") == "lax"
        assert each.path == "/"


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_cookie_from_a_foreign_page_commands_nothing(town: Town, headers: dict[str, str]) -> None:
    customer = town.customer()
    position = town.position()
    answer = customer.post("/api/v1/orders", town.wish(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert town.position() == position
    assert customer.send("DELETE", "/api/v1/session", headers=headers).status_code == 403
    assert customer.send("GET", "/api/v1/me", headers=headers).status_code == 200


def test_a_cookie_from_our_own_page_commands(town: Town) -> None:
    own = {"Origin": town.url, "Sec-Fetch-Site": "same-origin"}
    assert town.customer().post("/api/v1/orders", town.wish(), headers=own).status_code == 201


def test_a_foreign_page_with_the_token_itself_is_a_program(town: Town) -> None:
    token = cookie(town.customer(), "jiawu_customer").value
    program = town.anybody()
    headers = {"Authorization": f"Bearer {token}", **FOREIGN[0]}
    assert program.post("/api/v1/orders", town.wish(), headers=headers).status_code == 201


# -- customers through WeChat


def registered(town: Town) -> int:
    with town.house.engine.connect() as connection:
        counted = text("select count(*) from log.events where name = 'customer.registered'")
        return int(connection.execute(counted).scalar_one())


def new_user(town: Town, **more: Json) -> str:
    openid = f"oSession{uuid4().hex[:20]}"
    town.simulate("account", "/_sim/users", {"openid": openid, "nickname": "顾客", **more})
    return openid


def test_the_same_openid_is_the_same_customer(town: Town) -> None:
    openid = new_user(town)
    before = registered(town)
    first, second = town.customer(openid), town.customer(openid)
    assert first.read("/api/v1/me") == second.read("/api/v1/me")
    assert registered(town) == before + 1


def test_a_doubled_callback_logs_the_same_customer_in_twice(town: Town) -> None:
    before, caller = registered(town), town.anybody()
    back = town.answer_of_wechat(caller, new_user(town)).removeprefix(town.url)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: caller.get(back), range(2)))
    # WeChat takes a code once: who comes while the first still asks may be refused.
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses in ([303, 303], [303, 401])
    assert caller.get(back).status_code == 303
    assert registered(town) == before + 1


def test_a_log_in_returns_where_it_began(town: Town) -> None:
    caller = town.anybody()
    back = town.answer_of_wechat(caller, new_user(town), "/api/v1/orders?limit=5")
    answer = caller.get(back.removeprefix(town.url))
    assert answer.headers["location"] == "/api/v1/orders?limit=5"


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/\\evil", "evil", "", "/a\tb", "/\u202e"]
)
def test_a_log_in_never_returns_to_another_site(town: Town, path: str) -> None:
    answer = town.anybody().get("/api/v1/wechat/login", return_path=path)
    assert answer.status_code == 422


def test_a_state_of_another_browser_is_refused(town: Town) -> None:
    victim, attacker = town.anybody(), town.anybody()
    planted = town.answer_of_wechat(attacker, new_user(town)).removeprefix(town.url)
    town.answer_of_wechat(victim, new_user(town))
    for caller in (victim, town.anybody()):
        answer = caller.get(planted)
        assert (answer.status_code, answer.json()["code"]) == (401, "login_state")
        assert caller.get("/api/v1/me").status_code == 401


def test_a_state_is_good_for_ten_minutes(town: Town) -> None:
    caller = town.anybody()
    back = town.answer_of_wechat(caller, new_user(town)).removeprefix(town.url)
    town.clock.advance(timedelta(minutes=10))
    answer = caller.get(back)
    assert (answer.status_code, answer.json()["code"]) == (401, "login_state")


def test_an_invented_code_logs_nobody_in(town: Town) -> None:
    caller = town.anybody()
    begun = caller.get("/api/v1/wechat/login")
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    answer = caller.get("/callbacks/wechat-login", code="invented", state=state)
    assert (answer.status_code, answer.json()["code"]) == (401, "login_expired")


def test_a_declined_log_in_is_told(town: Town) -> None:
    caller, before = town.anybody(), registered(town)
    back = town.answer_of_wechat(caller, "decline").removeprefix(town.url)
    answer = caller.get(back)
    assert (answer.status_code, answer.json()["code"]) == (401, "login_declined")
    assert answer.json()["title"] == "您取消了微信授权，暂时无法登录。"
    assert registered(town) == before


def test_a_snapshot_user_is_nobody(town: Town) -> None:
    caller, before = town.anybody(), registered(town)
    back = town.answer_of_wechat(caller, new_user(town, snapshot=True)).removeprefix(town.url)
    answer = caller.get(back)
    assert (answer.status_code, answer.json()["code"]) == (403, "snapshot_user")
    assert registered(town) == before


def test_a_customers_session_lasts_thirty_days(town: Town) -> None:
    customer = town.customer()
    town.clock.advance(timedelta(days=30, seconds=-1))
    assert customer.get("/api/v1/me").status_code == 200
    town.clock.advance(timedelta(seconds=1))
    assert customer.get("/api/v1/me").status_code == 401


def test_a_logged_out_customer_is_out(town: Town) -> None:
    customer = town.customer()
    assert customer.send("DELETE", "/api/v1/session").status_code == 204
    assert customer.get("/api/v1/me").status_code == 401


def test_another_customers_order_is_not_found(town: Town) -> None:
    open_seats(town.house)  # the months of sessions above have passed the first ones by
    order = town.booked(town.customer())
    town.catch_up()
    answer = town.customer().get(f"/api/v1/orders/{order['order_id']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
