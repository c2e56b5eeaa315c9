"""Use cases are tested on the whole product, with a real PostgreSQL."""

from tests.product import clock, house, secrets, settings

__all__ = ["clock", "house", "secrets", "settings"]
