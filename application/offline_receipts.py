"""Money that passes by hand (线下收款, 线下退款): recorded for orders that are reserved."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from application.commands import ClaimRefusedError, Command, Decision, Outcome
from application.log import Log
from application.vault import KeyClass, Vault
from domain.errors import RuleViolationError
from domain.orders.offline_receipts import OfflineMoney, OfflineReceipt


class ReceiptNumberUsedError(RuleViolationError):
    """Another receipt bears this number."""

    code = "receipt_number_used"
    sentence = "该收据号已登记过。"


class OfflineReceipts:
    """Records receipts and repayments; the answers hold what is held by hand, in fen.

    Every method raises NotFoundError where there is no such reservation,
    ReceiptNumberUsedError, and RuleViolationError or InvalidInputError kinds. The
    note of a receipt comes in clear and is sealed.
    """

    def __init__(self, log: Log, vault: Vault) -> None:
        self._log = log
        self._vault = vault

    def record(self, order_id: UUID, receipt: OfflineReceipt, command: Command) -> Outcome:
        """Money was taken by hand."""
        return self._on(order_id, receipt, command, OfflineMoney.record_receipt)

    def repay(self, order_id: UUID, receipt: OfflineReceipt, command: Command) -> Outcome:
        """Money was given back by hand; never more than is to go back."""
        return self._on(order_id, receipt, command, OfflineMoney.record_repayment)

    def _on(
        self,
        order_id: UUID,
        receipt: OfflineReceipt,
        command: Command,
        tell: Callable[..., None],
    ) -> Outcome:
        def decide() -> Decision:
            order = self._log.load(OfflineMoney, order_id)
            note = self._vault.seal(order.customer_id, KeyClass.NOTE, receipt.note)
            tell(order, replace(receipt, note=note), by=command.actor, at=command.at)
            return Decision([order], _answer(order))

        try:
            return self._log.run(command, decide)
        except ClaimRefusedError as refused:
            if refused.kind == "receipt_number":
                raise ReceiptNumberUsedError from refused
            raise


def _answer(order: OfflineMoney) -> dict[str, Any]:
    held_fen = order.held_by_hand_fen()
    return {"order_id": str(order.id), "stage": order.stage, "held_fen": held_fen}
