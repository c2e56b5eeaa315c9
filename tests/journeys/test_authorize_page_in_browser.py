from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.sync_api import Page, expect

from infrastructure.clock import SettableClock
from infrastructure.simulators.official_account import SimulatorSettings, create_app
from infrastructure.wechat.official_account.login import WeChatOAuthLogin
from infrastructure.wechat.official_account.settings import OfficialAccountSettings
from tests.journeys.browser import chromium
from tests.loopback import serving

APPID = "wx0123456789abcdef"
SECRET = "simulated-secret"


@pytest.fixture(scope="module")
def login() -> Iterator[WeChatOAuthLogin]:
    clock = SettableClock(datetime(2026, 11, 22, 2, 0, tzinfo=UTC))
    with serving(create_app(SimulatorSettings(APPID, SECRET), clock)) as url:
        yield WeChatOAuthLogin(OfficialAccountSettings(APPID, SECRET, url, url))


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    """The address to which the browser comes back."""
    app = FastAPI()

    @app.get("/back", response_class=HTMLResponse)
    def back() -> str:
        return '<!doctype html><link rel="icon" href="data:,"><title>回来了</title>'

    with serving(app) as url:
        yield f"{url}/back"


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_tap_on_a_user_leads_back_with_a_code_that_works(
    browser_page: Page, login: WeChatOAuthLogin, receiver: str
) -> None:
    browser_page.goto(login.authorize_url(receiver, "state-1", "snsapi_userinfo"))
    browser_page.get_by_role("button", name="新用户").click()

    expect(browser_page).to_have_title("回来了")
    query = query_of(browser_page)
    assert query["state"] == ["state-1"]
    assert login.profile(login.exchange(query["code"][0])).nickname == "林小满"


def test_a_tap_on_decline_leads_back_without_a_code(
    browser_page: Page, login: WeChatOAuthLogin, receiver: str
) -> None:
    browser_page.goto(login.authorize_url(receiver, "state-2", "snsapi_base"))
    browser_page.get_by_role("button", name="拒绝授权").click()

    expect(browser_page).to_have_title("回来了")
    assert query_of(browser_page) == {"state": ["state-2"]}


def test_the_page_fits_a_phone_with_targets_for_a_thumb(
    browser_page: Page, login: WeChatOAuthLogin, receiver: str
) -> None:
    browser_page.goto(login.authorize_url(receiver, "state-3", "snsapi_userinfo"))

    buttons = browser_page.get_by_role("button").all()
    boxes = [box for button in buttons if (box := button.bounding_box())]
    assert browser_page.evaluate("document.documentElement.scrollWidth") == 375
    assert len(boxes) == 4
    assert all(box["height"] >= 44 for box in boxes)


def test_without_chromium_the_failure_names_what_to_install() -> None:
    with pytest.raises(pytest.fail.Exception, match="packages chromium and fonts-noto-cjk"):
        chromium(Path("/nowhere/chromium"))
