"""Preferences (偏好, 拉黑): whom a customer would like to have, and whom never again."""

from collections.abc import Sequence
from uuid import UUID

from application.commands import Command, Decision, Outcome
from application.log import Log
from domain.customers import Customer, WorkerWish
from domain.errors import NotFoundError, RuleViolationError
from domain.orders.service_order import ServiceOrder
from domain.workers import Worker


class NobodyServedError(RuleViolationError):
    """Nobody has the order, so there is nobody to wish for or to exclude."""

    code = "nobody_served"
    sentence = "此订单还没有服务人员。"


class Preferences:
    """What customers wish of workers; the office notes it for those who call."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def of(self, customer_id: UUID) -> Sequence[tuple[int, str]]:
        """Numbers of workers (工号) and what is wished of each. Raises NotFoundError."""
        wishes = self._log.load(Customer, customer_id).worker_wishes.items()
        return [(self._log.load(Worker, worker_id).number, wish) for worker_id, wish in wishes]

    def wish(
        self, customer_id: UUID, worker_id: UUID, wish: WorkerWish, command: Command
    ) -> Outcome:
        """Say what the customer wishes of a worker.

        Raises NotFoundError where there is no such customer or worker.
        """
        return self._log.run(command, lambda: self._wish(customer_id, worker_id, wish, command))

    def wish_of_order(
        self, customer_id: UUID, order_id: UUID, wish: WorkerWish, command: Command
    ) -> Outcome:
        """Say what the customer wishes of who has or had an order.

        Raises NotFoundError where the order is not the customer's, NobodyServedError.
        """

        def decide() -> Decision:
            order = self._log.load(ServiceOrder, order_id)
            if order.customer_id != customer_id:
                raise NotFoundError
            if order.worker_id is None:
                raise NobodyServedError
            return self._wish(customer_id, order.worker_id, wish, command)

        return self._log.run(command, decide)

    def _wish(
        self, customer_id: UUID, worker_id: UUID, wish: WorkerWish, command: Command
    ) -> Decision:
        customer = self._log.load(Customer, customer_id)
        worker = self._log.load(Worker, worker_id)
        customer.wish_of_worker(worker_id, wish, by=command.actor, at=command.at)
        return Decision([customer], {"worker_number": worker.number, "wish": wish.value})
