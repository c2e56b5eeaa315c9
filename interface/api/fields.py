"""Field types that every body shares: what is refused before a use case sees it."""

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from application.projections.paging import MOST_ROWS
from domain.errors import InvalidInputError
from domain.orders.photos import MOST_PHOTOS
from domain.time import parse_instant

# The type of a validation error that has a code and a sentence of its own.
OWN_RULE: Final = "own_rule"


_PHONE = r"^(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})$"
# What no honest keyboard sends: NUL and other controls, overrides of the writing's
# direction. Lone surrogates are no text at all and never come so far.
_ODD = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
_BLANK = r"\t\n\r\x20\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_PLAIN = f"[^{_ODD}]"
_SEEN = f"[^{_ODD}{_BLANK}]"


class Body(BaseModel):
    """A request's body: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _instant(value: object) -> object:
    """Read ISO 8601 text with its offset; numbers of seconds are not taken for instants."""
    if not isinstance(value, str):
        return value
    try:
        return parse_instant(value)
    except InvalidInputError as refused:
        told = {"code": refused.code, "sentence": refused.message}
        raise PydanticCustomError(OWN_RULE, "{sentence}", told) from refused


Text = Annotated[str, StringConstraints(pattern=f"^{_PLAIN}*$")]
Name = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=30,
        strip_whitespace=True,
        pattern=f"^{_PLAIN}*{_SEEN}{_PLAIN}*$",
    ),
]
Phone = Annotated[str, StringConstraints(pattern=_PHONE)]
Address = Annotated[
    str,
    StringConstraints(
        min_length=2,
        max_length=200,
        strip_whitespace=True,
        pattern=f"^{_PLAIN}*{_SEEN}{_PLAIN}*{_SEEN}{_PLAIN}*$",
    ),
]
Remark = Annotated[str, StringConstraints(max_length=500, pattern=f"^{_PLAIN}*$")]
# A fixed list: free words about a home would be personal data in clear.
Room = Annotated[
    str,
    StringConstraints(
        pattern=r"^(客厅|餐厅|厨房|主卧|次卧|儿童房|书房|卫生间|阳台|储物间|走廊|楼梯)[1-9]?$"
    ),
]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
# An item of a service, with its extras: shirt, shirt.silk.
ItemCode = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}(\.[a-z][a-z0-9_]{0,29}){0,3}$")
]
District = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}([0-9]{3}){0,2}$")]
# A county-level district; streets in it have longer codes.
County = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
ServiceCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[0-9]{2}$")]
# The id that a picture got when it was uploaded.
Photo = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Photos = Annotated[list[Photo], Field(max_length=MOST_PHOTOS)]
# Of years 2 to 9998 and in UTC, so that nothing added to it leaves the calendar.
Instant = Annotated[datetime, Field(strict=True), BeforeValidator(_instant)]
# A day of Shanghai, of a century in which nothing added to it leaves the calendar.
PlainDay = Annotated[
    date,
    Field(
        strict=False,
        ge=date(2020, 1, 1),
        le=date(2099, 12, 31),
        json_schema_extra={"pattern": "^20[2-9][0-9]-"},  # JSON Schema has no bounds of days
    ),
]
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS)]
Position = Annotated[int, Field(ge=0, le=2**62)]
Cursor = Annotated[str, StringConstraints(max_length=64)]
