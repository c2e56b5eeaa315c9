"""A real Chromium for journeys: one browser a module, one fresh page a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
PHONE: ViewportSize = {"width": 375, "height": 812}
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    # Nothing but the loopback resolves, so no page can reach the outside.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


def chromium(path: Path = CHROMIUM) -> str:
    """The browser's path; without one the test fails, as a skipped test proves nothing."""
    if not path.exists():
        pytest.fail(
            "Browser tests need Debian's packages chromium and fonts-noto-cjk:"
            " apt-get install chromium fonts-noto-cjk",
            pytrace=False,
        )
    return str(path)


# Not for the whole run: Playwright keeps an event loop running in this thread
# while it lives, and asyncio.run of other modules' tests would refuse.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium that reaches the loopback only."""
    path = chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[Page]:
    """An empty phone-sized page without cookies; a console or script error fails the test."""
    context = browser.new_context(viewport=PHONE, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []
