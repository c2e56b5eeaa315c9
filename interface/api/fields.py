"""Field types that every body shares: what is refused before a use case sees it."""

import unicodedata
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

_PHONE = r"^(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})$"
_LINE_BREAKS = frozenset("\n\r\t")


class Body(BaseModel):
    """A request's body: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _plain(text: str) -> str:
    """Refuse what no honest keyboard sends: NUL, controls, surrogates, bidi overrides."""
    for character in text:
        category = unicodedata.category(character)
        if category in {"Cc", "Cs"} and character not in _LINE_BREAKS:
            raise ValueError(character)
        if character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069":
            raise ValueError(character)
    return text


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


Text = Annotated[str, AfterValidator(_plain)]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=30, strip_whitespace=True),
    AfterValidator(_plain),
]
Phone = Annotated[str, StringConstraints(pattern=_PHONE)]
Address = Annotated[
    str,
    StringConstraints(min_length=2, max_length=200, strip_whitespace=True),
    AfterValidator(_plain),
]
Remark = Annotated[str, StringConstraints(max_length=500), AfterValidator(_plain)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
District = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}([0-9]{3}){0,2}$")]
ServiceCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[0-9]{2}$")]
# JSON has no instants, so text is read even in strict bodies.
Instant = Annotated[AwareDatetime, Field(strict=False), AfterValidator(_utc)]
Limit = Annotated[int, Field(ge=1, le=100)]
Position = Annotated[int, Field(ge=0, le=2**62)]
Cursor = Annotated[str, StringConstraints(max_length=64)]
