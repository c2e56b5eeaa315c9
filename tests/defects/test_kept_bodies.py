"""A prepay that one release of the product began and the next one repeats."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from interface.household import Household, build
from tests.conftest import Database
from tests.interface.nastiest_cases.test_attempts import start_paying
from tests.interface.nastiest_cases.wire import Recording
from tests.interface.town import Town, town_of


@pytest.fixture
def town(database: Database) -> Iterator[Town]:
    with town_of(database) as running:
        yield running


@contextmanager
def release(town: Town, line: Recording, notify_url: str) -> Iterator[Household]:
    """A process whose prepays bear this address for notices."""
    settings = town.house.settings.model_copy(update={"pay_notify_url": notify_url})
    house = build(settings, town.clock, line)
    yield house
    house.close()


def test_a_prepay_begun_before_a_new_release_is_repeated_with_its_first_bytes(town: Town) -> None:
    """Another address for notices makes another body, which WeChat takes for a duplicate."""
    customer, line = town.customer(), Recording()
    order = town.booked(customer)
    town.simulate("pay", "/_sim/fail_next", {"path_contains": "jsapi", "drop_response": True})
    with release(town, line, "") as old:
        number = start_paying(old, customer, order)
    town.clock.advance(timedelta(seconds=2))
    with release(town, line, f"{town.url}/moved") as new:
        while new.outbox.run_due():
            pass
    first, second = line.bodies_of(number)
    assert first == second
    assert town.facts_of_payment(number) == ["payment.started", "payment.prepared"]
