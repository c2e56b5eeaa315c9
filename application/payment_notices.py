"""Payment notices (支付结果通知): kept raw, then believed and stated, or told to a person."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from application.alerts import Alerts
from application.clock import Clock
from application.crash_points import CrashPoint, reached
from application.payment_facts import PAID_STATES, PaymentFacts, UnknownPaymentError
from application.payment_gateway import (
    BadNoticeError,
    ForeignNoticeError,
    Notice,
    PaymentGateway,
    Transaction,
    UnreadableNoticeError,
)
from domain.alerts import AlertCode
from domain.errors import JiawuError
from domain.time import shanghai_day

_logger = logging.getLogger("jiawu.paying")


class Notices(Protocol):
    """Keeps raw notices before they are interpreted."""

    def keep(
        self, headers: Mapping[str, str], body: bytes, at: datetime, out_trade_no: str = ""
    ) -> None:
        """Keep one; the same bytes again are another row.

        `out_trade_no` is whose attempt it is about, "" where that cannot be read.
        """
        ...


class PaymentNotices:
    """Takes what WeChat posts."""

    def __init__(
        self,
        gateway: PaymentGateway,
        facts: PaymentFacts,
        notices: Notices,
        alerts: Alerts,
        clock: Clock,
    ) -> None:
        self._gateway = gateway
        self._facts = facts
        self._notices = notices
        self._alerts = alerts
        self._clock = clock

    def receive(self, headers: Mapping[str, str], body: bytes) -> None:
        """Take a notice: verify, keep the raw bytes, then state the payment.

        Idempotent by WeChat's transaction. Raises BadNoticeError (nothing is
        kept or changed); ForeignNoticeError and UnknownPaymentError (kept, and
        an alert is raised); UnreadableNoticeError.
        """
        try:
            notice = self._gateway.read_notice(headers, body)
        except ForeignNoticeError as foreign:
            self._keep(headers, body)
            self._tell_foreign(foreign)
            raise
        except BadNoticeError:
            raise
        except JiawuError as refused:
            self._keep(headers, body)
            if isinstance(refused, UnreadableNoticeError):
                self._tell_unreadable()
            raise
        self._keep(headers, body, notice.transaction.out_trade_no)
        reached(CrashPoint.NOTICE_KEPT)
        self._take(notice)
        reached(CrashPoint.SUCCESS_STATED)

    def _keep(self, headers: Mapping[str, str], body: bytes, out_trade_no: str = "") -> None:
        self._notices.keep(headers, body, self._clock.now(), out_trade_no)

    def _take(self, notice: Notice) -> None:
        told = notice.transaction
        if told.trade_state not in PAID_STATES:
            _logger.warning("notice %s of state %s", notice.notice_id, notice.event_type)
            return
        try:
            self._facts.record(told, "notice")
        except UnknownPaymentError:
            self._tell_unknown(told)
            raise

    def _tell_unknown(self, told: Transaction) -> None:
        facts: dict[str, str | int] = {
            "out_trade_no": told.out_trade_no,
            "amount_fen": told.total_fen,
            "currency": told.currency,
        }
        self._alerts.raise_alert(AlertCode.UNKNOWN_NUMBER, told.transaction_id, **facts)

    def _tell_unreadable(self) -> None:
        """Our APIv3 key must be wrong, so no payment is learned of: once a day, not a notice."""
        day = shanghai_day(self._clock.now()).isoformat()
        self._alerts.raise_alert(AlertCode.UNREADABLE_NOTICE, day)

    def _tell_foreign(self, foreign: ForeignNoticeError) -> None:
        transaction_id, mchid = str(foreign.facts["transaction_id"]), str(foreign.facts["mchid"])
        self._alerts.raise_alert(AlertCode.FOREIGN_NOTICE, transaction_id, mchid=mchid)
