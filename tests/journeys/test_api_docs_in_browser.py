"""The API's documentation page in a real browser: local assets, no complaint, nothing outside."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, ViewportSize, expect

from tests.conftest import Database
from tests.interface.town import Town, town_of

WIDTHS = pytest.mark.parametrize("width", [375, 1440])


@pytest.fixture(scope="module")
def town(module_database: Database) -> Iterator[Town]:
    with town_of(module_database) as running:
        yield running


@pytest.fixture
def docs(town: Town, browser_page: Page) -> Iterator[Page]:
    """The rendered page; a request to anywhere but the product fails the test."""
    elsewhere: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((town.url, "data:")):
            elsewhere.append(request.url)

    browser_page.on("request", note)
    browser_page.goto(f"{town.url}/")  # the told address leads here
    expect(browser_page.locator(".opblock").first).to_be_visible()
    yield browser_page
    assert elsewhere == []


@WIDTHS
def test_every_operation_is_rendered(town: Town, docs: Page, width: int) -> None:
    docs.set_viewport_size(ViewportSize(width=width, height=900))
    document = town.anybody().read("/api/v1/openapi.json")
    operations = sum(len(methods) for methods in document["paths"].values())
    expect(docs.locator(".opblock")).to_have_count(operations)
    expect(docs.locator("h2.title")).to_contain_text("家务 Jiawu")
    assert docs.evaluate("document.documentElement.scrollWidth") <= width


def test_an_operation_opens_and_shows_its_problems(docs: Page) -> None:
    docs.get_by_text("/api/v1/orders", exact=True).first.click()
    opened = docs.locator(".opblock.is-open")
    expect(opened).to_contain_text("Book a service (下单).")
    expect(opened).to_contain_text('"service_code": "BJ-01"')
    expect(opened.locator(".response-col_status", has_text=re.compile("^401$"))).to_be_visible()
    expect(opened).to_contain_text("application/problem+json")


def test_the_page_allows_nothing_but_its_own(town: Town, docs: Page) -> None:
    answer = town.anybody().get("/api/docs")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert docs.evaluate("document.querySelectorAll('script:not([src])').length") == 0
