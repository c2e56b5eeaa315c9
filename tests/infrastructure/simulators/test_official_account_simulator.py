"""Web authorization at the simulated account: the page, codes, users' tokens and profiles."""

from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.infrastructure.simulators.official_account_world import (
    APPID,
    AUTHORIZE,
    CALLBACK,
    NEW_USER,
    WRONG_CREDENTIALS,
    Simulator,
)

SNAPSHOT_USER = "oSimSnapshot0000000000000003"


def test_the_page_lists_the_users_in_chinese_without_any_script(simulator: Simulator) -> None:
    page = simulator.page()

    assert page.status_code == 200
    assert all(word in page.text for word in ("新用户", "关注者", "快照用户", "拒绝授权"))
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_page_escapes_what_the_request_brings(simulator: Simulator) -> None:
    page = simulator.page(state='"><script>')

    assert "<script" not in page.text
    assert "&#34;&gt;&lt;script&gt;" in page.text


def test_choosing_a_user_leads_back_with_code_and_state(simulator: Simulator) -> None:
    answer = simulator.choose(NEW_USER)

    address = answer.headers["location"]
    query = parse_qs(urlsplit(address).query)
    assert answer.status_code == 302
    assert address.startswith("http://127.0.0.1/callback?from=menu&code=")
    assert list(query) == ["from", "code", "state"]
    assert query["state"] == ["s1"]


def test_who_declines_comes_back_with_the_state_only(simulator: Simulator) -> None:
    answer = simulator.choose("decline")

    assert answer.headers["location"] == f"{CALLBACK}&state=s1"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"appid": "wx_other"}, "appid 参数错误"),
        ({"redirect_uri": "https://evil.example/"}, "10003"),
        ({"redirect_uri": "https://sub.pay.example.com/"}, "10003"),
        ({"redirect_uri": "https://pay.example.com@evil.example/"}, "10003"),
        ({"redirect_uri": "https://evil.example\\@pay.example.com/"}, "10003"),
        ({"redirect_uri": "javascript://127.0.0.1/%0aalert(1)"}, "10003"),
        ({"response_type": "token"}, "response_type 参数错误"),
        ({"scope": "snsapi_login"}, "10005"),
        ({"state": "s" * 129}, "state 参数过长"),
        ({"state": "状" * 43}, "state 参数过长"),
    ],
)
def test_a_wrong_request_ends_on_an_error_page(
    simulator: Simulator, changes: dict[str, str], sentence: str
) -> None:
    page = simulator.page(**changes)

    assert page.status_code == 400
    assert sentence in page.text


def test_a_state_of_128_bytes_is_accepted(simulator: Simulator) -> None:
    assert simulator.page(state="s" * 128).status_code == 200


def test_the_order_of_the_parameters_matters(simulator: Simulator) -> None:
    query = urlencode(
        {
            "redirect_uri": CALLBACK,
            "appid": APPID,
            "response_type": "code",
            "scope": "snsapi_base",
        }
    )

    page = requests.get(f"{simulator.url}{AUTHORIZE}?{query}", timeout=5)

    assert page.status_code == 400
    assert "顺序不符" in page.text


def test_a_posted_answer_is_checked_like_the_page(simulator: Simulator) -> None:
    answer = simulator.choose(NEW_USER, redirect_uri="https://evil.example/")

    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_a_code_gives_token_and_openid(simulator: Simulator) -> None:
    answer = simulator.redeem(simulator.code())

    assert answer["openid"] == NEW_USER
    assert answer["unionid"] == "uSimNewUser"
    assert answer["scope"] == "snsapi_userinfo"
    assert answer["expires_in"] == 7200
    assert "is_snapshotuser" not in answer


def test_the_silent_scope_gives_no_unionid(simulator: Simulator) -> None:
    assert "unionid" not in simulator.redeem(simulator.code(scope="snsapi_base"))


def test_the_snapshot_user_is_marked(simulator: Simulator) -> None:
    assert simulator.redeem(simulator.code(openid=SNAPSHOT_USER))["is_snapshotuser"] == 1


def test_a_code_is_good_once(simulator: Simulator) -> None:
    code = simulator.code()
    simulator.redeem(code)

    assert simulator.redeem(code)["errcode"] == 40163


def test_a_code_is_good_until_just_before_five_minutes(simulator: Simulator) -> None:
    code = simulator.code()
    simulator.clock.advance(timedelta(minutes=5, microseconds=-1))

    assert simulator.redeem(code)["openid"] == NEW_USER


def test_a_code_has_expired_after_five_minutes(simulator: Simulator) -> None:
    code = simulator.code()
    simulator.clock.advance(timedelta(minutes=5))

    assert simulator.redeem(code)["errcode"] == 40029


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        *WRONG_CREDENTIALS,
        ({"grant_type": "client_credential"}, 40002),
        ({"code": ""}, 41008),
        ({"code": "unknown"}, 40029),
    ],
)
def test_a_wrong_redemption_gets_its_errcode_and_spends_nothing(
    simulator: Simulator, changes: dict[str, str], errcode: int
) -> None:
    code = simulator.code()

    answer = simulator.redeem(**({"code": code} | changes))

    assert answer["errcode"] == errcode
    assert "rid: " in str(answer["errmsg"])
    assert simulator.redeem(code)["openid"] == NEW_USER


def test_the_profile_has_a_name_and_a_portrait_that_loads(simulator: Simulator) -> None:
    token = simulator.redeem(simulator.code())["access_token"]

    profile = simulator.profile(token, NEW_USER)

    assert profile["nickname"] == "林小满"
    assert requests.get(str(profile["headimgurl"]), timeout=5).status_code == 200


def test_the_profile_is_refused_for_wrong_token_openid_and_scope(simulator: Simulator) -> None:
    token = simulator.redeem(simulator.code())["access_token"]
    silent = simulator.redeem(simulator.code(scope="snsapi_base"))["access_token"]

    assert simulator.profile("wrong", NEW_USER)["errcode"] == 40001
    assert simulator.profile(token, SNAPSHOT_USER)["errcode"] == 40003
    assert simulator.profile(silent, NEW_USER)["errcode"] == 48001


def test_a_token_lives_two_hours_and_is_refreshed_for_thirty_days(simulator: Simulator) -> None:
    first = simulator.redeem(simulator.code())
    simulator.clock.advance(timedelta(hours=2))
    assert simulator.profile(first["access_token"], NEW_USER)["errcode"] == 42001

    second = simulator.refresh(first["refresh_token"])
    assert simulator.profile(second["access_token"], NEW_USER)["nickname"] == "林小满"

    simulator.clock.advance(timedelta(days=30, hours=-2))
    assert simulator.refresh(first["refresh_token"])["errcode"] == 42002
    assert simulator.refresh("unknown")["errcode"] == 40030


def test_a_token_can_be_checked(simulator: Simulator) -> None:
    token = str(simulator.redeem(simulator.code())["access_token"])

    assert simulator.get("/sns/auth", access_token=token, openid=NEW_USER)["errcode"] == 0
    assert simulator.get("/sns/auth", access_token=token, openid="o")["errcode"] == 40003


def test_users_can_be_added_and_listed(simulator: Simulator) -> None:
    new = {"openid": "oAdded", "nickname": "王<b>芳", "follower": True}

    added = requests.post(f"{simulator.url}/_sim/users", json=new, timeout=5)

    listed = requests.get(f"{simulator.url}/_sim/users", timeout=5).json()
    assert added.status_code == 201
    assert [user["nickname"] for user in listed] == ["林小满", "陈静", "微信用户", "王<b>芳"]
    assert "王&lt;b&gt;芳" in simulator.page().text
    assert simulator.redeem(simulator.code(openid="oAdded"))["openid"] == "oAdded"


def test_the_control_api_checks_like_the_page(simulator: Simulator) -> None:
    assert simulator.authorize(openid="oNobody").status_code == 400
    assert simulator.authorize(redirect_uri="https://evil.example/").status_code == 400
    assert simulator.authorize(openid="decline").json()["url"] == f"{CALLBACK}&state=s1"
