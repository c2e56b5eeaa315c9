"""The facts of a plan's visits (每次上门), each the twin of a fact of a whole order.

A visit's seats and its worker's time are held under one name, visits.visit_claim;
`releases` lists the names that an event frees. Names and fields are frozen like
those of order_facts.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.capacity import seat_claims
from domain.claims import Claim, TakeWorker
from domain.orders.assignment import freed
from domain.orders.hourly.visits import (
    TAKEN,
    Visit,
    freed_visits,
    visit_claim,
    visit_of,
    visit_seats,
)
from domain.orders.order_facts import OrderFacts
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage
from domain.orders.windows import Window, bounds


class VisitFacts(ServiceOrder):
    """What happens to one visit of a plan; an order that is no plan has none."""

    class VisitsScheduled(ServiceOrder.Event):
        """Visits entered the calendar (已排期), each as visits.planned makes it."""

        visits: list[dict[str, Any]]
        service_code: str
        area: str

        def claims(self) -> tuple[Claim, ...]:
            """A seat for every visit that found one."""
            return tuple(
                claim
                for each in self.visits
                if each["seats"] == TAKEN
                for claim in seat_claims(
                    visit_claim(self.originator_id, each["visit"]),
                    visit_seats(self.service_code, self.area, each["window"]),
                )
            )

    class VisitAssigned(ServiceOrder.Event):
        """A visit was given to a worker, who is busy in [starts_at, ends_at) (派单)."""

        visit: int
        visit_stage: str
        worker_id: UUID
        worker_number: int
        starts_at: datetime
        ends_at: datetime
        reasons: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """The worker is nowhere else meanwhile."""
            name = visit_claim(self.originator_id, self.visit)
            return (TakeWorker(name, self.worker_number, self.starts_at, self.ends_at),)

    class VisitReassigned(ServiceOrder.Event):
        """Another worker took the visit over (改派)."""

        visit: int
        visit_stage: str
        previous_worker_id: UUID
        reason_code: str
        releases: list[str]
        worker_id: UUID
        worker_number: int
        starts_at: datetime
        ends_at: datetime
        reasons: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """The old worker is free, the new one busy."""
            name = visit_claim(self.originator_id, self.visit)
            taken = TakeWorker(name, self.worker_number, self.starts_at, self.ends_at)
            return (*freed(self.releases), taken)

    class VisitAccepted(ServiceOrder.Event):
        """The worker took the visit on (接单)."""

        visit: int
        visit_stage: str
        worker_id: UUID
        happened_at: datetime

    class VisitDeclined(ServiceOrder.Event):
        """The worker gave the visit back (拒单); it awaits another."""

        visit: int
        visit_stage: str
        worker_id: UUID
        reason_code: str
        happened_at: datetime
        releases: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """The worker is free; the seat stays sold."""
            return freed(self.releases)

    class VisitRescheduled(ServiceOrder.Event):
        """This visit alone takes place at another time (本次改期); nobody has it now."""

        visit: int
        visit_stage: str
        window: Window
        seats: str
        reason_code: str
        consent: str
        releases: list[str]
        service_code: str
        area: str

        def claims(self) -> tuple[Claim, ...]:
            """The old time is free, the new one's seat taken where there is one."""
            freed_ones = freed_visits(self.releases)
            if self.seats != TAKEN:
                return freed_ones
            name = visit_claim(self.originator_id, self.visit)
            seats = visit_seats(self.service_code, self.area, self.window)
            return (*freed_ones, *seat_claims(name, seats))

    class VisitSeated(ServiceOrder.Event):
        """A visit that found its pool full has a seat after all."""

        visit: int
        visit_stage: str
        window: Window
        service_code: str
        area: str

        def claims(self) -> tuple[Claim, ...]:
            """The seat."""
            name = visit_claim(self.originator_id, self.visit)
            return seat_claims(name, visit_seats(self.service_code, self.area, self.window))

    class VisitProgressed(ServiceOrder.Event):
        """The field reported the visit's next stage (进度)."""

        visit: int
        visit_stage: str
        happened_at: datetime
        note: str = ""

    class VisitCompleted(ServiceOrder.Event):
        """The visit is done (本次完成); its share of what was paid is earned.

        `recognised_before_fen` is what earlier visits earned, so that the tax
        of all of them is that of their sum.
        """

        visit: int
        visit_stage: str
        recognised_fen: int
        recognised_before_fen: int
        tax_class: str
        service_code: str
        happened_at: datetime
        note: str = ""

    class VisitSkipped(ServiceOrder.Event):
        """The customer leaves this visit out (跳过); its value stays for one at the end."""

        visit: int
        visit_stage: str
        reason_code: str
        releases: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """Seat and worker are free."""
            return freed_visits(self.releases)

    class VisitCancelled(ServiceOrder.Event):
        """The company cannot come (取消本次); its value stays for one at the end."""

        visit: int
        visit_stage: str
        reason_code: str
        releases: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """Seat and worker are free."""
            return freed_visits(self.releases)

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        if isinstance(event, OrderFacts.Event):
            self.stage = event.stage
        match event:
            case VisitFacts.Booked():
                super().evolve(event)
                self.visits: dict[int, Visit] = {}
                self.visit_exceptions: dict[int, int] = {}
                self.used_minutes = 0
            case VisitFacts.VisitsScheduled():
                self.visits |= {each["visit"]: visit_of(each) for each in event.visits}
            case VisitFacts.VisitAssigned() | VisitFacts.VisitReassigned():
                self._give(event.visit, event)
            case VisitFacts.VisitDeclined():
                self._free(event.visit, stage=event.visit_stage)
            case VisitFacts.VisitAccepted():
                self._change(event.visit, stage=event.visit_stage)
            case VisitFacts.VisitRescheduled():
                self._move(event)
            case VisitFacts.VisitSeated():
                self._change(event.visit, seats=TAKEN)
            case VisitFacts.ExceptionReported() if "visit" in event.details:
                super().evolve(event)
                self.visit_exceptions[event.exception_number] = event.details["visit"]
            case _:
                self._evolve_visit_end(event)

    def _evolve_visit_end(self, event: Aggregate.Event) -> None:
        match event:
            case VisitFacts.VisitProgressed():
                happened_at = event.happened_at
                self._change(event.visit, stage=event.visit_stage, reported_at=happened_at)
            case VisitFacts.VisitCompleted():
                self._change(event.visit, stage=event.visit_stage)
                self.used_minutes += self.visits[event.visit].minutes
                self.recognised_fen += event.recognised_fen
            case VisitFacts.VisitSkipped() | VisitFacts.VisitCancelled():
                self._free(event.visit, stage=event.visit_stage)
            case _:
                super().evolve(event)

    def _give(self, number: int, event: Any) -> None:  # noqa: ANN401 - an event with a worker
        self._change(
            number,
            worker_id=event.worker_id,
            worker_number=event.worker_number,
            given_version=event.originator_version,
            stage=Stage.AWAITING_ACCEPTANCE.value,
        )

    def _free(self, number: int, **changes: Any) -> None:  # noqa: ANN401 - fields of a visit
        self._change(number, worker_id=None, worker_number=0, **changes)

    def _move(self, event: VisitRescheduled) -> None:
        starts_at, ends_at = bounds(event.window)
        times = {"starts_at": starts_at, "ends_at": ends_at}
        self._free(event.visit, stage=event.visit_stage, seats=event.seats, moved=True, **times)

    def _change(self, number: int, **changes: Any) -> None:  # noqa: ANN401 - fields of a visit
        visit: Visit = self.visits[number]
        self.visits[number] = replace(visit, **changes)
