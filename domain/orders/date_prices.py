"""What an order costs on another date (改期差价): its own work and tariff, another time.

Holiday and night rates follow the date; haste does not: it was paid for when the
order was booked, and is neither asked again nor given back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from domain.catalogue.quotes import effort, quote
from domain.catalogue.tariff import Tariff
from domain.catalogue.wishes import Wish
from domain.errors import RuleViolationError
from domain.money import yuan
from domain.orders.booking import OrderedWork
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage
from domain.time import Interval

_COUNTY: Final = 6  # digits of a county in GB/T 2260
_URGENT: Final = "urgent"
_OF_THE_DATE: Final = frozenset({"holiday", "night"})


class UnpaidPriceError(RuleViolationError):
    """The price that awaits its payment is another one on that date."""

    code = "unpaid_price_differs"
    sentence = "该时间的价格为 {price}，与待支付的 {agreed} 不同，请取消订单后按新时间重新下单。"


@dataclass(frozen=True, slots=True)
class OrderPrice:
    """A price and the lines of its quote, as in Booking."""

    total_fen: int
    lines: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatePrice:
    """What another date does to the price of an order.

    Attributes:
        price: what is agreed with the date; None where the price stays as it is.
        difference_fen: more (补差) or, below 0, less (退差) than what is agreed now.
        reasons: why, in words.
    """

    price: OrderPrice | None = None
    difference_fen: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def rise_fen(self) -> int:
        """What the customer has to agree to."""
        return max(self.difference_fen, 0)


def price_of(
    order: ServiceOrder, work: OrderedWork, tariff: Tariff, starts_at: datetime
) -> OrderPrice:
    """What `work` at `starts_at` would have cost when the order was booked.

    Args:
        order: Says where, when it was booked and whether that was urgent.
        work: What is done; its own length counts, not that of the order's windows.
        tariff: The one that the order names.
        starts_at: Later than the booking, in whole minutes.

    Raises:
        InvalidInputError: The work is not sold so, or the time is malformed.
    """
    sold = tariff.service(order.service_code)
    needed = effort(sold, quantity=work.quantity, items=work.items, options=work.options)
    ends_at = starts_at + timedelta(minutes=needed.duration_minutes)
    wish = Wish(
        service_code=order.service_code,
        district=order.contact["district"][:_COUNTY],
        windows=(Interval(starts_at, ends_at),),
        quantity=work.quantity,
        items=work.items,
        options=work.options,
    )
    quoted = quote(wish, tariff, order.created_on).lines
    lines: list[dict[str, Any]] = [each.as_dict() for each in quoted if each.code != _URGENT]
    lines += [each for each in order.lines if each["code"] == _URGENT]
    return OrderPrice(sum(each["amount_fen"] for each in lines), lines)


def date_price(
    order: ServiceOrder, tariff: Tariff, starts_at: datetime, *, by_company: bool
) -> DatePrice:
    """How the price changes if the work begins at `starts_at`; nothing is stated.

    What the company causes is never dearer for the customer: then the price stays
    that of the date agreed before.

    Raises:
        InvalidInputError: See price_of.
    """
    work = order.ordered_work()
    if work is None:
        return DatePrice()
    price = price_of(order, work, tariff, starts_at)
    difference_fen = price.total_fen - order.price_fen
    if by_company and difference_fen > 0:
        return DatePrice(reasons=("非客户原因改期，价格不变",))
    reasons = _reasons(order.price_fen, price) if difference_fen else ()
    return DatePrice(price=price, difference_fen=difference_fen, reasons=reasons)


def check_unpaid(order: ServiceOrder, date: DatePrice) -> None:
    """Check that a date does not change a price that awaits its payment.

    Raises:
        UnpaidPriceError: It does: what is shown to be paid is not changed underneath.
    """
    if date.price and date.difference_fen and order.stage == Stage.AWAITING_PAYMENT:
        price, agreed = yuan(date.price.total_fen), yuan(order.price_fen)
        raise UnpaidPriceError(price=price, agreed=agreed)


def _reasons(before_fen: int, price: OrderPrice) -> tuple[str, ...]:
    surcharges = [line["reason"] for line in price.lines if line["code"] in _OF_THE_DATE]
    changed = f"新时间的价格为 {yuan(price.total_fen)}，原价格 {yuan(before_fen)}"
    if price.total_fen > before_fen:
        return (changed, *surcharges, f"补差 {yuan(price.total_fen - before_fen)}")
    return (changed, *surcharges, f"退差 {yuan(before_fen - price.total_fen)}")
