"""What becomes of one row during a batch of events, merged in memory.

A row is *known* once it was loaded, inserted or removed: then what it holds now
stands in memory. What is done to a row that is not known is kept as it was asked
for, "set this, add that", and needs no reading.
"""

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


class DuplicateRowError(Exception):
    """A row was inserted where one of the same key stands already."""


class PendingRow:
    """One row: what it holds now, and what is yet to be written of it.

    In the database it is removed, then inserted, or else set and added to. Plain
    dicts and None for an empty one: there is one of these for nearly every event.
    The mappings that it is given become its own.
    """

    __slots__ = ("adds", "inserts", "known", "now", "removes", "sets", "start")

    def __init__(self) -> None:
        self.known = False
        self.now: dict[str, Any] | None = None
        self.removes = False
        self.inserts = False
        # What it begins with if there is none yet; None where nothing would then happen.
        self.start: dict[str, Any] | None = None
        self.sets: dict[str, Any] | None = None
        self.adds: dict[str, int] | None = None

    def insert(self, values: dict[str, Any]) -> None:
        """It begins with these values. Raises DuplicateRowError."""
        if self.now is not None or self.start is not None:
            raise DuplicateRowError(values)
        self.known, self.now, self.inserts = True, values, True
        self.sets = self.adds = None

    def set(self, values: dict[str, Any]) -> None:
        """These columns hold these values, if it is there."""
        if self.known:
            if self.now is None:
                return
            self.now = {**self.now, **values}
            if self.inserts:
                return
        elif self.start is not None:
            self.start.update(values)
        self._set(values)

    def add(self, amounts: dict[str, int]) -> None:
        """These columns hold so much more, if it is there."""
        if self.known:
            if self.now is None:
                return
            self.now = _more(self.now, amounts)
            if self.inserts:
                return
        elif self.start is not None:
            _grow(self.start, amounts)
        self._add(amounts)

    def put(self, key: Row, values: dict[str, Any]) -> None:
        """It holds these values, and begins with them if it is not there."""
        if self.known and self.now is None:
            self.insert({**key, **values})
            return
        if not self.known and self.start is None:
            self.start = {**key}
        self.set(values)

    def tally(self, key: Row, amounts: dict[str, int]) -> None:
        """These columns hold so much more, and begin with as much if it is not there."""
        if self.known and self.now is None:
            self.insert({**key, **amounts})
            return
        if not self.known and self.start is None:
            self.start = {**key, **dict.fromkeys(amounts, 0)}
        self.add(amounts)

    def remove(self) -> None:
        """It is not there any more."""
        self.removes = self.removes or not self.inserts
        self.inserts, self.known, self.now = False, True, None
        self.start = self.sets = self.adds = None

    def learn(self, row: dict[str, Any] | None) -> None:
        """It is so in the database; what it is now follows from what is yet to be written."""
        start, self.start = self.start, None
        if row is None and start is not None:
            self.insert(start)
        elif row is None:
            self.sets = self.adds = None
        else:
            self.now = {**_more(row, self.adds or {}), **(self.sets or {})}
        self.known = True

    def _set(self, values: dict[str, Any]) -> None:
        if self.adds:
            self.adds = {name: each for name, each in self.adds.items() if name not in values}
        if self.sets is None:
            self.sets = values
        else:
            self.sets.update(values)

    def _add(self, amounts: dict[str, int]) -> None:
        if self.sets is not None:
            known = self.sets.keys() & amounts.keys()
            _grow(self.sets, {name: amounts.pop(name) for name in known})
        if self.adds is None:
            self.adds = amounts
            return
        for name, amount in amounts.items():
            self.adds[name] = self.adds.get(name, 0) + amount


def _more(row: Row, amounts: Mapping[str, int]) -> dict[str, Any]:
    """Another row, with so much more in some columns."""
    more = dict(row)
    _grow(more, amounts)
    return more


def _grow(row: dict[str, Any], amounts: Mapping[str, int]) -> None:
    """So much more in some columns; nothing and something is nothing, as in SQL."""
    for name, amount in amounts.items():
        before = row.get(name)
        row[name] = None if before is None else before + amount
