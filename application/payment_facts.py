"""What is known of payment attempts, and how money that arrived is stated."""

from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

from application.alerts import Alerts
from application.clock import Clock
from application.commands import ClaimRefusedError, Command, Decision
from application.log import Log
from application.payment_gateway import BadNoticeError, Transaction
from application.vault import ERASED, Vault
from domain.alerts import AlertCode
from domain.errors import NotFoundError
from domain.orders.order_number import out_trade_no
from domain.orders.service_order import ServiceOrder
from domain.payment_attempts import JSAPI, SuccessReport
from domain.payments import Payment, payment_id

_COMMANDS: Final = UUID("b1b9a0c2-6a3f-5f53-8c5c-0f1d2d1c9a77")
# States of WeChat's that mean the money arrived; REFUND was paid before (facts 3).
PAID_STATES: Final = frozenset({"SUCCESS", "REFUND"})
_ACTOR: Final = "system:wechat_pay"


class UnknownPaymentError(NotFoundError):
    """WeChat speaks of a 商户订单号 that we never gave; never credited."""

    code = "unknown_payment"
    sentence = "没有此商户订单号。"


class Change(Protocol):
    """A change of an attempt at an instant."""

    def __call__(self, payment: Payment, at: datetime) -> Any:  # noqa: ANN401 - not used
        """Command the attempt."""
        ...


class PaymentFacts:
    """Reads attempts and states facts about them, each once."""

    def __init__(self, log: Log, vault: Vault, alerts: Alerts, clock: Clock) -> None:
        self._log = log
        self._vault = vault
        self._alerts = alerts
        self._clock = clock

    def load(self, number: str) -> Payment:
        """The attempt of a 商户订单号. Raises UnknownPaymentError."""
        found = self._find(number)
        if found is None:
            raise UnknownPaymentError(out_trade_no=number)
        return found

    def attempts_of(self, order: ServiceOrder, charge_number: int) -> list[Payment]:
        """All attempts to pay a charge, first to last; they are numbered without gaps."""
        attempts: list[Payment] = []
        while found := self._find(_number(order, charge_number, len(attempts) + 1)):
            attempts.append(found)
        return attempts

    def change(self, number: str, what: str, change: Change) -> None:
        """Command an attempt once for each `what`."""
        command = self._command(f"{what}:{number}")

        def decide() -> Decision:
            payment = self.load(number)
            change(payment, at=command.at)
            return Decision([payment])

        self._log.run(command, decide)

    def record(self, transaction: Transaction, learned_from: str) -> None:
        """State the success on its attempt, once for each transaction of WeChat's.

        Raises UnknownPaymentError, and BadNoticeError where it has no time.
        """
        report = _report(transaction, learned_from)
        payment = self.load(transaction.out_trade_no)
        try:
            self._state_success(payment.out_trade_no, report, second=False)
        except ClaimRefusedError as refused:
            if refused.kind != "charge_paid":
                # WeChat's number stands in the log for another attempt; it never pays twice.
                self._tell(AlertCode.TRANSACTION_REUSED, transaction)
                raise
            self._state_success(payment.out_trade_no, report, second=True)
        self._compare_payer(payment, transaction)

    def _find(self, number: str) -> Payment | None:
        return self._log.find(Payment, payment_id(number))

    def _state_success(self, number: str, report: SuccessReport, *, second: bool) -> None:
        command = self._command(f"success:{number}:{report.transaction_id}:{second}")

        def decide() -> Decision:
            payment = self.load(number)
            record = payment.record_second_success if second else payment.record_success
            record(report, at=command.at)
            return Decision([payment])

        self._log.run(command, decide)

    def _tell(self, code: AlertCode, transaction: Transaction) -> None:
        self._alerts.raise_alert(
            code,
            transaction.transaction_id,
            out_trade_no=transaction.out_trade_no,
            amount_fen=transaction.total_fen,
        )

    def _compare_payer(self, payment: Payment, transaction: Transaction) -> None:
        """The money counts whoever paid; that somebody else did is for a person to know.

        Of an erased customer nobody can tell.
        """
        if payment.trade_type != JSAPI or not transaction.openid:
            return
        if self._vault.open(payment.payer_openid) not in {transaction.openid, ERASED}:
            self._tell(AlertCode.PAYER_DIFFERS, transaction)

    def _command(self, key: str) -> Command:
        return Command(uuid5(_COMMANDS, key), _ACTOR, "", self._clock.now())


def _number(order: ServiceOrder, charge_number: int, attempt: int) -> str:
    return out_trade_no(order.order_number, charge_number, attempt)


def _report(transaction: Transaction, learned_from: str) -> SuccessReport:
    if transaction.succeeded_at is None:
        raise BadNoticeError(field="success_time")
    return SuccessReport(
        transaction_id=transaction.transaction_id,
        amount_fen=transaction.total_fen,
        payer_total_fen=transaction.payer_total_fen,
        succeeded_at=transaction.succeeded_at,
        trade_type=transaction.trade_type,
        learned_from=learned_from,
        currency=transaction.currency,
    )
