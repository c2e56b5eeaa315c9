"""Rescheduling (改期): another date, what it costs, and times the customer had offered."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from application.claiming import run_claiming
from application.commands import Command, Decision, Outcome
from application.log import Log
from application.tariffs import Tariffs
from domain.capacity import HeldSeats, held_seats
from domain.errors import NotFoundError, RuleViolationError
from domain.money import yuan
from domain.orders.changes import PolicyApplied, Rescheduling
from domain.orders.charges import AddedCharge
from domain.orders.date_prices import DatePrice, check_unpaid, date_price
from domain.orders.order_money import DATE_DIFFERENCE, PriceDifference
from domain.orders.rescheduling_policy import (
    ALTERNATIVE,
    COMPANY_CAUSED,
    FEE_REASON,
    ReschedulingTerms,
)
from domain.orders.service_order import ServiceOrder
from domain.orders.windows import Window, bounds


class FeeNotAgreedError(RuleViolationError):
    """The customer did not agree to just the fee that the change costs now."""

    code = "rescheduling_fee_not_agreed"
    sentence = "本次改期费为 {fee}，请确认后再提交。"


class DifferenceNotAgreedError(RuleViolationError):
    """The customer did not agree to just what the new date costs more."""

    code = "date_difference_not_agreed"
    sentence = "本次改期补差为 {difference}，请确认后再提交。"


class AlternativeNotFoundError(NotFoundError):
    """The customer offered no such time."""

    code = "alternative_not_found"
    sentence = "客户没有提供该备选时间。"


@dataclass(frozen=True, kw_only=True)
class DateChange:
    """Another start, why, and what the customer agreed to pay for it.

    Attributes:
        reason_code: "customer", or one of COMPANY_CAUSED.
        agreed_fee_fen: for the change (改期费).
        agreed_difference_fen: what the new date costs more (补差).
        consent: how the customer agreed, e.g. "customer_app", "phone".
    """

    starts_at: datetime
    reason_code: str
    agreed_fee_fen: int = 0
    agreed_difference_fen: int = 0
    consent: str = "customer_app"


@dataclass(frozen=True, kw_only=True)
class DateTerms:
    """What another date costs: the fee of the change, and what the date does to the price."""

    fee: ReschedulingTerms
    price: DatePrice


@dataclass(frozen=True)
class Alternative:
    """A time that suits the customer too, and what it does to the price."""

    windows: list[Window]
    price: DatePrice


@dataclass(frozen=True)
class Offered:
    """The agreed windows and the others that suit the customer, in their order."""

    windows: list[Window]
    alternatives: list[Alternative]


class Reschedulings:
    """The use cases of another date, of the office and of the customer.

    `customer_id` is given where a customer asks: then NotFoundError is raised for
    an order of somebody else.
    """

    def __init__(self, log: Log, tariffs: Tariffs) -> None:
        self._log = log
        self._tariffs = tariffs

    def preview(
        self,
        order_id: UUID,
        starts_at: datetime,
        reason_code: str,
        at: datetime,
        customer_id: UUID | None = None,
    ) -> DateTerms:
        """What the change would cost at `at`; the function that also decides it.

        Raises WrongStageError, WindowError or NewDateTooFarError where it is not
        possible, UnpaidPriceError where the unpaid price would be another.
        """
        return self._terms(self._order(order_id, customer_id), starts_at, reason_code, at)

    def change(
        self,
        order_id: UUID,
        change: DateChange,
        command: Command,
        customer_id: UUID | None = None,
    ) -> Outcome:
        """Agree another start; fee and difference are charged or go back in the same append.

        The order keeps its length; its crew is free, and it awaits assignment once
        all charges are paid. Raises FeeNotAgreedError, DifferenceNotAgreedError,
        SlotFullError where the pool has no seat left then, and what `preview` raises.
        """

        def do(order: ServiceOrder) -> None:
            starts_at, reason_code = change.starts_at, change.reason_code
            terms = self._terms(order, starts_at, reason_code, command.at)
            _check_agreed(terms, change.agreed_fee_fen, change.agreed_difference_fen)
            new = Rescheduling(
                windows=order.windows_from(starts_at),
                reason_code=reason_code,
                policy=terms.fee.policy,
                counted=reason_code not in COMPANY_CAUSED,
            )
            _move(order, new, terms, change.consent, command)

        return self._on(order_id, command, do, customer_id)

    def offered(self, order_id: UUID) -> Offered:
        """Which times the customer offered, each with its price. Raises NotFoundError."""
        order = self._log.load(ServiceOrder, order_id)
        alternatives = [Alternative(each, self._price(order, each)) for each in order.alternatives]
        return Offered(order.windows, alternatives)

    def choose(
        self,
        order_id: UUID,
        alternative: int,
        command: Command,
        agreed_difference_fen: int = 0,
        consent: str = "phone",
    ) -> Outcome:
        """Agree to the customer's alternative of this number, from 1: no fee and not counted.

        The price follows the date. Raises AlternativeNotFoundError,
        DifferenceNotAgreedError, SlotFullError, UnpaidPriceError, WrongStageError, WindowError.
        """

        def do(order: ServiceOrder) -> None:
            new = _alternative(order, alternative)
            order.check_new_windows(new.windows, command.at)
            price = self._price(order, new.windows)
            check_unpaid(order, price)
            terms = DateTerms(fee=ReschedulingTerms(0, new.policy), price=price)
            _check_agreed(terms, 0, agreed_difference_fen)
            _move(order, new, terms, consent, command)

        return self._on(order_id, command, do)

    def _on(
        self,
        order_id: UUID,
        command: Command,
        do: Callable[[ServiceOrder], None],
        customer_id: UUID | None = None,
    ) -> Outcome:
        def decide() -> Decision:
            order = self._order(order_id, customer_id)
            do(order)
            return Decision([order], _answer(order))

        return run_claiming(self._log, command, decide)

    def _order(self, order_id: UUID, customer_id: UUID | None) -> ServiceOrder:
        order = self._log.load(ServiceOrder, order_id)
        if customer_id not in {None, order.customer_id}:
            raise NotFoundError
        return order

    def _terms(
        self, order: ServiceOrder, starts_at: datetime, reason_code: str, at: datetime
    ) -> DateTerms:
        windows = order.windows_from(starts_at)
        order.check_new_windows(windows, at)
        fee = order.terms_of_rescheduling(starts_at, reason_code, at)
        price = self._price(order, windows, by_company=reason_code in COMPANY_CAUSED)
        check_unpaid(order, price)
        return DateTerms(fee=fee, price=price)

    def _price(
        self, order: ServiceOrder, windows: list[Window], *, by_company: bool = False
    ) -> DatePrice:
        tariff = self._tariffs.of(order.catalogue_revision, order.price_book_version)
        starts_at, _ = bounds(windows[0])
        return date_price(order, tariff, starts_at, by_company=by_company)


def _alternative(order: ServiceOrder, number: int) -> Rescheduling:
    if not 1 <= number <= len(order.alternatives):
        raise AlternativeNotFoundError
    reason = f"采用客户提供的第 {number} 备选时间，不收改期费"
    return Rescheduling(
        windows=order.alternatives[number - 1],
        reason_code=ALTERNATIVE,
        policy=PolicyApplied(version=1, trace=[reason]),
        counted=False,
    )


def _check_agreed(terms: DateTerms, fee_fen: int, difference_fen: int) -> None:
    if fee_fen != terms.fee.fee_fen:
        raise FeeNotAgreedError(fee=yuan(terms.fee.fee_fen))
    if difference_fen != terms.price.rise_fen:
        raise DifferenceNotAgreedError(difference=yuan(terms.price.rise_fen))


def _move(
    order: ServiceOrder, new: Rescheduling, terms: DateTerms, consent: str, command: Command
) -> None:
    """Agree the date; then charge the fee, and charge or owe back the difference."""
    by, at, price, fee_fen = command.actor, command.at, terms.price, terms.fee.fee_fen
    order.reschedule(_with_price(order, new, price), by=by, at=at)
    difference = PriceDifference(
        amount_fen=price.difference_fen,
        reason_code=DATE_DIFFERENCE,
        consent=consent,
        reasons=price.reasons,
    )
    order.settle_difference(difference, by=by, at=at)
    if fee_fen:
        fee = AddedCharge(reason_code=FEE_REASON, amount_fen=fee_fen, consent=consent)
        order.add_charge(fee, by=by, at=at)


def _with_price(order: ServiceOrder, new: Rescheduling, date: DatePrice) -> Rescheduling:
    trace = [*new.policy.trace, *date.reasons]
    return replace(
        new,
        policy=PolicyApplied(version=new.policy.version, trace=trace),
        seats=_seats(order, new.windows),
        total_fen=date.price.total_fen if date.price else None,
        lines=date.price.lines if date.price else None,
    )


def _seats(order: ServiceOrder, windows: list[Window]) -> HeldSeats | None:
    """An order of a time when none held seats goes on without."""
    if order.seats is None:
        return None
    return held_seats(order.service_code, order.contact["district"], windows, order.seats["seats"])


def _answer(order: ServiceOrder) -> dict[str, Any]:
    return {"order_id": str(order.id), "stage": order.stage}
