"""Quotes (报价): one price with the reason of every fen in it.

A pure function of a wish, a tariff and the instant of asking: preview, booking,
finance and audit all call it, and an order names its tariff, so the same quote
is computed again years later. Lines stand in a fixed order (base, minimum,
options, discount, delivery, holiday, night, remote, urgent), each rounded once,
half up; lines that charge nothing are left out, the base line stays. A window is to be
as long as the work, see `effort`: a longer one would dilute the share of night
and holiday. The trade's rates and hours: catalogue sheet, d1.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.catalogue.list_price import Goods, delivery_lines, discount_lines, labour_lines
from domain.catalogue.quote_lines import QuoteLine, total
from domain.catalogue.services import Effort, Service
from domain.catalogue.surcharges import surcharge_lines, unknown_years
from domain.catalogue.tariff import Tariff
from domain.catalogue.wishes import Wish
from domain.errors import InvalidInputError
from domain.money import Fen
from domain.time import Interval, require_aware

__all__ = ["Effort", "Quote", "QuoteLine", "effort", "quote"]

MOST_WINDOWS: Final = 366
_LONGEST_VISIT: Final = timedelta(days=1)
_LONGEST_CARE: Final = timedelta(days=400)
_DISTRICT: Final = re.compile(r"[0-9]{6}", re.ASCII)


class InvalidWindowError(InvalidInputError):
    """A window is not in whole minutes, too long, or not in the future."""

    code = "invalid_window"
    sentence = "预约时段不正确：{rule}。"


class InvalidDistrictError(InvalidInputError):
    """A district is no code of GB/T 2260."""

    code = "invalid_district"
    sentence = "区县代码不正确：须为六位数字。"


@dataclass(frozen=True, slots=True)
class Quote:
    """What the order costs and why, how long a visit takes and how many come.

    Of a reservation it is an estimate. `notes` are Chinese sentences about what
    the price could not consider.
    """

    service_code: str
    catalogue_revision: int
    price_book_version: int
    tax_class: str
    lines: tuple[QuoteLine, ...]
    total_fen: Fen
    duration_minutes: int
    crew: int
    notes: tuple[str, ...] = ()


def quote(wish: Wish, tariff: Tariff, at: datetime) -> Quote:
    """The price of a wish; an equal wish, tariff and instant give an equal quote.

    Args:
        wish: What is wanted, where and when.
        tariff: Catalogue and prices.
        at: The instant of asking, aware; each window starts later.

    Raises:
        NotFoundError: The service, or its price, does not exist.
        InvalidInputError: The wish is malformed or outside a limit.
    """
    sold, book = tariff.service(wish.service_code), tariff.book
    _check_district(wish.district)
    _check_windows(sold, wish.windows, at)
    goods = _goods(sold, wish)
    labour = labour_lines(goods, book)
    listed = total(labour)
    discount = tuple(discount_lines(sold, goods.visits, listed, book))
    lines = (
        *labour,
        *discount,
        *delivery_lines(sold, listed + total(discount), book),
        *surcharge_lines(sold, listed, wish.windows, wish.district, at, book.surcharges),
    )
    needed = effort(sold, quantity=wish.quantity, items=wish.items, options=wish.options)
    return Quote(
        service_code=sold.code,
        catalogue_revision=tariff.catalogue_revision,
        price_book_version=book.version,
        tax_class=sold.tax_class,
        lines=lines,
        total_fen=total(lines),
        duration_minutes=needed.duration_minutes,
        crew=needed.crew,
        notes=(*_notes(goods), *unknown_years(sold, wish.windows, book.surcharges)),
    )


def effort(
    service: Service, *, quantity: int, items: Mapping[str, int], options: Mapping[str, str]
) -> Effort:
    """How long a visit takes and how many people come, before a window is chosen.

    Who makes a reservation need not say how much: then it is the least.

    Raises:
        InvalidInputError: The quantity, an item or an option is refused.
    """
    choices = frozenset((option.code, each.code) for option, each in service.choose(options))
    if service.payment_mode == "reservation" and not quantity and not items:
        return service.workload.effort(0, choices)
    quantity, pieces = service.check_quantity(quantity), service.pieces(items)
    charged = service.measure.charged(quantity) if service.measure else 0
    minutes = sum(piece.minutes for piece in pieces)
    return service.workload.effort(charged or minutes, choices)


def _goods(sold: Service, wish: Wish) -> Goods:
    return Goods(
        sold=sold,
        quantity=sold.check_quantity(wish.quantity),
        pieces=sold.pieces(wish.items),
        choices=sold.choose(wish.options),
        visits=len(wish.windows) if sold.per_visit else 1,
    )


def _check_windows(sold: Service, windows: tuple[Interval, ...], at: datetime) -> None:
    if not 1 <= len(windows) <= MOST_WINDOWS:
        raise InvalidWindowError(field="window_start", rule=f"须有 1 至 {MOST_WINDOWS} 个时段")
    # A care worker stays for days; nobody else works through a day.
    longest = _LONGEST_CARE if sold.payment_mode == "reservation" else _LONGEST_VISIT
    for window in windows:
        _check_window(window, longest, at)


def _check_window(window: Interval, longest: timedelta, at: datetime) -> None:
    if any(end.second or end.microsecond for end in (window.starts_at, window.ends_at)):
        raise InvalidWindowError(field="window_start", rule="时间须精确到分钟")
    if window.ends_at - window.starts_at > longest:
        hours = longest // timedelta(hours=1)
        raise InvalidWindowError(field="window_end", rule=f"时段不能超过 {hours} 小时")
    if window.starts_at <= require_aware(at):
        raise InvalidWindowError(field="window_start", rule="开始时间必须晚于现在")


def _check_district(district: str) -> None:
    if not _DISTRICT.fullmatch(district):
        raise InvalidDistrictError(field="district")


def _notes(goods: Goods) -> Iterator[str]:
    if goods.sold.note:
        yield goods.sold.note
    for _, choice in goods.choices:
        if choice.note:
            yield choice.note
