"""Repair (家电维修): somebody looks at it, tells a price, and repairs what is agreed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from domain.errors import InvalidInputError
from domain.orders.appliance_care.findings import Finding, check_finding
from domain.orders.appliance_care.quotations import (
    Quotation,
    QuotationExpiredError,
    QuotationReplacedError,
    check_quotation,
)
from domain.orders.appliance_care.repair_facts import PARTS_VISIT
from domain.orders.appliance_care.warranty import Warranty, check_described
from domain.orders.stages import HOME_VISIT, Stage, Transitions
from domain.orders.windows import Window, check_happened, check_windows
from domain.sealed import check_sealed

_MOST_PARTS: Final = 30
_LONGEST_DAYS: Final = 3_650

_FIRST_VISIT: Final[Transitions] = {
    Stage.ACCEPTED: HOME_VISIT[Stage.ACCEPTED],
    Stage.DEPARTED: HOME_VISIT[Stage.DEPARTED],
    Stage.QUOTATION_ACCEPTED: frozenset({Stage.IN_SERVICE}),
    Stage.IN_SERVICE: frozenset({Stage.AWAITING_INSPECTION}),
    Stage.AWAITING_INSPECTION: frozenset({Stage.IN_SERVICE}),
}
# What is to be done is agreed already, or free.
_LATER_VISIT: Final[Transitions] = {**_FIRST_VISIT, Stage.ARRIVED: frozenset({Stage.IN_SERVICE})}


@dataclass(frozen=True, kw_only=True)
class PartsOrder:
    """Parts that have to be fetched (待配件): their names, and when they are expected."""

    parts: list[str]
    finding: Finding
    expected_on: date | None = None


def check_repair(details: dict[str, Any]) -> None:
    """Check what a repair is booked with: "fault" (sealed), "photos" and "warranty_days".

    Raises:
        InvalidInputError: see check_described; or a warranty of no day.
    """
    check_described(details.get("fault", ""), details.get("photos", []))
    if not 1 <= details.get("warranty_days", 0) <= _LONGEST_DAYS:
        raise InvalidInputError(field="warranty_days")


class Repair(Warranty):
    """The rules of a repair. The kinds of order derive from ServiceOrder, not from this."""

    # Who refuses the price is done with the inspection.
    COMPLETABLE = frozenset({Stage.AWAITING_INSPECTION, Stage.QUOTATION_REFUSED})

    def diagnose(self, finding: Finding, *, by: str, at: datetime) -> None:
        """The worker says what is wrong, before anything is agreed (上门检测).

        Raises:
            WrongStageError: nobody has arrived, or what is to be done is agreed already.
            InvalidInputError: no words; see check_finding.
        """
        self.check_stage({Stage.ARRIVED} if self.is_repair() and not self.visit else ())
        check_finding(finding, at)
        if not finding.note:
            raise InvalidInputError(field="note")
        self._state(self.Diagnosed, at, by, Stage.DIAGNOSED, **finding.facts())

    def quote(self, quotation: Quotation, *, by: str, at: datetime) -> int:
        """Offer a price (报价), or another one in place of it until it is answered.

        Returns:
            The quotation's number, from 1.

        Raises:
            WrongStageError: nobody has said what is wrong, or it is answered.
            InvalidInputError: see check_quotation.
        """
        self.check_stage({Stage.DIAGNOSED, Stage.QUOTED})
        check_quotation(quotation, at)
        number: int = self.quoted + 1
        facts = {"quotation_number": number, **quotation.facts()}
        self._state(self.Quoted, at, by, Stage.QUOTED, **facts)
        return number

    def accept_quotation(self, number: int, *, consent: str, by: str, at: datetime) -> None:
        """The customer agrees to a quotation; `consent` says how, in a short name.

        Raises:
            WrongStageError: nothing is quoted, or it is answered.
            QuotationReplacedError, QuotationExpiredError: it is not in force.
            InvalidInputError: no consent.
        """
        self._check_quotation(number)
        until: datetime | None = self.quoted_until
        if until is None or at > until:
            raise QuotationExpiredError
        if not consent:
            raise InvalidInputError(field="consent")
        facts = {"quotation_number": number, "total_fen": self.quoted_fen, "consent": consent}
        self._state(self.QuotationAccepted, at, by, Stage.QUOTATION_ACCEPTED, **facts)

    def refuse_quotation(self, number: int, *, reason_code: str, by: str, at: datetime) -> None:
        """The customer does not agree; the inspection fee is due by hand.

        Raises:
            WrongStageError: nothing is quoted, or it is answered.
            QuotationReplacedError: another one is in force.
            InvalidInputError: no reason.
        """
        self._check_quotation(number)
        if not reason_code:
            raise InvalidInputError(field="reason_code")
        facts = {"quotation_number": number, "reason_code": reason_code}
        fee_fen, stage = self.inspection_fee_fen, Stage.QUOTATION_REFUSED
        self._state(self.QuotationRefused, at, by, stage, inspection_fee_fen=fee_fen, **facts)

    def order_parts(self, order: PartsOrder, *, by: str, at: datetime) -> None:
        """Parts are missing; the repair waits for them (待配件).

        Raises:
            WrongStageError: nothing is agreed.
            InvalidInputError: no parts; see check_finding.
        """
        self.check_stage({Stage.QUOTATION_ACCEPTED, Stage.IN_SERVICE} if self.is_repair() else ())
        check_happened(order.finding.happened_at, at)
        check_sealed(note=order.finding.note)
        if not 1 <= len(order.parts) <= _MOST_PARTS or not all(order.parts):
            raise InvalidInputError(field="parts")
        facts = {
            "parts": list(order.parts),
            "expected_on": order.expected_on.isoformat() if order.expected_on else "",
            "happened_at": order.finding.happened_at,
            "note": order.finding.note,
        }
        self._state(self.PartsOrdered, at, by, Stage.AWAITING_PARTS, **facts)

    def receive_parts(
        self, finding: Finding, *, by: str, at: datetime, windows: list[Window] | None = None
    ) -> None:
        """The parts came: work goes on, or on another day in `windows`, assigned anew.

        Raises:
            WrongStageError: no parts are awaited.
            WindowError: see check_windows.
        """
        self.check_stage({Stage.AWAITING_PARTS})
        check_happened(finding.happened_at, at)
        check_sealed(note=finding.note)
        if windows:
            check_windows(windows, self.WINDOW_PURPOSES, at, self.AHEAD)
        stage = Stage.AWAITING_PARTS if windows else Stage.IN_SERVICE
        facts = {"happened_at": finding.happened_at, "note": finding.note}
        self._state(self.PartsReceived, at, by, stage, **facts)
        if windows:
            # Whoever comes for a claim comes for it again.
            self._book_visit(windows, self.visit or PARTS_VISIT, by=by, at=at)

    def transitions(self) -> Transitions:
        """Which stages the field may report after which."""
        return _LATER_VISIT if self.visit else _FIRST_VISIT

    def _check_quotation(self, number: int) -> None:
        self.check_stage({Stage.QUOTED})
        if number != self.quoted:
            raise QuotationReplacedError(quotation_number=self.quoted)
