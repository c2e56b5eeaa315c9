"""Exceptions of an order (异常): what went wrong, and how it was put right; facts both.

A report never moves the order to another stage; whoever works on it decides that
by the usual commands. People report what they see, deadlines what did not happen.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from eventsourcing.domain import Aggregate

from domain.errors import InvalidInputError, NotFoundError
from domain.orders.order_money import OrderMoney
from domain.orders.windows import check_happened
from domain.sealed import check_sealed


class ExceptionKind(StrEnum):
    """What went wrong; stored as the plain name."""

    LATE = "late"
    NO_SHOW = "no_show"
    CUSTOMER_ABSENT = "customer_absent"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    STALLED = "stalled"
    DAMAGE = "damage"
    COMPLAINT = "complaint"


EXCEPTION_LABELS: Final[Mapping[str, str]] = {
    ExceptionKind.LATE: "迟到",
    ExceptionKind.NO_SHOW: "未到",
    ExceptionKind.CUSTOMER_ABSENT: "客户不在（空跑）",
    ExceptionKind.INTERRUPTED: "服务中断",
    ExceptionKind.REFUSED: "拒单",
    ExceptionKind.TIMEOUT: "超时未接",
    ExceptionKind.STALLED: "停滞",
    ExceptionKind.DAMAGE: "损坏",
    ExceptionKind.COMPLAINT: "投诉",
}
# What is over as soon as somebody else has the work.
NOBODY_TOOK_IT: Final = frozenset({ExceptionKind.REFUSED, ExceptionKind.TIMEOUT})


class ExceptionNotOpenError(NotFoundError):
    """The order has no open exception of this number."""

    code = "exception_not_open"
    sentence = "没有找到待处理的异常。"


@dataclass(frozen=True, kw_only=True)
class ExceptionReport:
    """What went wrong, when; `details` are plain facts without personal data, `note` sealed."""

    kind: str
    happened_at: datetime
    details: dict[str, Any] = field(default_factory=dict)
    note: str = ""


class OrderExceptions(OrderMoney):
    """An order's exceptions. The kinds of order derive from ServiceOrder, not from this."""

    class ExceptionReported(OrderMoney.Event):
        """Something went wrong (异常); `kind` is one of ExceptionKind."""

        exception_number: int
        kind: str
        happened_at: datetime
        details: dict[str, Any]
        note: str = ""

    class ExceptionResolved(OrderMoney.Event):
        """It was put right or nothing more is to be done (已处置)."""

        exception_number: int
        kind: str
        resolution_code: str
        note: str = ""

    def report_exception(self, report: ExceptionReport, *, by: str, at: datetime) -> int:
        """State that something went wrong; returns its number, from 1.

        The order stays where it is; one that is done or closed may have exceptions too.

        Raises:
            InvalidInputError: an unknown kind, or a note in clear text.
            HappenedInFutureError: see check_happened.
        """
        if report.kind not in EXCEPTION_LABELS:
            raise InvalidInputError(field="kind")
        check_happened(report.happened_at, at)
        check_sealed(note=report.note)
        number = self.exceptions + 1
        facts = {**vars(report), "kind": str(report.kind), "details": dict(report.details)}
        self._state(self.ExceptionReported, at, by, self.stage, exception_number=number, **facts)
        return number

    def report_once(self, report: ExceptionReport, *, by: str, at: datetime) -> bool:
        """Report it unless one of its kind is open; returns whether it was reported.

        Raises: as `report_exception`.
        """
        if report.kind in self.open_exceptions.values():
            return False
        self.report_exception(report, by=by, at=at)
        return True

    def resolve_exception(
        self, number: int, resolution_code: str, *, note: str = "", by: str, at: datetime
    ) -> None:
        """State how an exception was dealt with.

        Raises:
            ExceptionNotOpenError: there is none of this number, or it is resolved.
            InvalidInputError: no code, or a note in clear text.
        """
        kind = self.open_exceptions.get(number)
        if kind is None:
            raise ExceptionNotOpenError(exception_number=number)
        if not resolution_code:
            raise InvalidInputError(field="resolution_code")
        check_sealed(note=note)
        facts = {"kind": kind, "resolution_code": resolution_code, "note": note}
        self._state(self.ExceptionResolved, at, by, self.stage, exception_number=number, **facts)

    def resolve_kinds(
        self, kinds: Collection[str], resolution_code: str, *, by: str, at: datetime
    ) -> None:
        """Resolve every open exception of these kinds; none is no error."""
        for number, kind in tuple(self.open_exceptions.items()):
            if kind in kinds:
                self.resolve_exception(number, resolution_code, by=by, at=at)

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case OrderExceptions.Booked():
                super().evolve(event)
                self.exceptions = 0
                self.open_exceptions: dict[int, str] = {}
            case OrderExceptions.ExceptionReported():
                self.stage = event.stage
                self.exceptions = event.exception_number
                self.open_exceptions[event.exception_number] = event.kind
            case OrderExceptions.ExceptionResolved():
                self.stage = event.stage
                del self.open_exceptions[event.exception_number]
            case _:
                super().evolve(event)
