"""What journeys may ask for beyond the project's fixtures."""

from tests.journeys.browser import browser, browser_page

__all__ = ["browser", "browser_page"]
