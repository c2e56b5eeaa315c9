"""Rescheduling (改期): another date, what it costs, and times the customer had offered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from application.claiming import run_claiming
from application.commands import Command, Decision, Outcome
from application.log import Log
from domain.capacity import HeldSeats, held_seats
from domain.errors import NotFoundError, RuleViolationError
from domain.money import yuan
from domain.orders.changes import PolicyApplied, Rescheduling
from domain.orders.charges import AddedCharge
from domain.orders.rescheduling_policy import (
    ALTERNATIVE,
    COMPANY_CAUSED,
    FEE_REASON,
    ReschedulingTerms,
)
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import RESCHEDULABLE
from domain.orders.windows import Window, check_windows


class FeeNotAgreedError(RuleViolationError):
    """The customer did not agree to just the fee that the change costs now."""

    code = "rescheduling_fee_not_agreed"
    sentence = "本次改期费为 {fee}，请确认后再提交。"


class AlternativeNotFoundError(NotFoundError):
    """The customer offered no such time."""

    code = "alternative_not_found"
    sentence = "客户没有提供该备选时间。"


@dataclass(frozen=True, kw_only=True)
class DateChange:
    """Another start, why, and the fee to which the customer agreed.

    Attributes:
        reason_code: "customer", or one of COMPANY_CAUSED.
        consent: how the customer agreed, e.g. "customer_app", "phone".
    """

    starts_at: datetime
    reason_code: str
    agreed_fee_fen: int = 0
    consent: str = "customer_app"


@dataclass(frozen=True)
class Offered:
    """The agreed windows and the others that suit the customer, in their order."""

    windows: list[Window]
    alternatives: list[list[Window]]


class Reschedulings:
    """The use cases of another date, of the office and of the customer.

    `customer_id` is given where a customer asks: then NotFoundError is raised for
    an order of somebody else.
    """

    def __init__(self, log: Log) -> None:
        self._log = log

    def preview(
        self,
        order_id: UUID,
        starts_at: datetime,
        reason_code: str,
        at: datetime,
        customer_id: UUID | None = None,
    ) -> ReschedulingTerms:
        """What the change would cost at `at`; the function that also decides it.

        Raises WrongStageError, WindowError or NewDateTooFarError where it is not possible.
        """
        order = self._order(order_id, customer_id)
        order.check_stage(RESCHEDULABLE)
        check_windows(order.windows_from(starts_at), order.WINDOW_PURPOSES, at, order.AHEAD)
        return order.terms_of_rescheduling(starts_at, reason_code, at)

    def change(
        self,
        order_id: UUID,
        change: DateChange,
        command: Command,
        customer_id: UUID | None = None,
    ) -> Outcome:
        """Agree another start; a fee becomes a charge in the same append.

        The order keeps its length; its crew is free, and it awaits assignment once
        the fee is paid. Raises FeeNotAgreedError, SlotFullError where the pool has
        no seat left then, and what `preview` raises.
        """

        def decide() -> Decision:
            order = self._order(order_id, customer_id)
            _change(order, change, command)
            return Decision([order], _answer(order))

        return run_claiming(self._log, command, decide)

    def offered(self, order_id: UUID) -> Offered:
        """Which times the customer offered. Raises NotFoundError."""
        order = self._log.load(ServiceOrder, order_id)
        return Offered(order.windows, order.alternatives)

    def choose(self, order_id: UUID, alternative: int, command: Command) -> Outcome:
        """Agree to the customer's alternative of this number, from 1: free and not counted.

        Raises AlternativeNotFoundError, SlotFullError, WrongStageError, WindowError.
        """

        def decide() -> Decision:
            order = self._log.load(ServiceOrder, order_id)
            _choose(order, alternative, command)
            return Decision([order], _answer(order))

        return run_claiming(self._log, command, decide)

    def _order(self, order_id: UUID, customer_id: UUID | None) -> ServiceOrder:
        order = self._log.load(ServiceOrder, order_id)
        if customer_id not in {None, order.customer_id}:
            raise NotFoundError
        return order


def _change(order: ServiceOrder, change: DateChange, command: Command) -> None:
    terms = order.terms_of_rescheduling(change.starts_at, change.reason_code, command.at)
    windows = order.windows_from(change.starts_at)
    new = Rescheduling(
        windows=windows,
        reason_code=change.reason_code,
        policy=terms.policy,
        seats=_seats(order, windows),
        counted=change.reason_code not in COMPANY_CAUSED,
    )
    order.reschedule(new, by=command.actor, at=command.at)
    if change.agreed_fee_fen != terms.fee_fen:
        raise FeeNotAgreedError(fee=yuan(terms.fee_fen))
    if terms.fee_fen:
        fee = AddedCharge(reason_code=FEE_REASON, amount_fen=terms.fee_fen, consent=change.consent)
        order.add_charge(fee, by=command.actor, at=command.at)


def _choose(order: ServiceOrder, alternative: int, command: Command) -> None:
    if not 1 <= alternative <= len(order.alternatives):
        raise AlternativeNotFoundError
    windows = order.alternatives[alternative - 1]
    new = Rescheduling(
        windows=windows,
        reason_code=ALTERNATIVE,
        policy=PolicyApplied(version=1, trace=[f"采用客户提供的第 {alternative} 备选时间，不收费"]),
        seats=_seats(order, windows),
        counted=False,
    )
    order.reschedule(new, by=command.actor, at=command.at)


def _seats(order: ServiceOrder, windows: list[Window]) -> HeldSeats | None:
    """An order of a time when none held seats goes on without."""
    if order.seats is None:
        return None
    return held_seats(order.service_code, order.contact["district"], windows, order.seats["seats"])


def _answer(order: ServiceOrder) -> dict[str, Any]:
    return {"order_id": str(order.id), "stage": order.stage}
