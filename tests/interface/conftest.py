"""Tests of the interface talk to a running town over real sockets."""

from collections.abc import Iterator

import pytest

from tests.conftest import Database
from tests.interface.town import Town, town_of


@pytest.fixture(scope="module")
def town(module_database: Database) -> Iterator[Town]:
    """One running town for the tests of a module; time only goes forward in it."""
    with town_of(module_database) as running:
        yield running
