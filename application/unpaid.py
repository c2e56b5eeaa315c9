"""What is never paid (未支付): attempts are given up, orders expire, seats are free again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from application.clock import Clock
from application.commands import Command, Decision
from application.log import Log
from application.payment_facts import PaymentFacts
from application.policy import Deadline, TryLaterError
from domain.orders.changes import UNPAID, Cancellation, PolicyApplied
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage
from domain.payments import Payment

_COMMANDS: Final = UUID("8d0f3f0a-1b7e-5f42-9a8c-6f5b7f4a2c90")
# How soon a hold is looked at again that should be over.
_AGAIN: Final = timedelta(minutes=1)
_NOBODY_PAID: Final = PolicyApplied(version=1, trace=["超过支付时间，订单关闭，名额释放"])


class Unpaid:
    """Ends attempts and orders whose time is over; whatever comes later goes back."""

    def __init__(self, log: Log, facts: PaymentFacts, clock: Clock) -> None:
        self._log = log
        self._facts = facts
        self._clock = clock

    def attempt_expired(self, deadline: Deadline) -> None:
        """The deadline `payment.expired`: give up an attempt that nobody paid."""
        number = deadline.subject
        command = self._command(f"expired:{number}")
        self._log.run(command, lambda: _given_up([self._facts.load(number)], "expired", command))

    def order_unpaid(self, deadline: Deadline) -> None:
        """The deadline `order.unpaid`: the hold is over.

        Raises TryLaterError while the order waits on, because an attempt is
        open or money that came is not taken yet: so no lost trigger and no
        clock that is behind can keep its seats for ever.
        """
        order_id = UUID(deadline.subject)
        self.expire(order_id)
        if self._log.load(ServiceOrder, order_id).stage == Stage.AWAITING_PAYMENT:
            reason = "the order waits on"
            raise TryLaterError(reason, after=_AGAIN)

    def expire(self, order_id: UUID) -> None:
        """Cancel an order that waited in vain, once WeChat confirmed that nothing was paid.

        Does nothing while an attempt is open or paid, before its time, or where
        the order went on; so it may be called after every event that could matter.
        """
        command = self._command(f"unpaid:{order_id}")
        if self._is_due(self._log.load(ServiceOrder, order_id)):
            self._log.run(command, lambda: self._expire(order_id, command))

    def give_up(
        self, order_id: UUID, charge_number: int | None, reason_code: str, command: Command
    ) -> None:
        """Give up the open attempts to pay a charge of an order, or with None any charge."""
        order = self._log.load(ServiceOrder, order_id)
        numbers = sorted(order.charges) if charge_number is None else [charge_number]

        def attempts() -> list[Payment]:
            return [each for n in numbers for each in self._facts.attempts_of(order, n)]

        # Most orders have nothing left to give up; then there is no command to keep.
        if any(each.is_waiting() for each in attempts()):
            self._log.run(command, lambda: _given_up(attempts(), reason_code, command))

    def _expire(self, order_id: UUID, command: Command) -> Decision:
        order = self._log.load(ServiceOrder, order_id)
        if not self._is_due(order):
            return Decision([])
        why = Cancellation(reason_code=UNPAID, policy=_NOBODY_PAID)
        order.cancel(why, by=command.actor, at=command.at)
        return Decision([order])

    def _is_due(self, order: ServiceOrder) -> bool:
        pay_by: datetime | None = order.pay_by
        if order.stage != Stage.AWAITING_PAYMENT or pay_by is None or self._clock.now() < pay_by:
            return False
        return not any(each.keeps_order() for each in self._facts.attempts_of(order, 1))

    def _command(self, key: str) -> Command:
        return Command(uuid5(_COMMANDS, key), "system:unpaid", "", self._clock.now())


def order_deadline(order_id: UUID, due_at: datetime) -> Deadline:
    """When an order's hold is over."""
    return Deadline("order.unpaid", str(order_id), due_at)


def attempt_deadline(number: str, due_at: datetime) -> Deadline:
    """When the attempt of a 商户订单号 is given up."""
    return Deadline("payment.expired", number, due_at)


def _given_up(attempts: Iterable[Payment], reason_code: str, command: Command) -> Decision:
    open_ones = [each for each in attempts if each.is_waiting()]
    for each in open_ones:
        each.request_closing(reason_code, at=command.at)
    return Decision(open_ones)
