"""What a customer reads of an event: one sentence in plain Chinese.

Facts that all orders share stand here, those of one kind of order in a module of
its own, where a fact that derives from a shared one may read otherwise. An empty
sentence means that the customer does not see the event.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from application.projections import (
    sentences_of_appliance_care,
    sentences_of_care,
    sentences_of_dry_cleaning,
    sentences_of_hourly,
)
from domain.catalogue.units import SQUARE_METRES
from domain.money import yuan
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_exceptions import OrderExceptions
from domain.orders.order_facts import OrderFacts
from domain.orders.stages import STAGE_LABELS

Sentence = Callable[[Any], str]


def sentence(event: OrderFacts.Event) -> str:
    """What the customer reads of an event, "" where it is none of theirs."""
    return _sentence_of(type(event))(event)


@cache
def _sentence_of(cls: type) -> Sentence:
    told = (_SENTENCES[line] for line in cls.__mro__ if line in _SENTENCES)
    return next(told, _nothing)


def _nothing(_: OrderFacts.Event) -> str:
    return ""


def _stage(event: OrderFacts.Event) -> str:
    return STAGE_LABELS[event.stage]


def _in_charge(event: OrderFacts.Assigned | OrderFacts.Reassigned) -> str:
    return f"已安排服务人员（工号 {event.worker_number}）"


def _room(event: CleaningOrder.RoomInspected) -> str:
    return f"{event.room}：{'验收通过' if event.accepted else '需要返工'}"


_SHARED: Final[Mapping[type, Sentence]] = MappingProxyType(
    {
        OrderFacts.Booked: lambda event: f"已下单，订单号 {event.order_number}",
        OrderFacts.Confirmed: _stage,
        OrderFacts.Paid: lambda event: f"已支付 {yuan(event.amount_fen)}",
        OrderFacts.Assigned: _in_charge,
        OrderFacts.Reassigned: _in_charge,
        OrderFacts.Accepted: _stage,
        OrderFacts.Declined: lambda _: "正在重新安排服务人员",
        OrderFacts.Rescheduled: lambda _: "预约时间已更改",
        OrderFacts.Progressed: _stage,
        OrderFacts.Completed: _stage,
        OrderFacts.Cancelled: _stage,
        OrderFacts.ChargeAdded: lambda event: f"新增费用 {yuan(event.amount_fen)}",
        OrderFacts.ChargeWithdrawn: lambda event: f"已取消费用 {yuan(event.amount_fen)}",
        OrderFacts.RefundDue: lambda event: f"应退款 {yuan(event.amount_fen)}",
        OrderFacts.Reviewed: _stage,
        OrderFacts.Noted: _nothing,
        OrderExceptions.ExceptionReported: _nothing,
        OrderExceptions.ExceptionResolved: _nothing,
    }
)

_OF_CLEANING: Final[Mapping[type, Sentence]] = MappingProxyType(
    {
        CleaningOrder.AreaReviewed: lambda event: (
            f"面积已复核：{SQUARE_METRES.describe(event.area_tenths)}"
        ),
        CleaningOrder.RoomInspected: _room,
    }
)

# The nearest class of an event decides.
_SENTENCES: Final[Mapping[type, Sentence]] = MappingProxyType(
    {
        **_SHARED,
        **_OF_CLEANING,
        **sentences_of_appliance_care.SENTENCES,
        **sentences_of_care.SENTENCES,
        **sentences_of_dry_cleaning.SENTENCES,
        **sentences_of_hourly.SENTENCES,
    }
)
