"""Quotations (报价) of a repair: parts and labour, good for some days, to be agreed."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from domain.errors import InvalidInputError, RuleViolationError
from domain.orders.windows import check_happened
from domain.time import SHANGHAI, shanghai_day

PART: Final = "part"  # 配件
LABOUR: Final = "labour"  # 工时
_KINDS: Final = (PART, LABOUR)
_MOST_LINES: Final = 30
_LONGEST_VALIDITY: Final = timedelta(days=30)


class QuotationExpiredError(RuleViolationError):
    """The quotation was good until a day that is over."""

    code = "quotation_expired"
    sentence = "报价已过有效期，请联系客服重新报价。"


class QuotationReplacedError(RuleViolationError):
    """A later quotation replaced the one that is answered."""

    code = "quotation_replaced"
    sentence = "报价已更新，请查看最新的报价。"


@dataclass(frozen=True, kw_only=True)
class Quotation:
    """What a repair would cost.

    Attributes:
        lines: each {"kind": "part" | "labour", "name", "quantity", "unit_price_fen",
            "amount_fen"}; names of parts and works, never of people.
        total_fen: the sum of the lines.
        inspection_fee_fen: what is due instead if the customer refuses.
        valid_until: the last instant at which it can be accepted.
        happened_at: when the customer was told.
    """

    lines: list[dict[str, Any]]
    total_fen: int
    inspection_fee_fen: int
    valid_until: datetime
    happened_at: datetime

    def facts(self) -> dict[str, Any]:
        """The fields as an event names them."""
        return asdict(self)


def quotation_line(kind: str, name: str, quantity: int, unit_price_fen: int) -> dict[str, Any]:
    """A line with its amount."""
    return {
        "kind": kind,
        "name": name,
        "quantity": quantity,
        "unit_price_fen": unit_price_fen,
        "amount_fen": quantity * unit_price_fen,
    }


def check_quotation(quotation: Quotation, at: datetime) -> None:
    """Check the form.

    Raises:
        HappenedInFutureError: see check_happened.
        InvalidInputError: no line, an unknown kind, an amount that is not quantity
            times price, another sum, nothing to pay, or good for no time or over 30 days.
    """
    check_happened(quotation.happened_at, at)
    if not 1 <= len(quotation.lines) <= _MOST_LINES or not all(map(_is_sound, quotation.lines)):
        raise InvalidInputError(field="lines")
    if quotation.total_fen != sum(each["amount_fen"] for each in quotation.lines):
        raise InvalidInputError(field="total_fen")
    if quotation.total_fen < 1 or quotation.inspection_fee_fen < 0:
        raise InvalidInputError(field="total_fen")
    until = quotation.valid_until
    if until.tzinfo is None or not at < until <= at + _LONGEST_VALIDITY:
        raise InvalidInputError(field="valid_until")


def warranty_until(happened_at: datetime, days: int) -> datetime:
    """The end of the last day of a warranty (质保) that begins with a day's work."""
    return end_of_day(shanghai_day(happened_at) + timedelta(days=days))


def end_of_day(day: date) -> datetime:
    """Midnight after a day in Shanghai."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)


def _is_sound(line: dict[str, Any]) -> bool:
    quantity, price_fen = line["quantity"], line["unit_price_fen"]
    named = bool(line["name"]) and line["kind"] in _KINDS
    return named and quantity > 0 and price_fen >= 0 and line["amount_fen"] == quantity * price_fen
