"""What is open between a customer and us (未了事项): while something is, nobody is erased."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.orders.service_order import REWORK_WITHIN, ServiceOrder
from domain.orders.stages import CLOSED_UNDONE, DONE, Stage
from domain.payments import Payment

_OVER: Final = CLOSED_UNDONE | DONE


class Matter(StrEnum):
    """Why an order keeps its customer."""

    ORDER = "order"
    PAYMENT = "payment"
    REFUND = "refund"


def open_matters(order: ServiceOrder, payments: Sequence[Payment], at: datetime) -> list[Matter]:
    """What of an order and all attempts to pay it is open.

    A warranty is none: it is the customer's right, who gives it up with the account.
    """
    found = {
        Matter.ORDER: _goes_on(order, at),
        Matter.PAYMENT: any(_is_open(order, each) for each in payments),
        Matter.REFUND: order.refunds > 0,  # no fact says yet that one went back
    }
    return [matter for matter, is_open in found.items() if is_open]


def _goes_on(order: ServiceOrder, at: datetime) -> bool:
    """Whether work is to come: also as long as it may be asked for again (返工)."""
    if order.stage not in _OVER:
        return True
    done_at: datetime | None = order.completed_at
    again = Stage.REWORKING in order.next_stages()
    return again and done_at is not None and at <= done_at + REWORK_WITHIN


def _is_open(order: ServiceOrder, payment: Payment) -> bool:
    """Whether money may still come, or came that the order neither took nor owes back."""
    if not payment.is_over():
        return True
    taken = payment.id in {charge.payment_id for charge in order.charges.values()}
    unsettled = set(payment.received) - set(order.stray_refunds)
    return len(unsettled) > int(taken)
