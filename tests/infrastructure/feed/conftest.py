"""Feeds are tested inside the whole product."""

from tests.product import clock, house, secrets, settings

__all__ = ["clock", "house", "secrets", "settings"]
