"""The rules about an order's money: charges, payments, what goes back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from domain.errors import InvalidInputError
from domain.orders import charges
from domain.orders.booking import ONLINE
from domain.orders.changes import PolicyApplied
from domain.orders.charges import AddedCharge, PaymentTaken, StrayPayment
from domain.orders.errors import (
    NotPaidError,
    OrderClosedError,
    ReservationNotPayableError,
    UnknownChargeError,
    WrongStageError,
)
from domain.orders.order_facts import OrderFacts
from domain.orders.stages import CLOSED_UNDONE, DONE, STAGE_LABELS, Stage
from domain.sealed import check_sealed

DATE_DIFFERENCE: Final = "date_difference"
AREA_DIFFERENCE: Final = "area_difference"
ITEM_DIFFERENCE: Final = "item_difference"
_DIFFERENCES: Final = frozenset({DATE_DIFFERENCE, AREA_DIFFERENCE, ITEM_DIFFERENCE})
_AGREED_BEFORE: Final = "agreed_before"  # to more than what is charged now


@dataclass(frozen=True, kw_only=True)
class PriceDifference:
    """By how much the price changed: more (补差) or, below 0, less (退差).

    Attributes:
        reason_code: one of the differences above.
        consent: how the customer agreed; needed where it is more.
        reasons: in words, for money that goes back.
    """

    amount_fen: int
    reason_code: str
    consent: str
    reasons: tuple[str, ...]


class OrderMoney(OrderFacts):
    """An order's money. The kinds of order derive from ServiceOrder, not from this."""

    def mark_paid(self, payment: PaymentTaken, *, by: str, at: datetime) -> bool:
        """Take a verified payment for a charge.

        Returns:
            False if this payment was taken before (nothing is stated twice).

        Raises:
            PaymentNotTakenError: one of its kinds; the money is to go back by
                `refund_stray`, after ChargeAmountError only once a person looked.
        """
        if charges.is_same_payment(self.charges, payment):
            return False
        self.check_takes_payment()
        charges.check_payment(self.charges, payment)
        self._state(self.Paid, at, by, self._stage_after(payment), **vars(payment))
        return True

    def add_charge(self, charge: AddedCharge, *, by: str, at: datetime) -> int:
        """Ask for more money, to which the customer has agreed (补差, 加项).

        Returns:
            The number of the charge, from 2.

        Raises:
            ReservationNotPayableError: the order takes no online money (R11).
            WrongStageError: the order is done or closed.
            NotPaidError: the price itself is not paid yet.
            InvalidInputError: no amount, reason or consent.
        """
        self._check_chargeable()
        if charge.amount_fen < 1 or not (charge.reason_code and charge.consent):
            raise InvalidInputError(field="charge")
        check_sealed(note=charge.note)
        number = len(self.charges) + 1
        self._state(self.ChargeAdded, at, by, self.stage, charge_number=number, **vars(charge))
        return number

    def withdraw_charge(self, number: int, *, reason_code: str, by: str, at: datetime) -> None:
        """Give up a further charge that nobody paid.

        Raises:
            UnknownChargeError: there is no such open charge, or it is the price itself.
        """
        charge = self.charges.get(number)
        if number == 1 or charge is None or charge.state != charges.OPEN:
            raise UnknownChargeError(charge_number=number)
        facts = {
            "charge_number": number,
            "reason_code": reason_code,
            "amount_fen": charge.amount_fen,
        }
        self._state(self.ChargeWithdrawn, at, by, self.stage, **facts)

    def refund_due(
        self, amount_fen: int, *, reason_code: str, policy: PolicyApplied, by: str, at: datetime
    ) -> None:
        """Let so much of the kept money go back, the newest payment first.

        Raises:
            RefundTooLargeError: less than 1 fen, or more than is kept.
        """
        for charge, part_fen in charges.allocate_refund(self.charges, amount_fen):
            self._owe(
                at,
                by,
                policy,
                amount_fen=part_fen,
                reason_code=reason_code,
                source="order",
                taken_from=self._pocket(),
                charge_number=charge.number,
                payment_id=charge.payment_id,
                out_trade_no=charge.out_trade_no,
            )

    def settle_difference(self, difference: PriceDifference, *, by: str, at: datetime) -> None:
        """Charge what the price rose by; where it fell, what nobody paid yet falls away first.

        Raises:
            InvalidInputError: it rose and nobody agreed; see also `add_charge`.
        """
        amount_fen, consent = difference.amount_fen, difference.consent
        if amount_fen < 0:
            amount_fen += self._give_up_differences(difference.reason_code, by=by, at=at)
            consent = _AGREED_BEFORE
        reason_code, back_fen = difference.reason_code, min(-amount_fen, self.kept_fen())
        if amount_fen > 0:
            more = AddedCharge(reason_code=reason_code, amount_fen=amount_fen, consent=consent)
            self.add_charge(more, by=by, at=at)
        elif back_fen > 0:
            policy = PolicyApplied(version=self.price_book_version, trace=[*difference.reasons])
            self.refund_due(back_fen, reason_code=reason_code, policy=policy, by=by, at=at)

    def _give_up_differences(self, reason_code: str, *, by: str, at: datetime) -> int:
        """Withdraw the differences that nobody paid; how much that is."""
        unpaid = [
            each
            for each in self.charges.values()
            if each.reason_code in _DIFFERENCES and each.state == charges.OPEN
        ]
        for each in unpaid:
            self.withdraw_charge(each.number, reason_code=reason_code, by=by, at=at)
        return sum(each.amount_fen for each in unpaid)

    def refund_stray(
        self, stray: StrayPayment, *, policy: PolicyApplied, by: str, at: datetime
    ) -> bool:
        """Let a payment that the order never took go back whole.

        Returns:
            False if this transaction's refund is due already.

        Raises:
            InvalidInputError: not such a payment, or less than 1 fen.
        """
        if stray.transaction_id in self.stray_refunds:
            return False
        charges.check_stray(stray)
        pocket = charges.STRAY_SOURCES[stray.source]
        facts = {"reason_code": stray.source, "taken_from": pocket, **vars(stray)}
        self._owe(at, by, policy, **facts)
        return True

    def kept_fen(self) -> int:
        """What was paid less what is due back, in fen."""
        return charges.kept_fen(self.charges)

    def _stage_when_settled(self) -> str:
        """Where the order goes once it is paid or confirmed; a leaf may differ."""
        return Stage.AWAITING_ASSIGNMENT

    def _stage_after(self, payment: PaymentTaken) -> str:
        return self._stage_when_settled() if payment.charge_number == 1 else self.stage

    def check_takes_payment(self) -> None:
        """Raise ReservationNotPayableError or OrderClosedError where it takes none."""
        if self.payment_mode != ONLINE:
            raise ReservationNotPayableError
        if self.stage in CLOSED_UNDONE:
            raise OrderClosedError

    def _check_chargeable(self) -> None:
        if self.payment_mode != ONLINE:
            raise ReservationNotPayableError
        if self.stage in CLOSED_UNDONE | DONE or self.completed_at:
            raise WrongStageError(label=STAGE_LABELS[self.stage])
        if self.stage == Stage.AWAITING_PAYMENT:
            raise NotPaidError

    def _pocket(self) -> str:
        if self.stage in DONE or self.completed_at:
            return "revenue"
        only_fee_left = self.stage in CLOSED_UNDONE and self.kept_fen() <= self.fee_fen
        return "fee" if only_fee_left else "advance"

    def _owe(self, at: datetime, by: str, policy: PolicyApplied, **facts: Any) -> None:  # noqa: ANN401 - facts of an event
        self._state(
            self.RefundDue,
            at,
            by,
            self.stage,
            refund_number=self.refunds + 1,
            tax_class=self.tax_class,
            service_code=self.service_code,
            **policy.facts(),
            **facts,
        )

    def _state(
        self,
        fact: type[OrderFacts.Event],
        at: datetime,
        by: str,
        stage: str,
        **facts: Any,  # noqa: ANN401 - facts of an event
    ) -> None:
        """State a fact; the stage is stored as its plain name."""
        self.trigger_event(fact, timestamp=at, by=by, stage=str(stage), **facts)
