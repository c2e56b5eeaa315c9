"""Keyset paging: a page begins behind the last row seen, so inserts never shift it."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.errors import InvalidInputError

MOST_ROWS: Final = 100
_PREFIX: Final = "v1:"


class CursorError(InvalidInputError):
    """The cursor was not given by us."""

    code = "cursor"
    sentence = "分页游标不正确。"


@dataclass(frozen=True, slots=True)
class Page:
    """Rows newest first; `next_cursor` is "" on the last page."""

    rows: Sequence[dict[str, Any]]
    next_cursor: str


def cursor(position: int) -> str:
    """The cursor behind a row of this position."""
    return base64.urlsafe_b64encode(f"{_PREFIX}{position}".encode()).decode().rstrip("=")


def position_of(text: str) -> int:
    """The position a cursor names. Raises CursorError."""
    try:
        padded = text + "=" * (-len(text) % 4)
        decoded = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as malformed:
        raise CursorError from malformed
    number = decoded.removeprefix(_PREFIX)
    if not decoded.startswith(_PREFIX) or not number.isdecimal() or len(number) > len(str(2**62)):
        raise CursorError
    return int(number)


def page(rows: Sequence[dict[str, Any]], limit: int) -> Page:
    """A page of rows fetched with limit + 1; each row has a `position`."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(shown, cursor(shown[-1]["position"]) if more else "")
