"""Whatever a server answers, only the port's errors come out."""

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from threading import Event, Thread
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from application.wechat_login import (
    LoginExpiredError,
    ProfileNotGrantedError,
    WeChatProfile,
    WeChatUnavailableError,
    WeChatUser,
)
from infrastructure.wechat.official_account.bounded_session import BoundedSession
from infrastructure.wechat.official_account.login import WeChatOAuthLogin
from infrastructure.wechat.official_account.settings import OfficialAccountSettings
from tests.loopback import Message, Receive, Send, Stage, stage

OURS = (LoginExpiredError, ProfileNotGrantedError, WeChatUnavailableError)
USER = WeChatUser("oUser", "", "snsapi_userinfo", snapshot=False, access_token="token")
TOKEN_ANSWER: dict[str, Any] = {
    "access_token": "token",
    "expires_in": 7200,
    "refresh_token": "refresh",
    "openid": "oUser",
    "scope": "snsapi_userinfo",
    "unionid": "uUser",
}
PROFILE_ANSWER: dict[str, Any] = {
    "openid": "oUser",
    "nickname": "陈静",
    "headimgurl": "https://thirdwx.qlogo.cn/mmopen/1/132",
    "privilege": [],
}


@dataclass
class Parrot:
    """An ASGI application that gives one answer to everything, and keeps the paths."""

    status: int = 200
    body: bytes = b"{}"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        del receive
        self.paths.append(scope["path"])
        head = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(head)
        await send({"type": "http.response.body", "body": self.body})

    def says(self, answer: object) -> None:
        self.body = json.dumps(answer).encode()


@dataclass(frozen=True)
class Conversation:
    parrot: Parrot
    login: WeChatOAuthLogin
    settings: OfficialAccountSettings


@pytest.fixture(scope="module")
def running_stage() -> Iterator[Stage]:
    with stage() as running:
        yield running


@pytest.fixture
def talk(running_stage: Stage) -> Conversation:
    parrot = running_stage.play = Parrot()
    url = running_stage.url
    limits = OfficialAccountSettings("wx0123456789abcdef", "secret", url, url)
    return Conversation(parrot, WeChatOAuthLogin(limits), limits)


def outcome(login: WeChatOAuthLogin, call: str) -> WeChatUser | WeChatProfile | None:
    """What the call gave; None for one of our errors, and any other error fails the test."""
    with suppress(*OURS):
        return login.exchange("code") if call == "exchange" else login.profile(USER)
    return None


def reason_of(login: WeChatOAuthLogin) -> object:
    with pytest.raises(WeChatUnavailableError) as trouble:
        login.exchange("code")
    return trouble.value.facts["reason"]


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from([0, "0", 1, -1, 40029, "40029", 10**400, "oUser", "\ud800", "a\0b", [], {}])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)
keys = st.sampled_from([*TOKEN_ANSWER, *PROFILE_ANSWER, "errcode", "errmsg", "is_snapshotuser"])
altered_answers = st.builds(
    lambda whole, changes, missing: {
        key: value for key, value in (whole | changes).items() if key not in missing
    },
    st.sampled_from([TOKEN_ANSWER, PROFILE_ANSWER]),
    st.dictionaries(keys, values, max_size=3),
    st.sets(keys, max_size=2),
)
json_bodies = (altered_answers | values).map(lambda answer: json.dumps(answer).encode())
cut_bodies = st.builds(
    lambda body, end: body[:end], json_bodies, st.integers(min_value=0, max_value=80)
)
calls = st.sampled_from(["exchange", "profile"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(call=calls, body=st.binary() | json_bodies | cut_bodies)
@example(call="exchange", body=b"[" * 60_000)
@example(call="exchange", body=b'{"errcode": ' + b"1" * 5_000 + b"}")
@example(call="exchange", body=b'{"errcode": ' + b"1" * 4_000 + b', "errmsg": ""}')
@example(call="exchange", body=b'{"errcode": [], "errmsg": {}}')
@example(call="exchange", body=b'"errcode"')
@example(call="profile", body=b'{"errcode": NaN}')
@example(call="profile", body=b'{"openid": "oUser", "headimgurl": "http://[bad"}')
def test_any_body_gives_a_whole_answer_or_one_of_our_errors(
    talk: Conversation, call: str, body: bytes
) -> None:
    talk.parrot.body = body

    answer = outcome(talk.login, call)

    if isinstance(answer, WeChatUser):
        assert answer.openid
        assert answer.openid.isascii()
    if isinstance(answer, WeChatProfile):
        assert "\0" not in answer.nickname.encode().decode()
        assert answer.headimgurl == "" or answer.headimgurl.startswith("http")


@pytest.mark.parametrize("status", [201, 204, 301, 302, 400, 404, 414, 429, 500, 502, 503])
def test_any_other_status_means_unavailable_whatever_the_body_says(
    talk: Conversation, status: int
) -> None:
    talk.parrot.says(TOKEN_ANSWER)
    talk.parrot.status = status
    if status == 204:
        talk.parrot.body = b""

    assert reason_of(talk.login) == "UnfitAnswerError"


def test_a_redirect_is_not_followed(talk: Conversation) -> None:
    talk.parrot.status = 302
    talk.parrot.headers = [(b"location", b"/elsewhere")]

    assert reason_of(talk.login) == "UnfitAnswerError"
    assert talk.parrot.paths == ["/sns/oauth2/access_token"]


def test_an_html_page_with_status_200_means_unavailable(talk: Conversation) -> None:
    talk.parrot.body = "<html>系统繁忙</html>".encode()

    assert reason_of(talk.login) == "JSONDecodeError"


def test_a_body_may_be_as_long_as_the_limit_and_no_longer(talk: Conversation) -> None:
    whole = json.dumps(TOKEN_ANSWER).encode()
    limit = talk.settings.max_body_bytes

    talk.parrot.body = whole.ljust(limit)
    assert talk.login.exchange("code").openid == "oUser"

    talk.parrot.body = whole.ljust(limit + 1)
    assert reason_of(talk.login) == "UnfitAnswerError"


def test_a_compressed_body_is_not_unpacked(talk: Conversation) -> None:
    talk.parrot.headers = [(b"content-encoding", b"gzip")]
    talk.parrot.body = gzip.compress(b" " * 50_000_000)

    assert reason_of(talk.login) == "JSONDecodeError"


@pytest.mark.parametrize("key", ["openid", "access_token", "scope", "refresh_token", "expires_in"])
def test_a_missing_key_means_unavailable(talk: Conversation, key: str) -> None:
    talk.parrot.says({name: value for name, value in TOKEN_ANSWER.items() if name != key})

    assert reason_of(talk.login) == "KeyError"


@pytest.mark.parametrize("errcode", [-1, 40001, 40164, 40243, 45011, "40029", 40029.0, None, True])
def test_an_errcode_that_says_nothing_about_the_code_means_unavailable(
    talk: Conversation, errcode: object
) -> None:
    talk.parrot.says({"errcode": errcode, "errmsg": "?"})

    reason_of(talk.login)


@pytest.mark.parametrize("errcode", [40029, 40163, 41008, 42003])
def test_an_errcode_about_the_code_asks_to_log_in_again(talk: Conversation, errcode: int) -> None:
    talk.parrot.says({"errcode": errcode, "errmsg": "?"})

    with pytest.raises(LoginExpiredError):
        talk.login.exchange("code")


@pytest.mark.parametrize("errcode", [40001, 40003, 40014, 42001])
def test_an_errcode_about_the_token_asks_to_log_in_again(talk: Conversation, errcode: int) -> None:
    talk.parrot.says({"errcode": errcode, "errmsg": "?"})

    with pytest.raises(LoginExpiredError):
        talk.login.profile(USER)


@pytest.mark.parametrize(
    ("mark", "snapshot"),
    [(0, False), ("0", False), (None, False), (1, True), ("1", True), (True, True), ([], True)],
)
def test_anything_but_a_clear_no_counts_as_a_snapshot(
    talk: Conversation, mark: object, *, snapshot: bool
) -> None:
    talk.parrot.says(TOKEN_ANSWER | {"is_snapshotuser": mark})

    assert talk.login.exchange("code").snapshot is snapshot


def test_a_profile_of_somebody_else_is_not_taken(talk: Conversation) -> None:
    talk.parrot.says(PROFILE_ANSWER | {"openid": "oOther"})

    with pytest.raises(WeChatUnavailableError):
        talk.login.profile(USER)


def test_a_profile_keeps_only_what_can_be_stored_and_shown(talk: Conversation) -> None:
    talk.parrot.says(
        PROFILE_ANSWER | {"nickname": "陈\0静\ud800😀", "headimgurl": "javascript:alert(1)"}
    )

    assert talk.login.profile(USER) == WeChatProfile("陈静😀", "")


def test_a_server_that_never_answers_is_given_up(talk: Conversation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        hasty = replace(
            talk.settings, api_base_url=f"http://127.0.0.1:{port}", read_timeout_seconds=0.1
        )

        assert reason_of(WeChatOAuthLogin(hasty)) == "ReadTimeout"


def test_a_server_that_drips_is_given_up_although_each_drop_is_in_time(
    talk: Conversation,
) -> None:
    with dripping_server() as url:
        hasty = replace(
            talk.settings,
            api_base_url=url,
            read_timeout_seconds=2,
            total_timeout_seconds=0.2,
        )

        assert reason_of(WeChatOAuthLogin(hasty)) == "UnfitAnswerError"


def test_a_server_that_drips_its_head_is_given_up_too(talk: Conversation) -> None:
    with dripping_server(b"HTTP/1.1 200 OK\r\nX-Long: ") as url:
        hasty = replace(
            talk.settings,
            api_base_url=url,
            read_timeout_seconds=2,
            total_timeout_seconds=0.2,
        )

        assert reason_of(WeChatOAuthLogin(hasty)) == "UnfitAnswerError"


@contextmanager
def dripping_server(
    beginning: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n",
) -> Iterator[str]:
    """Begins an answer and sends a blank every 20 ms until it is stopped."""
    stopped = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=drip, args=(listener, stopped, beginning))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stopped.set()
        thread.join()


def drip(listener: socket.socket, stopped: Event, beginning: bytes) -> None:
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.recv(65_536)
        connection.sendall(beginning)
        while not stopped.wait(0.02):
            connection.sendall(b" ")


def test_a_server_that_breaks_off_is_reported_as_unavailable(talk: Conversation) -> None:
    talk.parrot.headers = [(b"content-length", b"5000")]
    talk.parrot.says(TOKEN_ANSWER)

    assert reason_of(talk.login)


@pytest.mark.parametrize(
    "url", ["https://api.weixin.qq.com.evil.example/", "https://qq.com/", "http://h/"]
)
def test_the_session_reaches_nothing_but_the_configured_server(
    talk: Conversation, url: str
) -> None:
    with (
        BoundedSession(talk.settings) as session,
        pytest.raises(requests.exceptions.InvalidSchema),
    ):
        session.get(url, timeout=1)
    assert talk.parrot.paths == []


def test_calls_for_tencents_host_arrive_at_the_configured_one(talk: Conversation) -> None:
    talk.parrot.says(TOKEN_ANSWER)

    talk.login.exchange("code")

    assert talk.parrot.paths == ["/sns/oauth2/access_token"]
