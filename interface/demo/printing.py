"""Text for a terminal: Chinese characters are two columns wide."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

_WIDE: Final = frozenset({"W", "F"})
_GAP: Final = "  "


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(2 if unicodedata.east_asian_width(each) in _WIDE else 1 for each in text)


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """The text with blanks up to `columns`; behind it, or before it with `right`."""
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> Iterator[str]:
    """Lines of an aligned table: the first `words` columns to the left, figures to the right."""
    grid = [titles, *rows]
    columns = [max(width(row[number]) for row in grid) for number in range(len(titles))]
    for number, row in enumerate(grid):
        yield _GAP.join(
            padded(text, column, right=place >= words)
            for place, (text, column) in enumerate(zip(row, columns, strict=True))
        ).rstrip()
        if number == 0:
            yield "─" * (sum(columns) + len(_GAP) * (len(columns) - 1))
