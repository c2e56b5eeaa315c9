"""The facts of a repair (家电维修), and nothing but facts.

The rules are in `repair` and `warranty`. No online money, ever (R11): what is agreed
here is paid by hand and recorded as such.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from eventsourcing.domain import Aggregate

from domain.claims import Claim
from domain.orders.assignment import freed
from domain.orders.changes import EMPTY_TRIP, PolicyApplied, Rescheduling
from domain.orders.offline_receipts import OfflineMoney
from domain.orders.stages import Stage
from domain.orders.windows import Window

REPAIR: Final = "WX-01"  # 家电维修
PARTS_VISIT: Final = "parts"  # the parts came, so somebody comes again
WARRANTY_VISIT: Final = "warranty"  # the fault is back within the warranty
_FREE: Final[Mapping[str, PolicyApplied]] = {
    PARTS_VISIT: PolicyApplied(version=1, trace=["配件到货再次上门，不收费"]),
    WARRANTY_VISIT: PolicyApplied(version=1, trace=["质保期内上门，不收费"]),
}


class RepairFacts(OfflineMoney):
    """What an order for a repair knows beyond other orders.

    `quoted` is the last quotation's number, 0 before; `agreed_fen` what the customer
    owes by hand; `visit` why somebody comes again, "" at first; `claim` the number of
    the open warranty claim, 0 where there is none.
    """

    class Diagnosed(OfflineMoney.Event):
        """The appliance was looked at (上门检测)."""

        happened_at: datetime
        note: str
        photos: list[str]

    class Quoted(OfflineMoney.Event):
        """The customer was told a price (已报价); the fee falls away if it is accepted."""

        quotation_number: int
        lines: list[dict[str, Any]]
        total_fen: int
        valid_until: datetime
        inspection_fee_fen: int
        happened_at: datetime

    class QuotationAccepted(OfflineMoney.Event):
        """The customer agreed to the price, and how (客户同意)."""

        quotation_number: int
        total_fen: int
        consent: str

    class QuotationRefused(OfflineMoney.Event):
        """The customer did not agree (客户拒绝); the inspection fee is due."""

        quotation_number: int
        inspection_fee_fen: int
        reason_code: str

    class PartsOrdered(OfflineMoney.Event):
        """Parts have to be fetched (待配件); `expected_on` is ISO 8601 or ""."""

        parts: list[str]
        expected_on: str
        happened_at: datetime
        note: str = ""

    class PartsReceived(OfflineMoney.Event):
        """The parts are there (配件到货)."""

        happened_at: datetime
        note: str = ""

    class FollowUpVisitBooked(OfflineMoney.Rescheduled):
        """Somebody comes again, free of charge (再次上门); `reason_code`: parts or warranty."""

    class WarrantyStarted(OfflineMoney.Event):
        """The repair is under warranty (质保) up to `until`."""

        days: int
        until: datetime

    class WarrantyClaimed(OfflineMoney.Event):
        """The fault is back within the warranty; `fault` is sealed (质保报修)."""

        claim_number: int
        fault: str
        photos: list[str]

    class WarrantyClaimWithdrawn(OfflineMoney.Event):
        """Nobody needs to come after all (撤回质保报修)."""

        claim_number: int
        reason_code: str
        releases: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """The crew is free again."""
            return freed(self.releases)

    class WarrantyVisitCompleted(OfflineMoney.Event):
        """The fault of a claim is mended; the warranty goes on."""

        claim_number: int
        happened_at: datetime
        note: str = ""

    class WarrantyExpired(OfflineMoney.Event):
        """The warranty is over (质保到期)."""

    def is_repair(self) -> bool:
        """Whether it is a repair, and no cleaning."""
        return bool(self.service_code == REPAIR)

    def due_by_hand_fen(self) -> int:
        """What the customer still owes by hand, in fen."""
        return int(max(self.agreed_fen - self.held_by_hand_fen(), 0))

    def _begin(self) -> None:
        self.quoted = 0
        self.quoted_fen = 0
        self.inspection_fee_fen = 0
        self.quoted_until: datetime | None = None
        self.agreed_fen = 0
        self.visit = ""
        self.warranty_until: datetime | None = None
        self.warranty_claims = 0
        self.claim = 0

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        if isinstance(event, OfflineMoney.Event):
            self.stage = event.stage
        match event:
            case RepairFacts.Booked():
                super().evolve(event)
                self._begin()
            case RepairFacts.Quoted():
                self.quoted = event.quotation_number
                self.quoted_fen = event.total_fen
                self.inspection_fee_fen = event.inspection_fee_fen
                self.quoted_until = event.valid_until
            case RepairFacts.QuotationAccepted():
                self.agreed_fen = event.total_fen
            case RepairFacts.QuotationRefused():
                self.agreed_fen = event.inspection_fee_fen
            case RepairFacts.Cancelled():
                super().evolve(event)
                if event.reason_code != EMPTY_TRIP:  # whose fare is still due
                    self.agreed_fen = 0
            case RepairFacts.FollowUpVisitBooked():
                self._follow_up(event)
            case RepairFacts.Diagnosed() | RepairFacts.PartsOrdered() | RepairFacts.PartsReceived():
                pass
            case _:
                self._evolve_warranty(event)

    def _evolve_warranty(self, event: Aggregate.Event) -> None:
        match event:
            case RepairFacts.WarrantyStarted():
                self.warranty_until = event.until
                self.visit = ""
            case RepairFacts.WarrantyClaimed():
                self.claim = self.warranty_claims = event.claim_number
            case RepairFacts.WarrantyClaimWithdrawn():
                self._end_claim()
                self._take(None, ())
            case RepairFacts.WarrantyVisitCompleted():
                self._end_claim()
            case RepairFacts.WarrantyExpired():
                pass
            case _:
                super().evolve(event)

    def _follow_up(self, event: FollowUpVisitBooked) -> None:
        super().evolve(event)
        self.visit = event.reason_code

    def _end_claim(self) -> None:
        self.claim = 0
        self.visit = ""

    def _book_visit(self, windows: list[Window], why: str, *, by: str, at: datetime) -> None:
        """Somebody comes again; whoever was there is free, and it is assigned anew."""
        booked = Rescheduling(windows=windows, reason_code=why, policy=_FREE[why], counted=False)
        facts = {"releases": list(self.held), **booked.facts()}
        self._state(self.FollowUpVisitBooked, at, by, Stage.AWAITING_ASSIGNMENT, **facts)
