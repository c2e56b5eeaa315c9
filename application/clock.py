"""The clock port, shared by product and simulators."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; demo and tests set it."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...
