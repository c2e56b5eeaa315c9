"""The signature for WeChat's JS-SDK: for our own pages only."""

import hashlib
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

from application.wechat_js_sdk import ForeignPageError, JsSdk, JsSdkSignature
from infrastructure.clock import SettableClock
from tests.interface.problems import assert_problem
from tests.interface.town import Town
from tests.product import NOON

PATH = "/api/v1/wechat/js-sdk"
APPID = "wx0123456789abcdef"
OURS = "https://jiawu.example"


class Signer:
    """Signs with the address itself, so that a test sees what was signed."""

    def sign(self, url: str, timestamp: int) -> JsSdkSignature:
        return JsSdkSignature("nonce", f"{timestamp} {url}")


def js_sdk(base_url: str = OURS) -> JsSdk:
    return JsSdk(Signer(), SettableClock(NOON), appid=APPID, base_url=base_url)


def signed(url: str, base_url: str = OURS) -> str:
    return js_sdk(base_url).configuration(url).signature.partition(" ")[2]


def test_a_configuration_holds_what_the_page_needs() -> None:
    made = js_sdk().configuration(f"{OURS}/book?service=BJ-01")

    assert (made.app_id, made.nonce) == (APPID, "nonce")
    assert made.timestamp == int(NOON.timestamp())
    assert made.signature == f"{made.timestamp} {OURS}/book?service=BJ-01"


@pytest.mark.parametrize(
    ("url", "what"),
    [
        (f"{OURS}/", f"{OURS}/"),
        (OURS, OURS),
        (f"{OURS}/book#step-2", f"{OURS}/book"),
        (f"{OURS}/book#a#b", f"{OURS}/book"),
        (f"{OURS}/book?a=%E4%B8%AD&b=1?2", f"{OURS}/book?a=%E4%B8%AD&b=1?2"),
        (f"{OURS}:443/book", f"{OURS}:443/book"),
        ("https://JIAWU.example/book", "https://JIAWU.example/book"),
        (f"{OURS}/book?next=https://evil.example/@x", f"{OURS}/book?next=https://evil.example/@x"),
    ],
)
def test_our_pages_are_signed_as_they_are_but_for_the_fragment(url: str, what: str) -> None:
    assert signed(url) == what


FOREIGN = [
    "",
    "/book",
    "//jiawu.example/book",
    "http://jiawu.example/book",
    "https://jiawu.example:8443/book",
    "https://jiawu.example.evil.example/",
    "https://evil.example/?https://jiawu.example/",
    "https://evil.example/#https://jiawu.example/",
    "https://jiawu.example@evil.example/",
    "https://evil.example\\@jiawu.example/",
    "https://someone@jiawu.example/",
    "https://www.jiawu.example/",
    "https://jiawu.example./",
    "https://jiawu.example:port/",
    "https://jiawu.example:99999/",
    "https://[jiawu.example/",
    "https://jiawu.example/a b",
    "https://jiawu.example/a\tb",
    "https://jiawu.example/\r\nx",
    "https://jiawu.example/预约",
    "https://jiawu.example/\x00",
    " https://jiawu.example/",
    "javascript:https://jiawu.example/",
    "#https://jiawu.example/",
    OURS + "/" + "x" * 2_000,
]


@pytest.mark.parametrize("url", FOREIGN)
def test_any_other_address_is_refused(url: str) -> None:
    with pytest.raises(ForeignPageError, match="只能为本站的页面签名") as refused:
        signed(url)
    assert refused.value.status == 422
    assert refused.value.facts == {"field": "url"}


def test_the_port_counts() -> None:
    base_url = "http://127.0.0.1:8000"

    assert signed(f"{base_url}/book", base_url) == f"{base_url}/book"
    for other in ("http://127.0.0.1:8001/book", "http://127.0.0.1/book", "https://127.0.0.1:8000/"):
        with pytest.raises(ForeignPageError):
            signed(other, base_url)


@given(st.text(st.sampled_from([*string.printable, "预", "@", ":", "/", "\\", "#"]), max_size=40))
@example("@evil.example/")
@example(":443@evil.example/")
@example(".evil.example/")
def test_what_follows_our_address_never_makes_it_anothers(rest: str) -> None:
    try:
        page = signed(OURS + rest)
    except ForeignPageError:
        return
    assert page == (OURS + rest).partition("#")[0]
    following = page.removeprefix(OURS)
    assert following[:1] in {"", "/", "?"} or following.startswith(":")
    assert "@" not in following.partition("/")[0].partition("?")[0]


# -- over HTTP


def test_a_page_is_signed_with_the_accounts_ticket(town: Town) -> None:
    url = f"{town.url}/book?service=BJ-01"

    answer = town.anybody().get(PATH, url=f"{url}#step-2")

    told = answer.json()
    with town.house.engine.connect() as connection:
        query = text("select value from wechat.tokens where kind = 'jsapi_ticket'")
        ticket = connection.execute(query).scalar_one()
    plain = (
        f"jsapi_ticket={ticket}&noncestr={told['nonce']}&timestamp={told['timestamp']}&url={url}"
    )
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert told == {
        "app_id": town.house.settings.wechat_appid,
        "timestamp": int(town.clock.now().timestamp()),
        "nonce": told["nonce"],
        "signature": hashlib.sha1(plain.encode(), usedforsecurity=False).hexdigest(),
    }


def test_the_ticket_is_fetched_once_for_many_pages(town: Town) -> None:
    for number in range(5):
        assert town.anybody().get(PATH, url=f"{town.url}/{number}").status_code == 200

    made = town.outside.get(f"{town.account_url}/_sim/counters", timeout=5).json()["calls"]
    assert made["/cgi-bin/ticket/getticket"]["total"] == 1
    assert made["/cgi-bin/stable_token"]["total"] == 1


def test_each_signature_has_a_nonce_of_its_own(town: Town) -> None:
    nonces = {town.anybody().read(PATH, url=f"{town.url}/")["nonce"] for _ in range(4)}

    assert len(nonces) == 4


@pytest.mark.parametrize("url", ["https://evil.example/", "/book", "", "http://127.0.0.1:1/"])
def test_a_foreign_page_is_not_signed(town: Town, url: str) -> None:
    answer = town.anybody().get(PATH, url=url)

    assert_problem(answer, 422, "foreign_page", "url")
    assert answer.json()["title"] == "只能为本站的页面签名。"


@pytest.mark.parametrize("url", ["http://x/\x00", "http://x/\u202e", "x" * 2_001])
def test_an_address_that_no_browser_has_is_refused(town: Town, url: str) -> None:
    assert_problem(town.anybody().get(PATH, url=url), 422, "invalid_input", "url")


def test_an_address_must_be_given(town: Town) -> None:
    assert_problem(town.anybody().get(PATH), 422, "invalid_input", "url")


def test_without_wechat_the_page_is_told_to_come_again(town: Town) -> None:
    with town.house.engine.begin() as connection:
        connection.execute(text("update wechat.tokens set value = ''"))
    town.simulate("account", "/_sim/switches", {"secret_frozen": True})

    answer = town.anybody().get(PATH, url=f"{town.url}/")

    town.simulate("account", "/_sim/switches", {"secret_frozen": False})
    assert_problem(answer, 503, "wechat_unavailable")
    assert answer.headers["Retry-After"]
    assert town.anybody().get(PATH, url=f"{town.url}/").status_code == 200
