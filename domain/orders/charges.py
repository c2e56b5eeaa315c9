"""Charges of an order (应收款项): the price is charge 1, later ones are 补差 and 加项."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.errors import InvalidInputError
from domain.orders.errors import (
    ChargeAlreadyPaidError,
    ChargeAmountError,
    OrderClosedError,
    RefundTooLargeError,
    UnknownChargeError,
)

OPEN: Final = "open"
PAID: Final = "paid"
WITHDRAWN: Final = "withdrawn"
# Whence a stray payment came, and in which money the books have put it meanwhile.
STRAY_SOURCES: Final[Mapping[str, str]] = {
    "late_payment": "suspense",  # Payment.SucceededLate
    "second_payment": "suspense",  # Payment.SucceededAgain
    "untaken_payment": "advance",  # Payment.Succeeded, but the order had ended
}


@dataclass(frozen=True)
class Charge:
    """One sum the customer owes; `refund_due_fen` is what of it goes back."""

    number: int
    amount_fen: int
    reason_code: str
    state: str = OPEN
    payment_id: UUID | None = None
    out_trade_no: str = ""
    refund_due_fen: int = 0

    @property
    def kept_fen(self) -> int:
        """Paid and not to be given back."""
        return self.amount_fen - self.refund_due_fen if self.state == PAID else 0


Charges = Mapping[int, Charge]


@dataclass(frozen=True, kw_only=True)
class AddedCharge:
    """A further charge; `consent` says how the customer agreed before the work.

    `consent` is a short name such as "customer_app" or "phone_recording".
    """

    reason_code: str
    amount_fen: int
    consent: str
    note: str = ""
    pay_by: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentTaken:
    """A verified success of a payment, offered to the order."""

    charge_number: int
    amount_fen: int
    payment_id: UUID
    out_trade_no: str
    succeeded_at: datetime


@dataclass(frozen=True, kw_only=True)
class StrayPayment:
    """Money that came in for the order and that the order did not take.

    `source`: one of STRAY_SOURCES, by the payment's event.
    """

    source: str
    charge_number: int
    amount_fen: int
    payment_id: UUID
    out_trade_no: str
    transaction_id: str


def check_stray(stray: StrayPayment) -> None:
    """Check the form of a stray payment.

    Raises:
        InvalidInputError: unknown source, no transaction or no money.
    """
    if stray.source not in STRAY_SOURCES:
        raise InvalidInputError(field="source")
    if stray.amount_fen < 1 or not stray.transaction_id:
        raise InvalidInputError(field="stray")


def kept_fen(charges: Charges) -> int:
    """All that was paid less all that is due back."""
    return sum(charge.kept_fen for charge in charges.values())


def has_open(charges: Charges) -> bool:
    """Whether the customer still owes something."""
    return any(charge.state == OPEN for charge in charges.values())


def is_same_payment(charges: Charges, payment: PaymentTaken) -> bool:
    """Whether the charge was paid by this very payment (told again)."""
    charge = charges.get(payment.charge_number)
    return charge is not None and charge.payment_id == payment.payment_id


def check_payment(charges: Charges, payment: PaymentTaken) -> None:
    """Check that the payment pays an open charge exactly.

    Raises:
        PaymentNotTakenError: one of its kinds, which says why.
    """
    charge = charges.get(payment.charge_number)
    if charge is None:
        raise UnknownChargeError(charge_number=payment.charge_number)
    if charge.state == PAID:
        raise ChargeAlreadyPaidError(charge_number=charge.number)
    if charge.state == WITHDRAWN:
        raise OrderClosedError(charge_number=charge.number)
    if charge.amount_fen != payment.amount_fen:
        raise ChargeAmountError(due_fen=charge.amount_fen, paid_fen=payment.amount_fen)


def allocate_refund(charges: Charges, amount_fen: int) -> list[tuple[Charge, int]]:
    """Spread a refund over the payments, the newest charge first.

    WeChat gives money back payment by payment, so each part names its charge.

    Raises:
        RefundTooLargeError: less than 1 fen, or more than what is kept.
    """
    if not 1 <= amount_fen <= kept_fen(charges):
        raise RefundTooLargeError(amount_fen=amount_fen)
    parts = []
    for number in sorted(charges, reverse=True):
        part = min(amount_fen, charges[number].kept_fen)
        amount_fen -= part
        if part:
            parts.append((charges[number], part))
    return parts


def paid(charge: Charge, payment_id: UUID, out_trade_no: str) -> Charge:
    """The charge after its payment."""
    return replace(charge, state=PAID, payment_id=payment_id, out_trade_no=out_trade_no)


def withdrawn(charge: Charge) -> Charge:
    """The charge after it was given up."""
    return replace(charge, state=WITHDRAWN)


def refunded(charge: Charge, amount_fen: int) -> Charge:
    """The charge after so much more of it is due back."""
    return replace(charge, refund_due_fen=charge.refund_due_fen + amount_fen)
