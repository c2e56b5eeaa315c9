"""The facts of a long-term plan (小时工长期): one stream with the facts of its visits.

Names and fields are frozen like those of order_facts.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.capacity import seat_claims
from domain.claims import Claim, ReleaseSeats, TakeUnique, TakeWorker
from domain.orders.assignment import freed
from domain.orders.hourly.recurrence import Pattern, Pause, following
from domain.orders.hourly.visit_facts import VisitFacts
from domain.orders.hourly.visits import freed_visits, minutes_of, visit_claim, visit_seats
from domain.orders.order_facts import OrderFacts
from domain.orders.stages import Stage


class PlanFacts(VisitFacts):
    """What happens to a plan; for an order that is no plan, what happens to any order."""

    class Booked(VisitFacts.Booked):
        """Booked; a plan's windows are the visits of its first period."""

        def claims(self) -> tuple[Claim, ...]:
            """A plan holds its seats visit by visit, so that each can be freed alone."""
            if "plan" not in self.details or self.seats is None:
                return super().claims()
            number = TakeUnique("order_number", self.order_number)
            return (number, *self._seats_by_visit(), *self._place())

        def _seats_by_visit(self) -> tuple[Claim, ...]:
            own, area = self.originator_id, self.contact["district"]
            return tuple(
                claim
                for number, each in enumerate(self.windows, start=1)
                for claim in seat_claims(
                    visit_claim(own, number), visit_seats(self.service_code, area, each)
                )
            )

    class Cancelled(VisitFacts.Cancelled):
        """Ended undone; an unpaid plan frees the seats of its visits."""

        def claims(self) -> tuple[Claim, ...]:
            """What is freed, seats included."""
            visits = tuple(ReleaseSeats(UUID(name)) for name in self.releases)
            return (*super().claims(), *visits)

    class Completed(VisitFacts.Completed):
        """Done; `recognised_fen` is what the visits have not earned before."""

        recognised_before_fen: int = 0

    class PatternChanged(VisitFacts.Event):
        """From `first_day` on the plan has another pattern (本次及以后).

        `visits` of the old pattern are given up and scheduled anew.
        """

        weekdays: list[int]
        start: str
        minutes: int
        first_day: str
        reason_code: str
        visits: list[int]
        releases: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """Seats and workers of the visits given up are free."""
            return freed_visits(self.releases)

    class PlanPaused(VisitFacts.Event):
        """No visits from the first to the last day, both included (暂停)."""

        first_day: str
        last_day: str
        reason_code: str
        visits: list[int]
        releases: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """Seats and workers of the visits given up are free."""
            return freed_visits(self.releases)

    class PlanResumed(VisitFacts.Event):
        """From `first_day` on there are visits again (恢复)."""

        first_day: str
        reason_code: str

    class WorkerSwapped(VisitFacts.Event):
        """From `first_day` on another worker comes (换阿姨).

        `visits`: each {"visit", "starts_at", "ends_at"}, given to the new one.
        """

        worker_id: UUID
        worker_number: int
        first_day: str
        reason_code: str
        visits: list[dict[str, Any]]
        releases: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """The old worker is free at these visits, the new one busy."""
            return (*freed(self.releases), *map(self._taken, self.visits))

        def _taken(self, each: dict[str, Any]) -> TakeWorker:
            name = visit_claim(self.originator_id, each["visit"])
            starts_at = datetime.fromisoformat(each["starts_at"])
            ends_at = datetime.fromisoformat(each["ends_at"])
            return TakeWorker(name, self.worker_number, starts_at, ends_at)

    class RenewalReminded(VisitFacts.Event):
        """Few paid visits are left; the next period awaits its money (续费提醒)."""

        charge_number: int
        period: int
        visits_left: int
        visits: int
        minutes: int
        amount_fen: int
        lines: list[dict[str, Any]]
        price_book_version: int
        pay_by: datetime

    class PlanRenewed(VisitFacts.Event):
        """The next period is paid (已续费)."""

        charge_number: int
        period: int
        minutes: int
        amount_fen: int

    class PlanEnded(VisitFacts.Event):
        """The plan is over and settled (到期, 终止结算); `visits` will not take place."""

        reason_code: str
        paid_fen: int
        used_minutes: int
        used_fen: int
        refund_fen: int
        policy_version: int
        policy_trace: list[str]
        visits: list[int]
        releases: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """Seats and workers of the remaining visits are free."""
            return freed_visits(self.releases)

    def _open_plan(self, event: Booked) -> None:
        plan: dict[str, Any] | None = event.details.get("plan")
        self.renewals = 0
        self.paid_at: datetime | None = None
        self.renew_by: datetime | None = None
        self.patterns: list[Pattern] = [Pattern.from_plain(plan)] if plan else []
        self.pauses: list[Pause] = []
        self.pause_reason = ""
        self.periods: dict[int, int] = {1: sum(map(minutes_of, event.windows))} if plan else {}
        self.preferred_worker_id = _preferred(plan or {})
        if plan:
            numbers = range(1, len(event.windows) + 1)
            self.held = tuple(str(visit_claim(self.id, number)) for number in numbers)

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        if isinstance(event, OrderFacts.Event):
            self.stage = event.stage
        match event:
            case PlanFacts.Booked():
                super().evolve(event)
                self._open_plan(event)
            case PlanFacts.PatternChanged():
                self.patterns = following(self.patterns, Pattern.from_plain(vars(event)))
                self._give_up(event.visits)
            case PlanFacts.PlanPaused():
                self._pause(event)
            case PlanFacts.PlanResumed():
                self._resume(date.fromisoformat(event.first_day))
            case PlanFacts.WorkerSwapped():
                self._swap(event)
            case PlanFacts.RenewalReminded():
                self.periods[event.charge_number] = event.minutes
                self.renew_by = event.pay_by
            case _:
                self._evolve_plan_end(event)

    def _evolve_plan_end(self, event: Aggregate.Event) -> None:
        match event:
            case PlanFacts.Paid() if event.charge_number == 1:
                super().evolve(event)
                self.paid_at = event.timestamp
            case PlanFacts.PlanRenewed():
                self.renewals = event.period - 1
            case PlanFacts.PlanEnded():
                self.held = ()
                self._give_up(event.visits)
            case PlanFacts.Completed():
                before = self.recognised_fen
                super().evolve(event)
                self.recognised_fen += before
            case _:
                super().evolve(event)

    def _give_up(self, numbers: list[int]) -> None:
        for number in numbers:
            self._free(number, stage=Stage.CANCELLED.value, frees_day=True)

    def _pause(self, event: PlanPaused) -> None:
        first, last = date.fromisoformat(event.first_day), date.fromisoformat(event.last_day)
        self.pauses = [*self.pauses, Pause(first, last)]
        self.pause_reason = event.reason_code
        self._give_up(event.visits)

    def _resume(self, first_day: date) -> None:
        self.pauses = [cut for each in self.pauses for cut in each.until(first_day)]
        self.pause_reason = ""

    def _swap(self, event: WorkerSwapped) -> None:
        self.preferred_worker_id = event.worker_id
        for each in event.visits:
            self._give(each["visit"], event)


def _preferred(plan: dict[str, Any]) -> UUID | None:
    named = plan.get("preferred_worker_id")
    return UUID(named) if named else None
