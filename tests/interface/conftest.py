"""Tests of the interface talk to a running town over real sockets."""

from collections.abc import Iterator

import pytest

from tests.conftest import Database
from tests.interface.quarters import quarter
from tests.interface.sales import sale, silent
from tests.interface.town import Town, town_of

__all__ = ["quarter", "sale", "silent", "town"]


@pytest.fixture(scope="module")
def town(module_database: Database) -> Iterator[Town]:
    """One running town for the tests of a module; time only goes forward in it."""
    with town_of(module_database) as running:
        yield running
