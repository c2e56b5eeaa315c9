"""Query parameters of the form `name:value`, given as often as needed: items and options."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Query

from domain.errors import InvalidInputError

MOST: Final = 1_000_000

_MOST_PAIRS: Final = 50

Items = Annotated[
    list[str], Query(max_length=_MOST_PAIRS, description="项目与数量，如 shirt.silk:2")
]
Options = Annotated[list[str], Query(max_length=_MOST_PAIRS, description="选项，如 sides:both")]


def options_of(texts: Sequence[str], field: str = "option") -> dict[str, str]:
    """The choice of each option; a name given twice is refused, not overwritten.

    Raises InvalidInputError.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition(":")
        if not (name and value) or name in pairs:
            raise InvalidInputError(field=field)
        pairs[name] = value
    return pairs


def items_of(texts: Sequence[str]) -> dict[str, int]:
    """The base units of each item. Raises InvalidInputError."""
    return {name: _whole(many) for name, many in options_of(texts, "item").items()}


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MOST))):
        raise InvalidInputError(field="item")
    return int(text)
