import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from application.wechat_login import (
    LoginDeclinedError,
    LoginExpiredError,
    ProfileNotGrantedError,
    Scope,
    SnapshotUserError,
    WeChatLogin,
    WeChatUnavailableError,
    WeChatUser,
)
from infrastructure.clock import SettableClock
from infrastructure.simulators.official_account import SimulatorSettings, create_app
from infrastructure.wechat.official_account.login import WeChatOAuthLogin
from infrastructure.wechat.official_account.settings import OfficialAccountSettings
from tests.loopback import Stage, stage

APPID = "wx0123456789abcdef"
SECRET = "simulated-secret"
CALLBACK = "http://127.0.0.1/wechat/callback"
NEW_USER = "oSimNewUser00000000000000001"
FOLLOWER = "oSimFollower0000000000000002"
SNAPSHOT_USER = "oSimSnapshot0000000000000003"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 11, 22, 2, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def running_stage() -> Iterator[Stage]:
    with stage() as running:
        yield running


@pytest.fixture
def settings(clock: SettableClock, running_stage: Stage) -> OfficialAccountSettings:
    running_stage.play = create_app(SimulatorSettings(APPID, SECRET), clock)
    return OfficialAccountSettings(APPID, SECRET, running_stage.url, running_stage.url)


@pytest.fixture
def login(settings: OfficialAccountSettings) -> WeChatLogin:
    return WeChatOAuthLogin(settings)


def callback_query(
    settings: OfficialAccountSettings, openid: str, scope: Scope = "snsapi_userinfo"
) -> dict[str, list[str]]:
    choice = {"openid": openid, "state": "s1", "redirect_uri": CALLBACK, "scope": scope}
    answer = requests.post(f"{settings.api_base_url}/_sim/authorize", json=choice, timeout=5)
    return parse_qs(urlsplit(answer.json()["url"]).query)


def code_of(
    settings: OfficialAccountSettings, openid: str, scope: Scope = "snsapi_userinfo"
) -> str:
    return callback_query(settings, openid, scope)["code"][0]


def test_the_authorize_url_keeps_the_order_and_the_fragment_that_wechat_wants() -> None:
    login = WeChatOAuthLogin(OfficialAccountSettings(APPID, SECRET))

    url = login.authorize_url("https://pay.example.com/back?a=1&b=2", "s-1_x", "snsapi_base")

    assert url == (
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef"
        "&redirect_uri=https%3A%2F%2Fpay.example.com%2Fback%3Fa%3D1%26b%3D2"
        "&response_type=code&scope=snsapi_base&state=s-1_x#wechat_redirect"
    )


@pytest.mark.parametrize("state", ["", "a&scope=snsapi_userinfo", "s" * 129, "状态", "a\n"])
def test_a_state_that_would_not_come_back_whole_is_a_defect(state: str) -> None:
    login = WeChatOAuthLogin(OfficialAccountSettings(APPID, SECRET))

    with pytest.raises(ValueError, match="state"):
        login.authorize_url(CALLBACK, state, "snsapi_base")


def test_the_authorize_url_opens_the_page_of_the_configured_server(
    login: WeChatLogin, settings: OfficialAccountSettings
) -> None:
    url = login.authorize_url(CALLBACK, "s1", "snsapi_base")

    assert url.startswith(settings.open_base_url)
    assert "选择一位微信用户" in requests.get(url, timeout=5).text


def test_a_code_tells_who_the_user_is(
    login: WeChatLogin, settings: OfficialAccountSettings
) -> None:
    user = login.exchange(code_of(settings, NEW_USER))

    assert user == WeChatUser(NEW_USER, "uSimNewUser", "snsapi_userinfo", snapshot=False)
    user.require_real()


def test_the_user_shows_nickname_and_portrait(
    login: WeChatLogin, settings: OfficialAccountSettings
) -> None:
    profile = login.profile(login.exchange(code_of(settings, FOLLOWER)))

    assert profile.nickname == "陈静"
    assert profile.headimgurl == f"{settings.api_base_url}/_sim/static/avatar.svg"


def test_the_silent_scope_tells_the_openid_and_no_profile(
    login: WeChatLogin, settings: OfficialAccountSettings
) -> None:
    user = login.exchange(code_of(settings, NEW_USER, "snsapi_base"))

    assert (user.openid, user.unionid) == (NEW_USER, "")
    with pytest.raises(ProfileNotGrantedError):
        login.profile(user)


def test_a_callback_without_a_code_means_declined(
    login: WeChatLogin, settings: OfficialAccountSettings
) -> None:
    query = callback_query(settings, "decline")

    assert "code" not in query
    with pytest.raises(LoginDeclinedError) as declined:
        login.exchange("".join(query.get("code", [])))
    assert declined.value.message == "您取消了微信授权，暂时无法登录。"


def test_a_used_code_is_refused(login: WeChatLogin, settings: OfficialAccountSettings) -> None:
    code = code_of(settings, NEW_USER)
    login.exchange(code)

    with pytest.raises(LoginExpiredError) as refused:
        login.exchange(code)
    assert refused.value.facts == {"reason": "40163"}


def test_a_code_is_taken_until_just_before_five_minutes(
    login: WeChatLogin, settings: OfficialAccountSettings, clock: SettableClock
) -> None:
    code = code_of(settings, NEW_USER)
    clock.advance(timedelta(minutes=5, microseconds=-1))

    assert login.exchange(code).openid == NEW_USER


def test_a_code_has_expired_at_five_minutes(
    login: WeChatLogin, settings: OfficialAccountSettings, clock: SettableClock
) -> None:
    code = code_of(settings, NEW_USER)
    clock.advance(timedelta(minutes=5))

    with pytest.raises(LoginExpiredError) as refused:
        login.exchange(code)
    assert refused.value.facts == {"reason": "40029"}


@pytest.mark.parametrize("code", ["a b", "x" * 513, "\0", "码", "a\r\nb"])
def test_a_code_that_cannot_be_wechats_is_refused_without_a_call(code: str) -> None:
    nowhere = OfficialAccountSettings(APPID, SECRET, "http://127.0.0.1:1", "http://127.0.0.1:1")

    with pytest.raises(LoginExpiredError):
        WeChatOAuthLogin(nowhere).exchange(code)


def test_the_snapshot_user_is_told_apart(
    login: WeChatLogin, settings: OfficialAccountSettings
) -> None:
    user = login.exchange(code_of(settings, SNAPSHOT_USER))

    assert user.snapshot
    with pytest.raises(SnapshotUserError, match="使用完整服务"):
        user.require_real()


def test_a_token_of_more_than_two_hours_gives_no_profile(
    login: WeChatLogin, settings: OfficialAccountSettings, clock: SettableClock
) -> None:
    user = login.exchange(code_of(settings, NEW_USER))
    clock.advance(timedelta(hours=2))

    with pytest.raises(LoginExpiredError):
        login.profile(user)


@pytest.mark.parametrize(
    ("appid", "secret", "reason"), [(APPID, "wrong", "40125"), ("wx_other", SECRET, "40013")]
)
def test_wrong_credentials_are_our_trouble_and_not_the_customers(
    settings: OfficialAccountSettings, appid: str, secret: str, reason: str
) -> None:
    login = WeChatOAuthLogin(replace(settings, appid=appid, secret=secret))

    with pytest.raises(WeChatUnavailableError) as trouble:
        login.exchange(code_of(settings, NEW_USER))
    assert trouble.value.facts == {"reason": reason}
    assert trouble.value.status == 503


def test_nobody_is_mistaken_for_another_when_many_log_in_at_once(
    login: WeChatLogin, settings: OfficialAccountSettings
) -> None:
    openids = [NEW_USER, FOLLOWER, SNAPSHOT_USER] * 8
    codes = [code_of(settings, openid) for openid in openids]

    def who(code: str) -> tuple[str, str]:
        user = login.exchange(code)
        return user.openid, login.profile(user).nickname

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(who, codes))

    names = {NEW_USER: "林小满", FOLLOWER: "陈静", SNAPSHOT_USER: "微信用户"}
    assert seen == [(openid, names[openid]) for openid in openids]


def test_identity_token_and_secret_are_never_printed(
    login: WeChatLogin, settings: OfficialAccountSettings
) -> None:
    user = login.exchange(code_of(settings, NEW_USER))

    printed = f"{user!r} {login.profile(user)!r} {settings!r} {login!r}"

    for private in (NEW_USER, "uSimNewUser", user.access_token, "林小满", SECRET):
        assert private not in printed


@pytest.mark.parametrize("code", ["the-code-of-a-customer"])
def test_the_traceback_of_a_failure_quotes_neither_secret_nor_code(code: str) -> None:
    nowhere = OfficialAccountSettings(APPID, SECRET, "http://127.0.0.1:1", "http://127.0.0.1:1")

    with pytest.raises(WeChatUnavailableError) as trouble:
        WeChatOAuthLogin(nowhere).exchange(code)

    printed = "".join(traceback.format_exception(trouble.value))
    assert SECRET not in printed
    assert code not in printed
    assert trouble.value.__context__ is None
    assert trouble.value.facts == {"reason": "ConnectionError"}


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.weixin.qq.com",
        "http://127.0.0.1.evil.example",
        "https://api.weixin.qq.com/",
        "https://",
        "ftp://127.0.0.1",
        "",
    ],
)
def test_a_base_address_that_would_expose_the_secret_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match="base address"):
        OfficialAccountSettings(APPID, SECRET, api_base_url=base_url)
