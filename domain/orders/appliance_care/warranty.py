"""Warranty (质保): begins with a repair's completion; within it somebody comes again, free."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from domain.errors import InvalidInputError
from domain.orders.appliance_care.quotations import warranty_until
from domain.orders.appliance_care.repair_facts import WARRANTY_VISIT, RepairFacts
from domain.orders.errors import WrongStageError
from domain.orders.photos import check_photos
from domain.orders.stages import DECLINABLE, STAGE_LABELS, Stage
from domain.orders.windows import Window, check_happened, check_windows
from domain.sealed import check_sealed

# Seed terms, catalogue sheet d1; frozen into an order's details when it is booked.
WARRANTY_DAYS: Final = 90

# Until work begins, also where nobody opens the door.
_WITHDRAWABLE: Final = DECLINABLE | {
    Stage.AWAITING_ASSIGNMENT,
    Stage.DEPARTED,
    Stage.ARRIVED,
}
_UNDER_TERMS: Final = frozenset({Stage.UNDER_WARRANTY, Stage.WARRANTY_EXPIRED})


@dataclass(frozen=True, kw_only=True)
class WarrantyClaim:
    """A fault within the warranty: sealed words, photos, and when somebody may come."""

    fault: str
    windows: list[Window]
    photos: list[str] = field(default_factory=list)


def check_described(fault: str, photos: list[str]) -> None:
    """Check how a customer describes a fault (R08).

    Raises:
        InvalidInputError: no words, or in clear; see check_photos.
    """
    if not fault:
        raise InvalidInputError(field="fault")
    check_sealed(fault=fault)
    check_photos(photos)


class Warranty(RepairFacts):
    """The rules of the warranty. The kinds of order derive from ServiceOrder, not from this."""

    def claim_warranty(self, claim: WarrantyClaim, *, by: str, at: datetime) -> None:
        """The fault is back: somebody comes again, free of charge.

        Raises:
            WrongStageError: the order is not under warranty, or that is over.
            InvalidInputError: no words, or in clear; see check_photos, check_windows.
        """
        self.check_stage({Stage.UNDER_WARRANTY})
        if not self._is_covered(at):
            raise WrongStageError(label=STAGE_LABELS[Stage.WARRANTY_EXPIRED])
        check_described(claim.fault, claim.photos)
        check_windows(claim.windows, self.WINDOW_PURPOSES, at, self.AHEAD)
        facts = {
            "claim_number": self.warranty_claims + 1,
            "fault": claim.fault,
            "photos": claim.photos,
        }
        self._state(self.WarrantyClaimed, at, by, self.stage, **facts)
        self._book_visit(claim.windows, WARRANTY_VISIT, by=by, at=at)

    def withdraw_claim(self, *, reason_code: str, by: str, at: datetime) -> None:
        """Nobody needs to come after all.

        Raises:
            WrongStageError: no claim is open, or the work has begun.
        """
        self.check_stage(_WITHDRAWABLE if self.claim else ())
        facts = {"claim_number": self.claim, "reason_code": reason_code}
        stage, releases = Stage.UNDER_WARRANTY, list(self.held)
        self._state(self.WarrantyClaimWithdrawn, at, by, stage, releases=releases, **facts)

    def complete(self, *, happened_at: datetime, by: str, at: datetime, note: str = "") -> None:
        """The work is inspected and done; a repair is under warranty from here.

        Raises:
            WrongStageError, NotPaidError: see ServiceOrder.complete.
        """
        if self.claim:
            self._complete_claim(happened_at, note, by=by, at=at)
            return
        repaired = self.is_repair() and self.stage == Stage.AWAITING_INSPECTION
        super().complete(happened_at=happened_at, by=by, at=at, note=note)
        if repaired:
            days = self.details["warranty_days"]
            facts = {"days": days, "until": warranty_until(happened_at, days)}
            self._state(self.WarrantyStarted, at, by, Stage.UNDER_WARRANTY, **facts)

    def expire_warranty(self, *, by: str, at: datetime) -> bool:
        """The last day of the warranty is over.

        Returns:
            False where there is none, it goes on, or a claim is open.
        """
        if self.stage != Stage.UNDER_WARRANTY or self._is_covered(at):
            return False
        self._state(self.WarrantyExpired, at, by, Stage.WARRANTY_EXPIRED)
        return True

    def review(self, rating: int, *, text: str = "", by: str, at: datetime) -> None:
        """The customer rates the work once; a warranty goes on as it was.

        Raises:
            WrongStageError, InvalidInputError: see ServiceOrder.review.
        """
        if self.stage not in _UNDER_TERMS:
            super().review(rating, text=text, by=by, at=at)
            return
        if self.rating:
            raise WrongStageError(label=STAGE_LABELS[Stage.REVIEWED])
        if rating not in range(1, 6):
            raise InvalidInputError(field="rating")
        check_sealed(text=text)
        self._state(self.Reviewed, at, by, self.stage, rating=rating, text=text)

    def _is_covered(self, at: datetime) -> bool:
        until: datetime | None = self.warranty_until
        return until is not None and at < until

    def _complete_claim(self, happened_at: datetime, note: str, *, by: str, at: datetime) -> None:
        self.check_stage({Stage.AWAITING_INSPECTION})
        check_happened(happened_at, at)
        check_sealed(note=note)
        facts = {"claim_number": self.claim, "happened_at": happened_at, "note": note}
        self._state(self.WarrantyVisitCompleted, at, by, Stage.UNDER_WARRANTY, **facts)
