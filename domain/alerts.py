"""Alerts (告警): something about money that only a person can settle.

Some are raised by use cases. Others are facts of the log already, e.g.
Payment.AmountMismatched: those stand in the office's list from that fact on, and
become an alert of the log when somebody acknowledges them. Either way one code
and one subject are one alert.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.errors import InvalidInputError
from domain.names import stored_as

LONGEST_NOTE: Final = 500

Fact = str | int  # never float, as amounts are fen

_NAMESPACE: Final = UUID("2c7f5b0e-4d1a-5e63-9a6b-8f0d3c52e7b1")


class AlertCode(StrEnum):
    """What is the matter; stored for ever."""

    FOREIGN_NOTICE = "foreign_notice"
    UNREADABLE_NOTICE = "unreadable_notice"
    UNKNOWN_NUMBER = "unknown_number"
    PAYER_DIFFERS = "payer_differs"
    TRANSACTION_REUSED = "transaction_reused"
    AMOUNT_MISMATCHED = "amount_mismatched"
    LATE_PAYMENT = "late_payment"
    SECOND_PAYMENT = "second_payment"
    UNTAKEN_PAYMENT = "untaken_payment"


ALERT_LABELS: Final[Mapping[str, str]] = {
    AlertCode.FOREIGN_NOTICE: "非本商户的支付通知",
    AlertCode.UNREADABLE_NOTICE: "支付通知无法解密",
    AlertCode.UNKNOWN_NUMBER: "未知商户订单号",
    AlertCode.PAYER_DIFFERS: "付款人与下单人不一致",
    AlertCode.TRANSACTION_REUSED: "同一交易号用于另一笔支付",
    AlertCode.AMOUNT_MISMATCHED: "金额不符",
    AlertCode.LATE_PAYMENT: "迟到付款",
    AlertCode.SECOND_PAYMENT: "重复付款",
    AlertCode.UNTAKEN_PAYMENT: "订单未接受的付款",
}


def alert_id(code: str, subject: str) -> UUID:
    """The stream of the alert of this code about this subject."""
    return uuid5(_NAMESPACE, f"{code}\x1f{subject}")


@dataclass(frozen=True, kw_only=True)
class Concern:
    """What needs a person (事由).

    `subject` names what it is about, e.g. WeChat's transaction; `facts` are
    numbers, ids and amounts. Neither holds personal data.
    """

    code: str
    subject: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def alert_id(self) -> UUID:
        """The stream of its alert."""
        return alert_id(self.code, self.subject)


@stored_as("alert")
class Alert(EventSourced):
    """One concern; its id is `alert_id(code, subject)`."""

    class Event(EventSourced.Event):
        """A fact about the alert."""

    class Raised(Event, EventSourced.Opened):
        """Somebody has to look (告警)."""

        code: str
        subject: str
        facts: dict[str, Any]

    class Acknowledged(Event):
        """Somebody looked and answers for it (已处理).

        `note` is staff's text about money, in clear: no personal data belongs there.
        """

        by: str
        note: str

    @classmethod
    def raise_about(cls, concern: Concern, *, at: datetime) -> Self:
        """State a concern.

        Raises:
            InvalidInputError: unknown code, no subject, or a fact that is
                neither text nor a whole number.
        """
        if concern.code not in ALERT_LABELS or not concern.subject:
            raise InvalidInputError(field="code")
        if not all(isinstance(fact, str | int) for fact in concern.facts.values()):
            raise InvalidInputError(field="facts")
        stated = {"code": str(concern.code), "subject": concern.subject}
        facts = dict(concern.facts)
        return cls._create(cls.Raised, id=concern.alert_id, timestamp=at, facts=facts, **stated)

    def acknowledge(self, note: str, *, by: str, at: datetime) -> bool:
        """State that somebody looked.

        Returns:
            False if somebody did before; nothing is stated.

        Raises:
            InvalidInputError: the note is longer than LONGEST_NOTE characters.
        """
        if len(note) > LONGEST_NOTE:
            raise InvalidInputError(field="note")
        if self.acknowledged_by:
            return False
        self.trigger_event(self.Acknowledged, timestamp=at, by=by, note=note)
        return True

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case Alert.Raised():
                self.code = event.code
                self.subject = event.subject
                self.facts = event.facts
                self.acknowledged_by = ""
            case Alert.Acknowledged():
                self.acknowledged_by = event.by
            case _:
                super().evolve(event)
