"""How an invariant says that it does not hold."""

from typing import NoReturn


class BrokenError(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, detail: object) -> None:
        self.invariant = invariant
        super().__init__(f"{invariant}: {detail}")


def fail(invariant: str, detail: object) -> NoReturn:
    """Raise BrokenError."""
    raise BrokenError(invariant, detail)
