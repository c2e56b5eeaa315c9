"""Policies (规则): what an event sets going, once; the event map says when.

Payment.Succeeded is saved alone first; the order follows here, in a second
command that is retried until it is done.
"""

from datetime import timedelta
from typing import Final, Protocol

from application.commands import Command, Decision
from application.log import Log
from application.payment_errands import close_errand, prepay_errand, query_errand
from application.policy import Desk, Policy, Start, policy_command
from application.projections.projection import Recorded
from application.unpaid import Unpaid, attempt_deadline, order_deadline
from domain.orders.changes import PolicyApplied
from domain.orders.charges import PaymentTaken, StrayPayment
from domain.orders.errors import ChargeAmountError, PaymentNotTakenError
from domain.orders.order_facts import OrderFacts
from domain.orders.service_order import ServiceOrder
from domain.payment_attempts import CLOSING_MARGIN
from domain.payments import MoneyArrived, Payment, payment_id

_GIVE_BACK: Final = PolicyApplied(version=1, trace=["订单未接受此款，全额原路退回"])
# When WeChat is asked for the first time whether an attempt was paid (facts wechat-pay 4).
_FIRST_QUERY: Final = timedelta(seconds=30)


class Services(Protocol):
    """What policies work with."""

    @property
    def log(self) -> Log:
        """The log."""
        ...

    @property
    def unpaid(self) -> Unpaid:
        """Ends what is never paid."""
        ...


def _hold_ends(_: Services, desk: Desk, recorded: Recorded) -> None:
    event: OrderFacts.Booked = recorded.event
    if event.pay_by is not None:
        desk.remind(order_deadline(event.originator_id, event.pay_by))


def _prepare_payment(services: Services, desk: Desk, recorded: Recorded) -> None:
    payment = services.log.load(Payment, recorded.event.originator_id)
    desk.send(prepay_errand(payment.out_trade_no))


def _attempt_is_watched(_: Services, desk: Desk, recorded: Recorded) -> None:
    event: Payment.Started = recorded.event
    number = event.out_trade_no
    desk.send(query_errand(number, event.timestamp + _FIRST_QUERY))
    desk.remind(attempt_deadline(number, event.expires_at + CLOSING_MARGIN))


def _attempt_is_closed_at_wechat(services: Services, desk: Desk, recorded: Recorded) -> None:
    payment = services.log.load(Payment, recorded.event.originator_id)
    desk.send(close_errand(payment.out_trade_no))


def _unpaid_order_expires(services: Services, _: Desk, recorded: Recorded) -> None:
    payment = services.log.load(Payment, recorded.event.originator_id)
    services.unpaid.expire(payment.payable_id)


def _other_attempts_end(services: Services, desk: Desk, recorded: Recorded) -> None:
    event: OrderFacts.Paid | OrderFacts.ChargeWithdrawn = recorded.event
    command = policy_command(other_attempts_end.name, recorded, desk.clock.now())
    reason = "withdrawn" if isinstance(event, OrderFacts.ChargeWithdrawn) else "paid"
    services.unpaid.give_up(event.originator_id, event.charge_number, reason, command)


def _attempts_of_cancelled_order_end(services: Services, desk: Desk, recorded: Recorded) -> None:
    command = policy_command(attempts_of_cancelled_order_end.name, recorded, desk.clock.now())
    services.unpaid.give_up(recorded.event.originator_id, None, "cancelled", command)


def _order_takes_payment(services: Services, desk: Desk, recorded: Recorded) -> None:
    event: Payment.Succeeded = recorded.event
    command = policy_command(order_takes_payment.name, recorded, desk.clock.now())
    services.log.run(command, lambda: _take_or_give_back(services.log, event, command))


def _stray_money_goes_back(services: Services, desk: Desk, recorded: Recorded) -> None:
    event: MoneyArrived = recorded.event
    late = isinstance(event, Payment.SucceededLate)
    source = "late_payment" if late else "second_payment"
    command = policy_command(stray_money_goes_back.name, recorded, desk.clock.now())

    def decide() -> Decision:
        order = services.log.load(ServiceOrder, event.payable_id)
        _give_back(order, event, source, command)
        return Decision([order])

    services.log.run(command, decide)


def _take_or_give_back(log: Log, event: Payment.Succeeded, command: Command) -> Decision:
    order = log.load(ServiceOrder, event.payable_id)
    taken = PaymentTaken(
        charge_number=event.charge_number,
        amount_fen=event.amount_fen,
        payment_id=payment_id(event.out_trade_no),
        out_trade_no=event.out_trade_no,
        succeeded_at=event.succeeded_at,
    )
    try:
        order.mark_paid(taken, by=command.actor, at=command.at)
    except ChargeAmountError:
        raise  # a person has to look: the policy stands still and readiness shows it
    except PaymentNotTakenError:
        _give_back(order, event, "untaken_payment", command)
    return Decision([order])


def _give_back(order: ServiceOrder, event: MoneyArrived, source: str, command: Command) -> None:
    stray = StrayPayment(
        source=source,
        charge_number=event.charge_number,
        amount_fen=event.amount_fen,
        payment_id=payment_id(event.out_trade_no),
        out_trade_no=event.out_trade_no,
        transaction_id=event.transaction_id,
    )
    order.refund_stray(stray, policy=_GIVE_BACK, by=command.actor, at=command.at)


hold_ends = Policy("hold_ends", Start.BEGINNING, _hold_ends)
prepare_payment = Policy("prepare_payment", Start.BEGINNING, _prepare_payment)
attempt_is_watched = Policy("attempt_is_watched", Start.BEGINNING, _attempt_is_watched)
attempt_is_closed_at_wechat = Policy(
    "attempt_is_closed_at_wechat", Start.BEGINNING, _attempt_is_closed_at_wechat
)
unpaid_order_expires = Policy("unpaid_order_expires", Start.BEGINNING, _unpaid_order_expires)
other_attempts_end = Policy("other_attempts_end", Start.BEGINNING, _other_attempts_end)
attempts_of_cancelled_order_end = Policy(
    "attempts_of_cancelled_order_end", Start.BEGINNING, _attempts_of_cancelled_order_end
)
order_takes_payment = Policy("order_takes_payment", Start.BEGINNING, _order_takes_payment)
stray_money_goes_back = Policy("stray_money_goes_back", Start.BEGINNING, _stray_money_goes_back)
