"""Appliances and home (家电维修及保养): 家电清洗, 家居养护 and 家电维修."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.errors import InvalidInputError
from domain.names import stored_as
from domain.orders.appliance_care.empty_trips import (
    FARE_FEN,
    NOT_OPENABLE,
    EmptyTrip,
    check_empty_trip,
    fare_fen,
    policy_of,
)
from domain.orders.appliance_care.findings import Finding, check_finding
from domain.orders.appliance_care.machine_work import ON_SITE, MachineWork
from domain.orders.appliance_care.machines import MachinesNotReadyError, all_at, check_booked
from domain.orders.appliance_care.repair import check_repair
from domain.orders.appliance_care.repair_facts import REPAIR
from domain.orders.booking import ONLINE, RESERVATION, Booking
from domain.orders.changes import EMPTY_TRIP, Cancellation
from domain.orders.stages import DONE, HOME_VISIT, Stage, Transitions

CLEANING: Final = frozenset({"JD-01", "JD-02", "JD-03", "JD-04", "JD-05"})  # 家电清洗
WAXING: Final = "YH-01"  # 地板打蜡
HOME_CARE: Final = frozenset({WAXING, "YH-02", "YH-03", "YH-04"})  # 家居养护
# What is cared for (材质): a fixed list, since free words would be personal data in clear.
SURFACES: Final = (
    *("solid_wood", "laminate", "stone", "tile", "fabric", "leather", "latex", "metal"),
    *("glass", "crystal", "other"),
)

_CLEANING: Final[Transitions] = {
    **HOME_VISIT,
    Stage.ARRIVED: frozenset(),  # the trial runs lead on
    Stage.TRIAL_RUN_CONFIRMED: frozenset({Stage.IN_SERVICE}),
}
_HOME_CARE: Final[Transitions] = {
    **HOME_VISIT,
    Stage.ARRIVED: frozenset(),  # the material leads on
    Stage.MATERIAL_CONFIRMED: frozenset({Stage.IN_SERVICE}),
}
_VISITED: Final = frozenset({Stage.ARRIVED, Stage.TRIAL_RUN_CONFIRMED, Stage.MATERIAL_CONFIRMED})
CARE_DAYS: Final = 180  # a waxed floor's care period (养护期); frozen into the order
_LONGEST_CARE_DAYS: Final = 3_650


@stored_as("appliance_order")
class ApplianceCareOrder(MachineWork):
    """An order for a cleaning of appliances, care of a home, or a repair.

    `details`: whatever the price was asked by. 家电清洗: "machines", see
    machines.check_booked. 打蜡: "care_days", after which it is due again. 家电维修:
    see repair.check_repair.
    """

    class MaterialConfirmed(MachineWork.Event):
        """Worker and customer looked at the material (材质确认)."""

        surface: str
        happened_at: datetime
        note: str
        photos: list[str]

    class EmptyTripRecorded(MachineWork.Event):
        """Somebody came for nothing (空跑); `calls` are instants in ISO 8601."""

        reason_code: str
        arrived_at: datetime
        calls: list[str]
        fee_fen: int
        happened_at: datetime
        note: str
        photos: list[str]

    class CareReminded(MachineWork.Event):
        """The care period is over: it is time for the next one (养护期提醒)."""

        care_days: int

    @classmethod
    def book(cls, order_id: UUID, booking: Booking, *, by: str, at: datetime) -> Self:
        """Book it; online it awaits payment, else the call back.

        Raises:
            InvalidInputError: see booking.check_booking; another service; details
                that are not those of the service; a repair that is no reservation.
        """
        _check_details(booking)
        return cls._book(order_id, booking, by=by, at=at)

    def confirm_material(self, surface: str, finding: Finding, *, by: str, at: datetime) -> None:
        """State what is cared for, before the work; one of several.

        Raises:
            WrongStageError: nobody is there, or it is no care of a home.
            InvalidInputError: no such surface; see check_finding.
        """
        cared_for = self.service_code in HOME_CARE
        self.check_stage({Stage.ARRIVED, Stage.MATERIAL_CONFIRMED} if cared_for else ())
        if surface not in SURFACES:
            raise InvalidInputError(field="surface")
        check_finding(finding, at)
        facts = {"surface": surface, **finding.facts()}
        self._state(self.MaterialConfirmed, at, by, Stage.MATERIAL_CONFIRMED, **facts)

    def record_empty_trip(self, trip: EmptyTrip, *, by: str, at: datetime) -> None:
        """Nothing could be done: the order ends, and a fare is kept or due by hand.

        Raises:
            WrongStageError: nobody is there, or the work has begun.
            MachinesNotReadyError: a machine is left that can be opened.
            WaitTooShortError, InvalidInputError: see check_empty_trip.
        """
        opened = trip.reason_code == NOT_OPENABLE
        self.check_stage(ON_SITE if opened else _VISITED)
        check_empty_trip(trip, self.arrived_at, at)
        if opened and not all_at(self.machines, Stage.NOT_OPENABLE):
            raise MachinesNotReadyError
        kept_fen = fare_fen(self.kept_fen())
        why = Cancellation(
            reason_code=EMPTY_TRIP,
            policy=policy_of(kept_fen),
            fee_fen=kept_fen,
            # Somebody came, so the fee is taxed as the service (ledger sheet, P11).
            fee_tax_class=self.tax_class if kept_fen else "",
        )
        self._check_cancellable(why)
        facts = {
            "reason_code": trip.reason_code,
            "arrived_at": self.arrived_at,
            "calls": [call.isoformat() for call in trip.calls],
            "fee_fen": kept_fen if self.payment_mode == ONLINE else FARE_FEN,
            **trip.finding.facts(),
        }
        self._state(self.EmptyTripRecorded, at, by, self.stage, **facts)
        self.cancel(why, by=by, at=at)

    def remind_of_care(self, *, by: str, at: datetime) -> bool:
        """The care period is over: the customer is told once that it is time again.

        Returns:
            False where there is no such period, it goes on, or it was told.
        """
        due_at = self.care_due_at()
        if self.stage not in DONE or self.reminded or due_at is None or at < due_at:
            return False
        care_days = self.details["care_days"]
        self._state(self.CareReminded, at, by, self.stage, care_days=care_days)
        return True

    def care_due_at(self) -> datetime | None:
        """When the care period of a finished work is over; None where there is none."""
        done_at: datetime | None = self.completed_at
        days: int = self.details.get("care_days", 0)
        return done_at + timedelta(days=days) if done_at and days else None

    def transitions(self) -> Transitions:
        """Which stages the field may report after which."""
        if self.is_repair():
            return super().transitions()
        return _CLEANING if self.service_code in CLEANING else _HOME_CARE

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        if isinstance(event, MachineWork.Event):
            self.stage = event.stage
        match event:
            case ApplianceCareOrder.Booked():
                super().evolve(event)
                self.arrived_at: datetime | None = None
                self.surfaces: tuple[str, ...] = ()
                self.reminded = False
            case ApplianceCareOrder.Progressed(stage=Stage.ARRIVED):
                self.arrived_at = event.happened_at
            case ApplianceCareOrder.MaterialConfirmed():
                self.surfaces = (*self.surfaces, event.surface)
            case ApplianceCareOrder.EmptyTripRecorded():
                self.agreed_fen = event.fee_fen if self.is_repair() else 0
            case ApplianceCareOrder.CareReminded():
                self.reminded = True
            case _:
                super().evolve(event)


def _check_details(booking: Booking) -> None:
    details = booking.details
    if booking.service_code == REPAIR:
        if booking.payment_mode != RESERVATION:
            raise InvalidInputError(field="payment_mode")
        check_repair(details)
    elif booking.service_code in CLEANING:
        check_booked(details.get("machines"), details.get("items"))
    elif booking.service_code not in HOME_CARE:
        raise InvalidInputError(field="service_code")
    _check_care_days(details)


def _check_care_days(details: Mapping[str, Any]) -> None:
    if not 0 <= details.get("care_days", 0) <= _LONGEST_CARE_DAYS:
        raise InvalidInputError(field="care_days")
