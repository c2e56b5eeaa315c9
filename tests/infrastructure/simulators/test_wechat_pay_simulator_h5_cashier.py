"""The simulated H5 cashier page and the scanner: who may open them, and what they do."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tests.infrastructure.simulators.wechat_pay_world import NUMBER, Answer, World, running_world

PAGE = "/cgi-bin/mmpayweb-bin/checkmweb"
SHOP = "https://m.shop.example.com/orders/7"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"


@pytest.fixture
def world() -> Iterator[World]:
    with running_world(h5_domains=frozenset({"shop.example.com"})) as running:
        yield running


def link(world: World, **changed: object) -> str:
    """The h5_url without scheme and host."""
    parts = urlsplit(world.prepay_as("h5", **changed).json()["h5_url"])
    assert parts.netloc == f"127.0.0.1:{world.merchant.port}"
    return f"{parts.path}?{parts.query}"


def opened(world: World, target: str, referer: str = SHOP, agent: str = SAFARI) -> str:
    headers = {"Referer": referer, "User-Agent": agent}
    return text(world.merchant.exchange("GET", target, b"", headers))


def decided(world: World, target: str, action: str, redirect_url: str = "") -> str:
    names = dict(each.split("=") for each in urlsplit(target).query.split("&"))
    return text(world.merchant.submit(PAGE, **names, action=action, redirect_url=redirect_url))


def text(answer: Answer) -> str:
    assert answer.status == 200
    return answer.body.decode()


def test_the_page_shows_the_bill(world: World) -> None:
    page = opened(world, link(world, description="<b>保洁</b>"))
    assert all(word in page for word in ("¥189.00", "&lt;b&gt;保洁", NUMBER, "支付</button>"))


@pytest.mark.parametrize(
    ("referer", "sentence"),
    [
        ("", "商家参数格式有误，请联系商家解决"),
        ("https://other.example.com/", "商家存在未配置的参数，请联系商家解决"),
        ("https://evilshop.example.com/", "商家存在未配置的参数，请联系商家解决"),
        ("https://shop.example.com.evil.example/", "商家存在未配置的参数，请联系商家解决"),
        ("https://[", "商家存在未配置的参数，请联系商家解决"),
        ("https://shop.example.com/", "¥189.00"),
        ("https://m.shop.example.com/", "¥189.00"),
    ],
)
def test_only_pages_of_a_registered_domain_lead_here(
    world: World, referer: str, sentence: str
) -> None:
    assert sentence in opened(world, link(world), referer)


def test_the_page_is_for_browsers_outside_wechat(world: World) -> None:
    assert "请在微信外打开订单" in opened(world, link(world), agent=f"{SAFARI} MicroMessenger/8.0")


def test_the_address_must_be_the_one_of_the_prepay(world: World) -> None:
    scene = {"payer_client_ip": "203.0.113.9", "h5_info": {"type": "Wap"}}
    target = link(world, scene_info=scene)
    assert "网络环境未能通过安全验证，请稍后再试" in opened(world, target)
    assert "网络环境未能通过安全验证，请稍后再试" in decided(world, target, "pay")
    assert world.query().json()["trade_state"] == "NOTPAY"


def test_an_address_that_is_none_never_matches(world: World) -> None:
    scene = {"payer_client_ip": "localhost", "h5_info": {"type": "Wap"}}
    assert "网络环境" in opened(world, link(world, scene_info=scene))


def test_the_link_is_good_for_five_minutes(world: World) -> None:
    target = link(world)
    world.clock.advance(timedelta(minutes=5))
    assert "¥189.00" in opened(world, target)
    world.clock.advance(timedelta(seconds=1))
    assert "支付链接已失效" in opened(world, target)
    assert "¥189.00" in opened(world, link(world))


@pytest.mark.parametrize("query", ["", "?prepay_id=wx0&package=1", "?package=1"])
def test_an_unknown_link_shows_nothing(world: World, query: str) -> None:
    assert "订单不存在" in opened(world, PAGE + query)


def test_a_link_of_another_order_or_trade_type_shows_nothing(world: World) -> None:
    assert "订单不存在" in opened(world, link(world) + "1")
    prepay_id = world.prepay(out_trade_no="PAGE-01").json()["prepay_id"]
    assert "订单不存在" in opened(world, f"{PAGE}?prepay_id={prepay_id}&package=1")


def test_a_customer_pays_and_returns(world: World) -> None:
    target = link(world)
    page = decided(world, target, "pay", SHOP)
    assert "支付成功" in page
    assert f'href="{SHOP}"' in page
    paid = world.query().json()
    assert (paid["trade_state"], paid["trade_type"]) == ("SUCCESS", "MWEB")
    assert world.notifier.deliver_due() == 1
    again = decided(world, target, "pay", SHOP)
    assert "该订单已支付，请勿重复支付" in again


def test_a_customer_who_cancels_may_still_pay_or_return(world: World) -> None:
    target = link(world)
    page = decided(world, target, "cancel", SHOP)
    assert all(word in page for word in ("已取消支付", "支付</button>", "已完成支付，返回商家"))
    assert world.query().json()["trade_state"] == "NOTPAY"
    assert "支付成功" in decided(world, target, "pay", SHOP)


@pytest.mark.parametrize(
    "redirect_url", ["https://evil.example/", "javascript://shop.example.com/%0aalert(1)", ""]
)
def test_the_page_returns_only_to_a_registered_domain(world: World, redirect_url: str) -> None:
    target = f"{link(world)}&redirect_url={quote(redirect_url, safe='')}"
    assert "href=" not in opened(world, target).partition("<main>")[2]


def test_the_page_returns_where_the_link_says(world: World) -> None:
    page = opened(world, f"{link(world)}&redirect_url={quote(SHOP, safe='')}")
    assert f'href="{SHOP}"' in page


# The scanner


def scanned(world: World, code_url: str = "") -> Answer:
    query = "?" + urlencode({"code_url": code_url}) if code_url else ""
    return world.merchant.exchange("GET", "/_sim/scan" + query, b"", {})


def test_the_scanner_lists_the_newest_code_of_each_open_order(world: World) -> None:
    assert "没有待支付的二维码" in text(scanned(world))
    old, new = (world.prepay_as("native").json()["code_url"] for _ in range(2))
    listed = text(scanned(world))
    assert new in listed
    assert old not in listed
    world.pay()
    assert "没有待支付的二维码" in text(scanned(world))


def test_a_scanned_code_leads_to_the_cashier(world: World) -> None:
    answer = scanned(world, world.prepay_as("native").json()["code_url"])
    assert answer.status == 303
    target = answer.headers["Location"]
    assert "¥189.00" in text(world.merchant.exchange("GET", target, b"", {}))
    prepay_id = target.partition("prepay_id=")[2]
    world.merchant.submit("/_sim/cashier", action="pay", prepay_id=prepay_id)
    assert world.query().json()["trade_type"] == "NATIVE"


def test_an_old_or_unknown_code_leads_nowhere(world: World) -> None:
    code_url = world.prepay_as("native").json()["code_url"]
    world.clock.advance(timedelta(hours=2, seconds=1))
    assert scanned(world, code_url).status == 409
    assert scanned(world, "weixin://wxpay/bizpayurl?pr=0").status == 404
