"""Upkeep of plans (计划滚动): what a plan needs done in time, day after day.

A deadline of every plan that runs comes back each day; another one follows every
fact that may leave something to do. Each step is a command of its own, named
after the plan's version, so it is done once however often it is tried.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID, uuid5

from application.clock import Clock
from application.commands import ClaimRefusedError, Command, Decision
from application.hourly import list_price_fen
from application.log import Log
from application.policy import Deadline, TryLaterError
from application.tariffs import Tariffs
from domain.catalogue.quotes import Quote, quote
from domain.catalogue.wishes import Wish
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_course import UNPAID_RENEWAL, Renewal
from domain.orders.hourly.plan_money import EXPIRED, NOT_RENEWED
from domain.orders.hourly.plan_visits import RUNNING, VisitReport
from domain.orders.hourly.recurrence import Occurrence
from domain.orders.hourly.visits import MISSING, NOT_BEGUN, TAKEN, minutes_of
from domain.orders.stages import Stage
from domain.orders.windows import Window, bounds
from domain.time import Interval, shanghai_day

_COMMANDS: Final = UUID("1f7b0c52-7a64-5c0f-8f0e-3b8f5b1d9a27")
_EVERY: Final = timedelta(days=1)
# So long a visit waits for its inspection; then it counts as accepted (catalogue sheet, d2).
INSPECTED_WITHIN: Final = timedelta(hours=24)
_NOBODY_WENT: Final = frozenset({Stage.SCHEDULED, Stage.AWAITING_ACCEPTANCE})
_COUNTY: Final = 6  # digits of a county in GB/T 2260

Step = Callable[[HourlyWorkOrder, str, datetime], object]


class PlanUpkeep:
    """Does for a plan what nobody asks for."""

    def __init__(self, log: Log, tariffs: Tariffs, clock: Clock) -> None:
        self._log = log
        self._tariffs = tariffs
        self._clock = clock

    def day_by_day(self, deadline: Deadline) -> None:
        """The deadline `plan.upkeep`. Raises TryLaterError as long as the plan runs."""
        if self._looked_after(UUID(deadline.subject)).stage in RUNNING:
            reason = "the plan goes on"
            raise TryLaterError(reason, after=_EVERY)

    def go_on(self, deadline: Deadline) -> None:
        """The deadline `plan.go_on`: whatever is to be done now."""
        self._looked_after(UUID(deadline.subject))

    def _looked_after(self, order_id: UUID) -> HourlyWorkOrder:
        """The plan, once every step was taken that is due."""
        order = self._log.load(HourlyWorkOrder, order_id)
        for is_taken in (
            self._make_up_for_missed,
            self._accept_silently,
            self._leave_the_pause,
            self._wait_for_money,
            self._find_seats,
            self._schedule,
            self._remind,
            self._end,
        ):
            if order.stage in RUNNING and is_taken(order, self._clock.now()):
                order = self._log.load(HourlyWorkOrder, order_id)
        return order

    def _make_up_for_missed(self, order: HourlyWorkOrder, now: datetime) -> bool:
        """A visit to which nobody went is cancelled, so that its value is not lost."""
        missed = [
            each.number
            for each in order.visits.values()
            if each.stage in _NOBODY_WENT and each.ends_at <= now
        ]

        def cancel(plan: HourlyWorkOrder, by: str, at: datetime) -> None:
            for number in missed:
                plan.cancel_visit(number, reason_code="not_done", by=by, at=at)

        return bool(missed) and self._step(order, "missed", cancel)

    def _accept_silently(self, order: HourlyWorkOrder, now: datetime) -> bool:
        waiting = [
            each.number
            for each in order.visits.values()
            if each.stage == Stage.AWAITING_INSPECTION
            and (each.reported_at or now) + INSPECTED_WITHIN <= now
        ]

        def accept(plan: HourlyWorkOrder, by: str, at: datetime) -> None:
            for number in waiting:
                plan.complete_visit(number, VisitReport(happened_at=at), by=by, at=at)

        return bool(waiting) and self._step(order, "accepted", accept)

    def _leave_the_pause(self, order: HourlyWorkOrder, now: datetime) -> bool:
        """After its last day the plan resumes; one that waits for money ends."""
        today = shanghai_day(now)
        if order.stage != Stage.PLAN_PAUSED or order.pauses[-1].last_day >= today:
            return False
        if order.pause_reason == UNPAID_RENEWAL:
            return order.can_end() and self._step(order, "unrenewed", self._ending(NOT_RENEWED))
        return self._step(
            order,
            "resumed",
            lambda plan, by, at: plan.resume(today, reason_code="pause_over", by=by, at=at),
        )

    def _wait_for_money(self, order: HourlyWorkOrder, now: datetime) -> bool:
        renew_by: datetime | None = order.renew_by
        late = bool(order.open_renewal()) and renew_by is not None and renew_by <= now
        active = order.stage == Stage.PLAN_ACTIVE
        return (
            late
            and active
            and self._step(order, "unpaid", lambda plan, by, at: plan.pause_unpaid(by=by, at=at))
        )

    def _find_seats(self, order: HourlyWorkOrder, now: datetime) -> bool:
        """Visits that found their pool full (待确认) look for their seat again."""
        for number in _without_seat(order, now):
            fresh = self._log.load(HourlyWorkOrder, order.id)
            if number in _without_seat(fresh, now):
                self._find_seat(fresh, number)
        return bool(_without_seat(order, now))

    def _find_seat(self, order: HourlyWorkOrder, number: int) -> None:
        with suppress(ClaimRefusedError):  # still full: it looks again tomorrow
            self._step(
                order,
                f"{number} seated",
                lambda plan, by, at: plan.seat_visit(number, by=by, at=at),
            )

    def _schedule(self, order: HourlyWorkOrder, now: datetime) -> bool:
        """One visit a command: where one finds no seat, the others still do."""
        due = order.due_visits(now)
        for each in due:
            fresh = self._log.load(HourlyWorkOrder, order.id)
            if each in fresh.due_visits(now):  # another worker may look after it too
                self._enter(fresh, each)
        return bool(due)

    def _enter(self, order: HourlyWorkOrder, visit: Occurrence) -> None:
        try:
            self._step(order, f"{visit.day} seat", _entering(visit, TAKEN))
        except ClaimRefusedError:
            self._step(order, f"{visit.day} no seat", _entering(visit, MISSING))

    def _remind(self, order: HourlyWorkOrder, now: datetime) -> bool:
        windows = order.next_period(now)
        if not windows:
            return False
        renewal = self._renewal(order, windows, now)
        return self._step(
            order,
            "reminded",
            lambda plan, by, at: plan.remind_of_renewal(renewal, by=by, at=at),
        )

    def _end(self, order: HourlyWorkOrder, now: datetime) -> bool:
        over = order.has_run_out(now) and order.can_end()
        return over and self._step(order, "expired", self._ending(EXPIRED))

    def _ending(self, reason_code: str) -> Step:
        return lambda plan, by, at: plan.end_plan(
            reason_code, list_price_fen(plan, self._tariffs), by=by, at=at
        )

    def _step(self, order: HourlyWorkOrder, name: str, do: Step) -> bool:
        """Do it, unless the plan has changed meanwhile: then a later try decides anew."""
        key, now = f"{order.id}:{order.version}:{name}", self._clock.now()
        command = Command(uuid5(_COMMANDS, key), "system:plans", "", now)

        def decide() -> Decision:
            plan = self._log.load(HourlyWorkOrder, order.id)
            if plan.version != order.version:
                return Decision([])
            do(plan, command.actor, command.at)
            return Decision([plan])

        self._log.run(command, decide)
        return True

    def _renewal(self, order: HourlyWorkOrder, windows: list[Window], now: datetime) -> Renewal:
        """The next period by the prices in force; visits of another length are quoted apart."""
        quotes = [
            self._quote(order, minutes, list(group), now)
            for minutes, group in groupby(sorted(windows, key=minutes_of), key=minutes_of)
        ]
        return Renewal(
            windows=windows,
            amount_fen=sum(each.total_fen for each in quotes),
            lines=[line.as_dict() for each in quotes for line in each.lines],
            price_book_version=quotes[0].price_book_version,
        )

    def _quote(
        self, order: HourlyWorkOrder, minutes: int, windows: Iterable[Window], now: datetime
    ) -> Quote:
        wish = Wish(
            service_code=order.service_code,
            district=order.contact["district"][:_COUNTY],
            windows=tuple(Interval(*bounds(each)) for each in windows),
            quantity=minutes,
            options=order.details["options"],
        )
        return quote(wish, self._tariffs.at(now), now)


def upkeep_deadline(order_id: UUID, at: datetime) -> Deadline:
    """What a plan needs, now and every day."""
    return Deadline("plan.upkeep", str(order_id), at)


def go_on_deadline(order_id: UUID, at: datetime) -> Deadline:
    """What a fact may leave to do, now."""
    return Deadline("plan.go_on", str(order_id), at)


def _without_seat(order: HourlyWorkOrder, now: datetime) -> list[int]:
    return [
        each.number
        for each in order.visits.values()
        if each.seats == MISSING and each.stage in NOT_BEGUN and each.starts_at > now
    ]


def _entering(occurrence: Occurrence, seats: str) -> Step:
    return lambda plan, by, at: plan.schedule_visits([occurrence], seats=seats, by=by, at=at)
