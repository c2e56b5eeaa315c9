"""Charges that nobody pays (未付的补差、加项): an order that waits for one goes on without it."""

from uuid import UUID

from application.commands import Command, Decision, Outcome
from application.log import Log
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.visits import PlanOfVisitsError
from domain.orders.service_order import ServiceOrder


class OpenCharges:
    """Gives up further charges that are open; the price of the booking is never given up."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def withdraw(
        self, order_id: UUID, charge_number: int, reason_code: str, command: Command
    ) -> Outcome:
        """Give up a charge that nobody paid; an attempt to pay it ends.

        Raises NotFoundError, UnknownChargeError where it has no such open charge, and
        PlanOfVisitsError of a plan, whose renewals open and end by its own rules.
        """

        def decide() -> Decision:
            order = self._log.load(ServiceOrder, order_id)
            if isinstance(order, HourlyWorkOrder) and order.is_plan():
                raise PlanOfVisitsError
            by, at = command.actor, command.at
            order.withdraw_charge(charge_number, reason_code=reason_code, by=by, at=at)
            return Decision([order], {"order_id": str(order.id), "stage": order.stage})

        return self._log.run(command, decide)
