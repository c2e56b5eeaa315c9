"""Order numbers people read aloud, e.g. `BJ261122-0042-1`, and what derives from them.

The check digit is H. Michael Damm's (2004, totally anti-symmetric quasigroup of
order 10) over all digits: it finds every single wrong digit and every swap of
two neighbouring digits.
"""

import re
from datetime import date
from typing import Final

from domain.errors import InvalidInputError

_LINE: Final = re.compile(r"[A-Z]{2}")
_NUMBER: Final = re.compile(r"[A-Z]{2}([0-9]{6})-([0-9]{4}|[1-9][0-9]{4,7})-([0-9])")
_MOST: Final = 99_999_999
_MOST_ATTEMPTS: Final = 99

# Row: digit so far; column: next digit. From Damm's thesis, as published.
_DAMM: Final = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


class OrderNumberError(InvalidInputError):
    """The text is no order number: wrong form, impossible date or wrong check digit."""

    code = "order_number"
    sentence = "订单号不正确，请核对后重新输入。"


def order_number(line: str, day: date, sequence: int) -> str:
    """The number of the day's `sequence`-th order.

    Args:
        line: two capital letters of the service line, e.g. "BJ".
        day: the day in Asia/Shanghai.
        sequence: from 1; four digits at least, eight at most.

    Raises:
        InvalidInputError: a part is outside its limits.
    """
    if not _LINE.fullmatch(line) or not 1 <= sequence <= _MOST:
        raise InvalidInputError(line=line, sequence=sequence)
    digits = f"{day:%y%m%d}", f"{sequence:04d}"
    return f"{line}{digits[0]}-{digits[1]}-{_check_digit(''.join(digits))}"


def check_order_number(text: str) -> str:
    """The number in its one written form (capitals, no blanks around).

    Raises:
        OrderNumberError: the text cannot be an order number.
    """
    number = text.strip().upper()
    found = _NUMBER.fullmatch(number)
    if not found or _check_digit(found[1] + found[2]) != found[3] or not _is_day(found[1]):
        raise OrderNumberError
    return number


def out_trade_no(number: str, charge_number: int, attempt: int) -> str:
    """WeChat's 商户订单号 of one attempt to pay one charge, e.g. `BJ261122-0042-1-C1A1`.

    At most 32 characters of [0-9A-Z-] as WeChat Pay demands.

    Raises:
        OrderNumberError: `number` is no order number.
        InvalidInputError: charge or attempt is not within 1–99.
    """
    if not all(1 <= part <= _MOST_ATTEMPTS for part in (charge_number, attempt)):
        raise InvalidInputError(charge_number=charge_number, attempt=attempt)
    return f"{check_order_number(number)}-C{charge_number}A{attempt}"


def _check_digit(digits: str) -> str:
    interim = "0"
    for digit in digits:
        interim = _DAMM[int(interim)][int(digit)]
    return interim


def _is_day(digits: str) -> bool:
    try:
        date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return False
    return True
