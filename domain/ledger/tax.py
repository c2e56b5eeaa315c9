"""Value-added tax (增值税) inside a gross price: classes, dated rates, one formula.

The class is stored in the event at booking, so that a rebuild never depends on
today's configuration. Sources: VAT law in force since 2026-01-01 (6 % for
services of daily life, 13 % for goods and repairs, 3 % levy of small-scale
taxpayers); Announcement 2023 No. 19 (3 % levied at 1 % until 2027-12-31);
财税〔2016〕36号 annex 3 (household workers employed by the company, 员工制, exempt).
The company's accountant confirms class and rate before production.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from domain.errors import NotFoundError
from domain.money import Fen, divide_half_up

_BASIS: Final = 10_000
_ALWAYS: Final = date.min


class TaxClassNotFoundError(NotFoundError):
    """No tax class has this code."""

    code = "tax_class_not_found"
    sentence = "没有代码为“{tax_class}”的税目。"


@dataclass(frozen=True, slots=True)
class TaxClass:
    """A tax class and its rates in basis points, each from a day on, ascending."""

    code: str
    name: str
    rates: tuple[tuple[date, int], ...]

    def basis_points(self, day: date) -> int:
        """The rate on the business day `day`."""
        return [rate for since, rate in self.rates if since <= day][-1]


TAX_CLASSES: Final[Mapping[str, TaxClass]] = MappingProxyType(
    {
        tax_class.code: tax_class
        for tax_class in (
            TaxClass("general6", "一般纳税人 6%", ((_ALWAYS, 600),)),
            TaxClass("general13", "一般纳税人 13%", ((_ALWAYS, 1300),)),
            TaxClass(
                "small1",
                "小规模纳税人 3% 减按 1%",
                ((_ALWAYS, 300), (date(2023, 1, 1), 100), (date(2028, 1, 1), 300)),
            ),
            TaxClass("small3", "小规模纳税人 3%", ((_ALWAYS, 300),)),
            TaxClass("exempt_employee", "员工制家政免税", ((_ALWAYS, 0),)),
            TaxClass("exempt_other", "其他免税", ((_ALWAYS, 0),)),
            TaxClass("none", "不征税", ((_ALWAYS, 0),)),
        )
    }
)


def tax_class(code: str) -> TaxClass:
    """The tax class with this code.

    Raises:
        TaxClassNotFoundError: There is none.
    """
    found = TAX_CLASSES.get(code)
    if found is None:
        raise TaxClassNotFoundError(tax_class=code)
    return found


def tax(gross_fen: Fen, basis_points: int) -> Fen:
    """The tax inside `gross_fen`: g*bp/(10000+bp), rounded half up.

    Raises:
        ValueError: `gross_fen` or the rate is negative.
    """
    if gross_fen < 0 or basis_points < 0:
        message = f"negative amount or rate: {gross_fen}, {basis_points}"
        raise ValueError(message)
    return divide_half_up(gross_fen * basis_points, _BASIS + basis_points)


def tax_to_post(recognised_fen: Fen, posted_tax_fen: Fen, basis_points: int) -> Fen:
    """What is missing between the tax posted and the tax of all that is recognised.

    Cumulative on purpose: after every change of the recognised amount the tax
    posted equals `tax(recognised)`, while rounding each part would drift by a
    fen. `recognised_fen` includes the change; the result may be negative.
    """
    return tax(recognised_fen, basis_points) - posted_tax_fen
