"""Policies (规则): what an event sets going, once; the event map says when.

Payment.Succeeded is saved alone first; the order follows here, in a second
command that is retried until it is done.
"""

from typing import Final, Protocol

from application.commands import Command, Decision
from application.log import Log
from application.paying import prepay_errand
from application.policy import Desk, Policy, Start, policy_command
from application.projections.projection import Recorded
from domain.orders.changes import PolicyApplied
from domain.orders.charges import PaymentTaken, StrayPayment
from domain.orders.errors import ChargeAmountError, PaymentNotTakenError
from domain.orders.service_order import ServiceOrder
from domain.payments import MoneyArrived, Payment, payment_id

_GIVE_BACK: Final = PolicyApplied(version=1, trace=["订单未接受此款，全额原路退回"])


class Services(Protocol):
    """What policies work with."""

    @property
    def log(self) -> Log:
        """The log."""
        ...


def _prepare_payment(services: Services, desk: Desk, recorded: Recorded) -> None:  # noqa: ARG001 - one signature for all
    event: Payment.Started = recorded.event
    desk.send(prepay_errand(event.out_trade_no))


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


prepare_payment = Policy("prepare_payment", Start.BEGINNING, _prepare_payment)
order_takes_payment = Policy("order_takes_payment", Start.BEGINNING, _order_takes_payment)
stray_money_goes_back = Policy("stray_money_goes_back", Start.BEGINNING, _stray_money_goes_back)
