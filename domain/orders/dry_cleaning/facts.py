"""The facts that only dry-cleaning orders know, and nothing but facts.

The rules are in `garment_work` and `order`; names and fields are frozen: a test
compares them with a list.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from domain.capacity import seat_claims
from domain.claims import Claim, ReleaseSeats
from domain.orders.assignment import freed, held_by, intervals
from domain.orders.dry_cleaning.garments import Garment, Garments, changed, moved
from domain.orders.service_order import ServiceOrder


def return_trip_id(order_id: UUID) -> UUID:
    """Under this name the return driver's busy interval is held."""
    return uuid5(order_id, "return")


class DryCleaningFacts(ServiceOrder):
    """What happened to a dry-cleaning order, its garments and its return trip."""

    class GarmentCollected(ServiceOrder.Event):
        """The driver took a garment and tagged it (取件登记)."""

        garment: int
        label: str
        item: str
        name: str
        units: int
        price_fen: int
        declared_value_fen: int
        remark: str
        photos: list[str]
        garment_stage: str
        happened_at: datetime

    class ItemsCounted(ServiceOrder.Event):
        """All were collected and counted (取件清点); the price follows the count.

        `counts`: base units by item. `charge_number`: the charge of the higher
        price, 0 where it did not rise.
        """

        counts: dict[str, int]
        total_fen: int
        lines: list[dict[str, Any]]
        reason_code: str
        charge_number: int
        happened_at: datetime

    class GarmentProgressed(ServiceOrder.Event):
        """The workshop or a driver reported a garment's next stage."""

        garment: int
        garment_stage: str
        happened_at: datetime
        note: str = ""

    class FlawReported(ServiceOrder.Event):
        """The inspection found a flaw (瑕疵); washing it costs `surcharge_fen` more."""

        garment: int
        garment_stage: str
        surcharge_fen: int
        description: str
        photos: list[str]
        happened_at: datetime

    class SurchargeAccepted(ServiceOrder.Event):
        """The customer agreed that the garment is washed so (补价); 0: without a charge."""

        garment: int
        garment_stage: str
        amount_fen: int
        charge_number: int
        consent: str
        happened_at: datetime

    class SurchargeDeclined(ServiceOrder.Event):
        """The customer had rather have the garment back unwashed."""

        garment: int
        garment_stage: str
        amount_fen: int
        happened_at: datetime

    class GarmentRefused(ServiceOrder.Event):
        """The company does not wash the garment (拒洗退回)."""

        garment: int
        garment_stage: str
        reason_code: str
        happened_at: datetime
        note: str = ""

    class GarmentSigned(ServiceOrder.Event):
        """The customer signed for the garment, or did not object for a day (签收)."""

        garment: int
        garment_stage: str
        happened_at: datetime

    class DamageReported(ServiceOrder.Event):
        """A garment was damaged; `compensation_fen` is paid outside."""

        garment: int
        compensation_fen: int
        description: str
        photos: list[str]
        happened_at: datetime

    class LossReported(ServiceOrder.Event):
        """A garment was lost; `compensation_fen` is paid outside."""

        garment: int
        garment_stage: str
        compensation_fen: int
        description: str
        photos: list[str]
        happened_at: datetime

    class PartnerCodeFlagged(ServiceOrder.Event):
        """A partner laundry told a code that nobody knows; kept as it came."""

        garment: int
        code: int
        happened_at: datetime

    class ReturnAssigned(ServiceOrder.Event):
        """The return trip was given to a driver, busy in [starts_at, ends_at)."""

        worker_id: UUID
        worker_number: int
        starts_at: datetime
        ends_at: datetime
        reasons: list[str]
        releases: list[str]
        members: list[dict[str, Any]] | None = None

        def claims(self) -> tuple[Claim, ...]:
            """Who had the trip before is free, the new driver is busy."""
            trip = return_trip_id(self.originator_id)
            return (*freed(self.releases), *intervals(trip, self))

    class ReturnRescheduled(ServiceOrder.Event):
        """Another return window was agreed; its driver, if any, is free."""

        windows: list[dict[str, str]]
        reason_code: str
        releases: list[str]
        policy_version: int
        policy_trace: list[str]
        seats: dict[str, Any] | None = None

        def claims(self) -> tuple[Claim, ...]:
            """The old seats are free; those of the trips still ahead are taken."""
            return (*freed(self.releases), *self._seats())

        def _seats(self) -> tuple[Claim, ...]:
            if self.seats is None:
                return ()
            own = self.originator_id
            return (ReleaseSeats(own), *seat_claims(own, self.seats))

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        if isinstance(event, ServiceOrder.Event):
            self.stage = event.stage
        match event:
            case DryCleaningFacts.Booked():
                super().evolve(event)
                self.garments: dict[int, Garment] = {}
                self.counts: dict[str, int] = {}
                self._take_return(None, ())
            case DryCleaningFacts.ItemsCounted():
                self.counts = event.counts
                self.price_fen = event.total_fen
            case DryCleaningFacts.ReturnAssigned():
                self._take_return(event.worker_id, held_by(return_trip_id(self.id), event))
            case DryCleaningFacts.ReturnRescheduled():
                self.windows = event.windows
                self.seats = event.seats
                self._take_return(None, ())
            case DryCleaningFacts.PartnerCodeFlagged():
                pass
            case _:
                self._evolve_garment(event)

    def _evolve_garment(self, event: Aggregate.Event) -> None:
        match event:
            case DryCleaningFacts.GarmentCollected():
                self._put_garment(_collected(event))
            case DryCleaningFacts.FlawReported():
                garment = _moved(self.garments, event)
                self._put_garment(replace(garment, surcharge_fen=event.surcharge_fen))
            case DryCleaningFacts.SurchargeAccepted():
                self._put_garment(_charged(_moved(self.garments, event), event))
            case DryCleaningFacts.DamageReported():
                self._compensate(event)
            case DryCleaningFacts.LossReported():
                self._compensate(event)
                self._put_garment(_moved(self.garments, event))
            case (
                DryCleaningFacts.GarmentProgressed()
                | DryCleaningFacts.SurchargeDeclined()
                | DryCleaningFacts.GarmentRefused()
                | DryCleaningFacts.GarmentSigned()
            ):
                self._put_garment(_moved(self.garments, event))
            case _:
                super().evolve(event)

    def _compensate(self, event: DamageReported | LossReported) -> None:
        garment = self.garments[event.garment]
        paid_fen = garment.compensation_fen + event.compensation_fen
        self._put_garment(replace(garment, compensation_fen=paid_fen))

    def _put_garment(self, garment: Garment) -> None:
        self.garments = changed(self.garments, garment)

    def _take_return(self, worker_id: UUID | None, held: tuple[str, ...]) -> None:
        self.return_worker_id = worker_id
        self.held_for_return = held


_Moved = (
    DryCleaningFacts.GarmentProgressed
    | DryCleaningFacts.FlawReported
    | DryCleaningFacts.SurchargeAccepted
    | DryCleaningFacts.SurchargeDeclined
    | DryCleaningFacts.GarmentRefused
    | DryCleaningFacts.GarmentSigned
    | DryCleaningFacts.LossReported
)


def _collected(event: DryCleaningFacts.GarmentCollected) -> Garment:
    return Garment(
        number=event.garment,
        label=event.label,
        item=event.item,
        name=event.name,
        units=event.units,
        price_fen=event.price_fen,
        moved_at=event.timestamp,
        declared_value_fen=event.declared_value_fen,
        stage=event.garment_stage,
    )


def _moved(garments: Garments, event: _Moved) -> Garment:
    return moved(garments[event.garment], event.garment_stage, event.timestamp)


def _charged(garment: Garment, event: DryCleaningFacts.SurchargeAccepted) -> Garment:
    more = (event.charge_number,) if event.charge_number else ()
    return replace(garment, charges=(*garment.charges, *more))
