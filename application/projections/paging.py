"""Keyset paging: a page begins behind the last row seen, so inserts never shift it."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select

from domain.errors import InvalidInputError

MOST_ROWS: Final = 100
_PREFIX: Final = "v1:"
_MOST_DIGITS: Final = 18  # less than a bigint holds


class CursorError(InvalidInputError):
    """The cursor was not given by us."""

    code = "cursor"
    sentence = "分页游标不正确。"


class PageLimitError(InvalidInputError):
    """A page has 1 to MOST_ROWS rows."""

    code = "page_limit"
    sentence = "每页行数必须在 1 到 100 之间。"


@dataclass(frozen=True, slots=True)
class Page:
    """Rows newest first; `next_cursor` is "" on the last page."""

    rows: Sequence[dict[str, Any]]
    next_cursor: str


def cursor(position: int) -> str:
    """The cursor behind a row of this position."""
    return base64.urlsafe_b64encode(f"{_PREFIX}{position}".encode()).decode().rstrip("=")


def position_of(text: str) -> int:
    """The position a cursor names. Raises CursorError for all that `cursor` never made."""
    try:
        padded = text + "=" * (-len(text) % 4)
        decoded = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as malformed:
        raise CursorError from malformed
    number = decoded.removeprefix(_PREFIX)
    if not number.isdecimal() or len(number) > _MOST_DIGITS or cursor(int(number)) != text:
        raise CursorError
    return int(number)


def newest_first(
    connection: Connection,
    query: Select[Any],
    by: ColumnElement[int],
    *,
    limit: int,
    after: str = "",
) -> Page:
    """A page of the query, which selects `position`, by descending `by`, behind `after`.

    Raises CursorError or PageLimitError.
    """
    if not 1 <= limit <= MOST_ROWS:
        raise PageLimitError
    if after:
        query = query.where(by < position_of(after))
    rows = connection.execute(query.order_by(by.desc()).limit(limit + 1)).mappings()
    return page([dict(row) for row in rows], limit)


def page(rows: Sequence[dict[str, Any]], limit: int) -> Page:
    """A page of rows fetched with limit + 1; each row has a `position`."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(shown, cursor(shown[-1]["position"]) if more else "")
