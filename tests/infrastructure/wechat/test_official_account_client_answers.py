"""Whatever a server answers to the account's client, only our error comes out."""

import inspect
import io
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from wechatpy.client.api.base import BaseWeChatAPI

from application.wechat_login import WeChatUnavailableError
from infrastructure.clock import SettableClock
from infrastructure.event_log.factory import log_engine
from infrastructure.wechat.official_account.answers import token_of
from infrastructure.wechat.official_account.client import OfficialAccountClient
from infrastructure.wechat.official_account.js_sdk import WeChatJsSdkSigner, signature
from infrastructure.wechat.official_account.settings import OfficialAccountSettings
from infrastructure.wechat.official_account.tokens import Fetched, PostgresTokens
from infrastructure.wechat.official_account.wechat_client import TokenClient
from tests.conftest import Database
from tests.infrastructure.wechat.test_official_account_bad_answers import (
    Parrot,
    cut_bodies,
    dripping_server,
    values,
)
from tests.loopback import Stage, stage

Call: TypeAlias = Callable[[Any], Any]  # of wechatpy's client, which has no types

APPID = "wx0123456789abcdef"
TOKEN = {"access_token": "t" * 100, "expires_in": 7200}
TICKET = {"errcode": 0, "errmsg": "ok", "ticket": "k" * 86, "expires_in": 7200}


@dataclass(frozen=True)
class Talk:
    parrot: Parrot
    client: OfficialAccountClient
    settings: OfficialAccountSettings
    tokens: PostgresTokens
    engine: Engine

    def forget(self) -> None:
        """Start without any token."""
        with self.engine.begin() as connection:
            connection.execute(text("delete from wechat.tokens"))


@pytest.fixture(scope="module")
def running_stage() -> Iterator[Stage]:
    with stage() as running:
        yield running


@pytest.fixture(scope="module")
def engine(module_database: Database) -> Iterator[Engine]:
    made = log_engine(module_database.application_url)
    yield made
    made.dispose()


@pytest.fixture
def talk(running_stage: Stage, engine: Engine) -> Talk:
    parrot = running_stage.play = Parrot()
    url = running_stage.url
    limits = OfficialAccountSettings(APPID, "secret", url, url)
    tokens = PostgresTokens(engine, SettableClock(datetime(2026, 11, 22, tzinfo=UTC)))
    made = Talk(parrot, OfficialAccountClient(limits, tokens), limits, tokens, engine)
    made.forget()
    return made


def with_a_token(talk: Talk) -> None:
    talk.forget()
    talk.tokens.token(APPID, "access_token", lambda: Fetched("t" * 100, 7200))


whole_answers = st.sampled_from([TOKEN, TICKET])
names = st.sampled_from([*TOKEN, *TICKET, "base_resp"])
altered = st.builds(
    lambda whole, changes: json.dumps(whole | changes).encode(),
    whole_answers,
    st.dictionaries(names, values, max_size=3),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(body=st.binary() | altered | cut_bodies)
@example(body=b"[" * 60_000)
@example(body=b'{"errcode": 1e999}')
@example(body=b'{"errcode": NaN}')
@example(body=b'{"errcode": "x"}')
@example(body=b'{"errcode": null}')
@example(body=b'{"errcode": [1]}')
@example(body=b'{"errcode": ' + b"9" * 4_000 + b"}")
@example(body=b'{"base_resp": 1}')
@example(body=b'{"base_resp": {"errcode": 40001}}')
@example(body=b'{"access_token": "t", "expires_in": true}')
@example(body=b'{"access_token": "t", "expires_in": 1e400}')
@example(body=b'{"access_token": "t", "expires_in": -1}')
@example(body=b'{"access_token": "t", "expires_in": 99999999999999999999}')
@example(body=b'{"access_token": "a\\u0000b", "expires_in": 7200}')
@example(body=b'{"access_token": ["t"], "expires_in": 7200}')
@example(body=b'{"ticket": "\\ud800", "expires_in": 7200}')
@example(body=b"null")
@example(body=b"\xff\xfe\x00")
@pytest.mark.parametrize("first", ["token", "ticket"])
def test_any_body_gives_a_ticket_or_our_error(talk: Talk, first: str, body: bytes) -> None:
    talk.forget() if first == "token" else with_a_token(talk)
    talk.parrot.body = body

    with suppress(WeChatUnavailableError):
        ticket = talk.client.jsapi_ticket()
        assert ticket.isascii()
        assert ticket.isprintable()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": "t"},
        {"expires_in": 7200},
        *({"access_token": "t", "expires_in": n} for n in (0, -1, 86_401, True, "7200", 7200.0)),
        *({"access_token": t, "expires_in": 7200} for t in ("", "a b", "词", "x" * 2049, None, 7)),
    ],
    ids=str,
)
def test_a_token_of_another_form_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises((ValueError, LookupError)):
        token_of(answer, "access_token")


def test_a_token_of_2048_characters_is_kept() -> None:
    assert token_of({"access_token": "x" * 2048, "expires_in": 1}, "access_token").value


def test_a_body_that_is_no_json_is_refused_although_wechatpy_takes_it(talk: Talk) -> None:
    with_a_token(talk)
    talk.parrot.body = "<html>系统繁忙</html>".encode()

    with pytest.raises(WeChatUnavailableError, match="微信暂时没有响应"):
        talk.client.ask(lambda wechat: wechat.menu.get(), str)


def endpoints() -> list[str]:
    """Every API class of wechatpy, the nested ones of the shop too."""
    merchant = ["category", "express", "group", "order", "shelf", "stock"]
    found = inspect.getmembers(TokenClient, lambda each: isinstance(each, BaseWeChatAPI))
    return [name for name, _ in found] + [f"merchant.{name}" for name in merchant]


@pytest.mark.parametrize("name", endpoints())
def test_every_api_of_wechatpy_reaches_the_configured_server(talk: Talk, name: str) -> None:
    with_a_token(talk)
    talk.parrot.says({"errcode": 0})

    def call(wechat: TokenClient) -> object:
        found: Any = wechat
        for part in name.split("."):
            found = getattr(found, part)
        return found._get("probe")  # noqa: SLF001 - what all methods of the class send through

    talk.client.ask(call, dict)

    assert [path.rpartition("/")[2] for path in talk.parrot.paths] == ["probe"]


CALLS: dict[str, Call] = {
    "wxa/get_category": lambda wechat: wechat.wxa.get_category(),
    "customservice/kfsession/getwaitcase": lambda w: w.customservice.get_wait_case(),
    "customservice/kfaccount/del": lambda wechat: wechat.customservice.delete_account("kf@x"),
    "cgi-bin/menu/get": lambda wechat: wechat.menu.get(),
    "cgi-bin/tags/get": lambda wechat: wechat.tag.get(),
    "cgi-bin/showqrcode": lambda wechat: wechat.qrcode.show({"ticket": "x"}).json(),
    "semantic/semproxy/search": lambda wechat: wechat.semantic.search("词", "flight", city="北京"),
    "card/invoice/setbizattr": lambda wechat: wechat.invoice.get_auth_field(),
    "datacube/getusersummary": lambda w: w.datacube.get_user_summary("2026-11-01", "2026-11-02"),
    "merchant/category/getsub": lambda w: w.merchant.category.get_sub_categories(1),
    "bizwifi/shop/list": lambda wechat: wechat.wifi.list_shops(),
}


@pytest.mark.parametrize("path", CALLS)
def test_calls_with_addresses_of_their_own_reach_the_configured_server(
    talk: Talk, path: str
) -> None:
    with_a_token(talk)
    talk.parrot.says({"errcode": 0, "data": {}, "cate_list": []})

    with suppress(WeChatUnavailableError):  # the parrot does not know every answer
        talk.client.ask(CALLS[path], dict)

    assert talk.parrot.paths == [f"/{path}"]


def test_a_refused_token_in_a_text_of_parameters_is_no_defect(talk: Talk) -> None:
    with_a_token(talk)
    talk.parrot.says({"errcode": 40001, "errmsg": "stale"})

    with pytest.raises(WeChatUnavailableError) as refused:
        talk.client.ask(lambda wechat: wechat.customservice.delete_account("kf@x"), dict)
    assert refused.value.facts == {"reason": "40001"}


def test_a_call_is_not_repeated_with_a_file_that_is_already_read(talk: Talk) -> None:
    with_a_token(talk)
    talk.parrot.says({"errcode": 40001, "errmsg": "stale"})

    with pytest.raises(WeChatUnavailableError):
        talk.client.ask(lambda wechat: wechat.media.upload("image", io.BytesIO(b"picture")), dict)
    assert talk.parrot.paths == ["/cgi-bin/media/upload"]


def test_a_file_is_never_posted_to_an_address_out_of_an_answer(talk: Talk) -> None:
    with pytest.raises(WeChatUnavailableError):
        talk.client.ask(lambda wechat: wechat.cloud.upload_file("env", "path"), dict)
    assert talk.parrot.paths == []


SLOW: dict[str, Call] = {
    "token": lambda wechat: wechat.fetch_access_token(),
    "ticket": lambda wechat: wechat.jsapi.get_ticket(),
    "picture": lambda wechat: wechat.qrcode.show("ticket"),
    "customservice": lambda wechat: wechat.customservice.get_wait_case(),
    "patient caller": lambda wechat: wechat.get("menu/get", timeout=3600),
}


def reason_of(talk: Talk, url: str, call: Call) -> object:
    hasty = replace(
        talk.settings, api_base_url=url, read_timeout_seconds=0.1, total_timeout_seconds=0.2
    )
    with pytest.raises(WeChatUnavailableError) as trouble:
        OfficialAccountClient(hasty, talk.tokens).ask(call, dict)
    return trouble.value.facts["reason"]


@pytest.mark.parametrize("call", SLOW)
def test_no_call_waits_for_a_server_that_never_answers(talk: Talk, call: str) -> None:
    with_a_token(talk)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert reason_of(talk, url, SLOW[call]) == "ReadTimeout"


@pytest.mark.parametrize("call", SLOW)
@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"HTTP"])
def test_no_call_waits_for_a_server_that_drips(talk: Talk, call: str, beginning: bytes) -> None:
    with_a_token(talk)
    with dripping_server(beginning) as url:
        assert reason_of(talk, url, SLOW[call]) in {"UnfitAnswerError", "ConnectionError"}


def test_a_failed_fetch_leaves_no_token_behind(talk: Talk) -> None:
    talk.parrot.says({"errcode": -1, "errmsg": "system busy"})
    with pytest.raises(WeChatUnavailableError):
        talk.client.jsapi_ticket()

    with talk.engine.connect() as connection:
        assert connection.execute(text("select count(*) from wechat.tokens")).scalar_one() == 0


# The example of WeChat's own documentation.
DOCUMENTED = (
    "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
)


def test_the_signature_is_that_of_the_documentation() -> None:
    url = "http://mp.weixin.qq.com?params=value"

    signed = signature(DOCUMENTED, "Wm3WZYTPz0wzccnW", 1414587457, url)

    assert signed == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def test_the_signer_signs_with_the_accounts_ticket_and_a_new_nonce(talk: Talk) -> None:
    with_a_token(talk)
    talk.parrot.says(TICKET | {"ticket": DOCUMENTED})
    fixed = WeChatJsSdkSigner(talk.client, lambda: "Wm3WZYTPz0wzccnW")
    url = "http://mp.weixin.qq.com?params=value"

    assert fixed.sign(url, 1414587457).signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
    drawn = {WeChatJsSdkSigner(talk.client).sign(url, 1).nonce for _ in range(8)}
    assert len(drawn) == 8
    assert talk.parrot.paths == ["/cgi-bin/ticket/getticket"]
