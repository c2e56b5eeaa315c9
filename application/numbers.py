"""Running numbers for people: the day's orders of a line, workers."""

from typing import Protocol


class Numbers(Protocol):
    """Counters that never give a number twice; a gap does no harm."""

    def next(self, counter: str) -> int:
        """The next number of the counter, from 1."""
        ...
