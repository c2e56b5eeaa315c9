"""Hourly work (小时工): what booking asks of it, and what is done with a plan as a whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from application.claiming import run_claiming
from application.commands import Command, Decision, Outcome
from application.dispatching import fit_worker
from application.hourly_visits import VisitWorkers, load_plan
from application.lines import Asked, HomeVisit, Seal
from application.log import Log
from application.tariffs import Tariffs
from domain.catalogue.quotes import Effort, effort
from domain.errors import InvalidInputError
from domain.orders.hourly.order import LONG_TERM, SINGLE, HourlyWorkOrder
from domain.orders.hourly.plan_course import WorkerSwap
from domain.orders.hourly.plan_money import Settlement
from domain.orders.hourly.recurrence import Pattern, first_occurrences
from domain.orders.windows import Window, window
from domain.time import SHANGHAI, shanghai_day

_WEEKS: Final = 4


class HourlyLine(HomeVisit):
    """Single visits like any other; a plan agrees on every visit of its first period."""

    def windows(self, asked: Asked, needed: Effort, starts_at: datetime) -> list[Window]:
        """One window, or one for each visit of the first period."""
        if asked.service_code != LONG_TERM:
            if asked.form:
                raise InvalidInputError(field="plan")
            return super().windows(asked, needed, starts_at)
        visits = first_occurrences(_pattern(asked, needed, starts_at), _form(asked)["weeks"])
        return [window("service", each.time.starts_at, each.time.ends_at) for each in visits]

    def details(self, asked: Asked, needed: Effort, seal: Seal) -> dict[str, Any]:
        """With the plan, where it is one."""
        details = super().details(asked, needed, seal)
        if asked.service_code != LONG_TERM:
            return details
        form, pattern = _form(asked), _pattern(asked, needed, asked.starts_at)
        until, worker = _until(form, pattern), form.get("preferred_worker_id")
        return details | {
            "plan": {
                **pattern.as_plain(),
                "weeks": form["weeks"],
                "until": until.isoformat() if until else "",
                "flexible_days": form.get("flexible_days", 0),
                "preferred_worker_id": str(worker) if worker else "",
            }
        }


LINE: Final = HourlyLine(HourlyWorkOrder)


@dataclass(frozen=True, kw_only=True)
class PlanName:
    """Which plan; `customer_id` where it is the customer who asks."""

    order_id: UUID
    customer_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class PatternAsked:
    """Another pattern from `first_day` on; what is None stays as it is."""

    first_day: date
    reason_code: str
    weekdays: tuple[int, ...] | None = None
    start: str | None = None
    minutes: int | None = None


@dataclass(frozen=True, kw_only=True)
class SwapAsked:
    """Who is to come from a day on, and why."""

    worker_id: UUID
    first_day: date
    reason_code: str


class HourlyPlans:
    """Commands on a plan; each loads, commands, saves.

    Every method raises NotFoundError where there is no such plan, or not for this
    customer, and RuleViolationError kinds where its stage forbids it.
    """

    def __init__(self, log: Log, tariffs: Tariffs) -> None:
        self._log = log
        self._tariffs = tariffs
        self._workers = VisitWorkers(log=log)

    def change_pattern(self, name: PlanName, asked: PatternAsked, command: Command) -> Outcome:
        """From a day on the plan has another pattern (本次及以后).

        Raises InvalidInputError kinds, among them a length that is not sold.
        """

        def do(order: HourlyWorkOrder) -> None:
            pattern = self._changed(order, asked, command.at)
            by, at = command.actor, command.at
            order.change_pattern(pattern, reason_code=asked.reason_code, by=by, at=at)

        return self._on(name, command, do)

    def pause(
        self, name: PlanName, days: tuple[date, date], reason_code: str, command: Command
    ) -> Outcome:
        """No visits from the first to the last day, both included (暂停)."""
        by, at = command.actor, command.at
        return self._on(
            name,
            command,
            lambda order: order.pause(*days, reason_code=reason_code, by=by, at=at),
        )

    def resume(
        self, name: PlanName, first_day: date, reason_code: str, command: Command
    ) -> Outcome:
        """From a day on there are visits again (恢复)."""
        by, at = command.actor, command.at
        return self._on(
            name,
            command,
            lambda order: order.resume(first_day, reason_code=reason_code, by=by, at=at),
        )

    def swap_worker(self, name: PlanName, asked: SwapAsked, command: Command) -> Outcome:
        """From a day on another worker comes (换阿姨).

        Raises WorkerBusyError where one of the visits that go over finds them busy,
        and what `fit_worker` raises.
        """

        def do(order: HourlyWorkOrder) -> None:
            order.swap_worker(self._swap(order, asked), by=command.actor, at=command.at)

        return self._on(name, command, do)

    def settlement(self, name: PlanName, reason_code: str, at: datetime) -> Settlement:
        """What would go back if the plan ended now (终止试算); nothing is written."""
        order = load_plan(self._log, name.order_id, name.customer_id)
        return order.settlement(reason_code, list_price_fen(order, self._tariffs), at)

    def end(self, name: PlanName, reason_code: str, command: Command) -> Outcome:
        """End the plan; what is not used goes back (终止结算).

        Raises VisitUnderWayError while somebody is at work, NotPaidError while
        another charge is open.
        """
        by, at = command.actor, command.at
        return self._on(
            name,
            command,
            lambda order: order.end_plan(
                reason_code, list_price_fen(order, self._tariffs), by=by, at=at
            ),
        )

    def _on(
        self, name: PlanName, command: Command, do: Callable[[HourlyWorkOrder], object]
    ) -> Outcome:
        def decide() -> Decision:
            order = load_plan(self._log, name.order_id, name.customer_id)
            do(order)
            return Decision([order], {"order_id": str(order.id), "stage": order.stage})

        return run_claiming(self._log, command, decide)

    def _changed(self, order: HourlyWorkOrder, asked: PatternAsked, at: datetime) -> Pattern:
        plain = order.patterns[-1].as_plain() | {
            name: value
            for name in ("weekdays", "start", "minutes")
            if (value := getattr(asked, name)) is not None
        }
        pattern = Pattern.from_plain(plain | {"first_day": asked.first_day.isoformat()})
        sold = self._tariffs.at(at).service(order.service_code)
        effort(sold, quantity=pattern.minutes, items={}, options=order.details["options"])
        return pattern

    def _swap(self, order: HourlyWorkOrder, asked: SwapAsked) -> WorkerSwap:
        worker = fit_worker(self._log, order, asked.worker_id)
        given = {
            each.number: self._workers.assignment(order, each, worker.id)
            for each in order.given_from(asked.first_day)
        }
        return WorkerSwap(
            worker_id=worker.id,
            worker_number=worker.number,
            first_day=asked.first_day,
            reason_code=asked.reason_code,
            assignments=given,
        )


def list_price_fen(order: HourlyWorkOrder, tariffs: Tariffs) -> int:
    """What an hour costs without a plan, by the price book of the booking."""
    return tariffs.of(order.catalogue_revision, order.price_book_version).book.price(SINGLE)


def _form(asked: Asked) -> Mapping[str, Any]:
    """The plan that was filled in; without a length of its period it is four weeks."""
    if not asked.form:
        raise InvalidInputError(field="plan")
    return {"weeks": _WEEKS, **asked.form}


def _pattern(asked: Asked, needed: Effort, starts_at: datetime) -> Pattern:
    """Without weekdays it is the weekday of the first visit."""
    first = starts_at.astimezone(SHANGHAI)
    weekdays = _form(asked).get("weekdays") or [first.isoweekday()]
    return Pattern(
        weekdays=tuple(weekdays),
        start=first.time().replace(tzinfo=None),
        minutes=needed.duration_minutes,
        first_day=shanghai_day(starts_at),
    )


def _until(form: Mapping[str, Any], pattern: Pattern) -> date | None:
    """The last day of so many periods, or the day that was named."""
    until: date | None = form.get("until")
    if form.get("periods"):
        return pattern.first_day + timedelta(weeks=form["weeks"] * form["periods"], days=-1)
    return until
