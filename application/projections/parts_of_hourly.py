"""The parts of a long-term plan (小时工长期): the plan itself and each of its visits."""

from datetime import datetime
from typing import Any, Final

from application.projections.order_parts import projection, put
from application.projections.projection import Recorded
from application.projections.rows import Rows
from domain.orders.hourly.order import LONG_TERM, HourlyWorkOrder
from domain.orders.hourly.visits import MISSING
from domain.orders.stages import Stage
from domain.orders.windows import Window, bounds

_PLAN: Final = "plan"


@projection.handles
def open_plan(rows: Rows, recorded: Recorded) -> None:
    """What was agreed of a plan; a single visit has no parts."""
    event: HourlyWorkOrder.Booked = recorded.event
    if "plan" in event.details:
        terms = event.details["plan"]
        put(rows, event, _PLAN, kind="plan", label="长期计划", stage=event.stage, facts=terms)


@projection.handles
def schedule(rows: Rows, recorded: Recorded) -> None:
    """New visits; one without a seat is for the dispatcher to see (待确认)."""
    event: HourlyWorkOrder.VisitsScheduled = recorded.event
    put(rows, event, _PLAN, stage=event.stage)
    for each in event.visits:
        put(
            rows,
            event,
            _part(each["visit"]),
            kind="visit",
            label=f"第 {each['visit']} 次",
            stage=Stage.SCHEDULED.value,
            facts={"day": each["day"], "to_confirm": each["seats"] == MISSING},
            **_times(each["window"]),
        )


@projection.handles
def put_in_charge(rows: Rows, recorded: Recorded) -> None:
    """Who comes."""
    event: HourlyWorkOrder.VisitAssigned | HourlyWorkOrder.VisitReassigned = recorded.event
    values = {"stage": event.visit_stage, "worker_number": event.worker_number}
    put(rows, event, _part(event.visit), facts={"to_confirm": False}, **values)


@projection.handles
def follow_visit(rows: Rows, recorded: Recorded) -> None:
    """The visit stands elsewhere."""
    event: HourlyWorkOrder.VisitProgressed = recorded.event
    put(rows, event, _part(event.visit), stage=event.visit_stage)


@projection.handles
def free_visit(rows: Rows, recorded: Recorded) -> None:
    """Nobody comes: given back, skipped or cancelled."""
    event: HourlyWorkOrder.VisitDeclined = recorded.event
    put(rows, event, _part(event.visit), stage=event.visit_stage, worker_number=None)


@projection.handles
def move_visit(rows: Rows, recorded: Recorded) -> None:
    """Another time for one visit."""
    event: HourlyWorkOrder.VisitRescheduled = recorded.event
    put(
        rows,
        event,
        _part(event.visit),
        stage=event.visit_stage,
        worker_number=None,
        facts={"moved": True, "to_confirm": event.seats == MISSING},
        **_times(event.window),
    )


@projection.handles
def seat_visit(rows: Rows, recorded: Recorded) -> None:
    """The visit has a seat after all."""
    event: HourlyWorkOrder.VisitSeated = recorded.event
    put(rows, event, _part(event.visit), facts={"to_confirm": False})


@projection.handles
def change_pattern(rows: Rows, recorded: Recorded) -> None:
    """Another pattern; the visits given up are cancelled."""
    event: HourlyWorkOrder.PatternChanged = recorded.event
    names = ("weekdays", "start", "minutes")
    terms = {name: getattr(event, name) for name in names} | {"changed_from": event.first_day}
    put(rows, event, _PLAN, stage=event.stage, facts=terms)
    _give_up(rows, event, event.visits)


@projection.handles
def pause(rows: Rows, recorded: Recorded) -> None:
    """No visits for a while."""
    event: HourlyWorkOrder.PlanPaused = recorded.event
    facts = {"paused": {"first_day": event.first_day, "last_day": event.last_day}}
    put(rows, event, _PLAN, stage=event.stage, facts=facts)
    _give_up(rows, event, event.visits)


@projection.handles
def resume(rows: Rows, recorded: Recorded) -> None:
    """Visits again."""
    event: HourlyWorkOrder.PlanResumed = recorded.event
    put(rows, event, _PLAN, stage=event.stage, facts={"paused": None})


@projection.handles
def swap_worker(rows: Rows, recorded: Recorded) -> None:
    """Another worker for the visits that went over."""
    event: HourlyWorkOrder.WorkerSwapped = recorded.event
    put(rows, event, _PLAN, facts={"preferred_worker_id": str(event.worker_id)})
    stage, number = Stage.AWAITING_ACCEPTANCE.value, event.worker_number
    for each in event.visits:
        put(rows, event, _part(each["visit"]), stage=stage, worker_number=number)


@projection.handles
def remind(rows: Rows, recorded: Recorded) -> None:
    """The next period awaits its money; the charge to pay is named."""
    event: HourlyWorkOrder.RenewalReminded = recorded.event
    renewal = {
        "charge_number": event.charge_number,
        "visits": event.visits,
        "amount_fen": event.amount_fen,
        "lines": event.lines,
        "pay_by": event.pay_by.isoformat(),
    }
    put(rows, event, _PLAN, facts={"visits_left": event.visits_left, "renewal": renewal})


@projection.handles
def renew(rows: Rows, recorded: Recorded) -> None:
    """The next period is paid."""
    event: HourlyWorkOrder.PlanRenewed = recorded.event
    put(rows, event, _PLAN, facts={"period": event.period, "renewal": None})


@projection.handles
def end(rows: Rows, recorded: Recorded) -> None:
    """The plan is over; how it was settled."""
    event: HourlyWorkOrder.PlanEnded = recorded.event
    settled = {
        "used_minutes": event.used_minutes,
        "used_fen": event.used_fen,
        "refund_fen": event.refund_fen,
        "reasons": event.policy_trace,
    }
    put(rows, event, _PLAN, stage=event.stage, facts={"settlement": settled})
    _give_up(rows, event, event.visits)


@projection.handles
def close_plan(rows: Rows, recorded: Recorded) -> None:
    """The order came to its end; a single visit has no parts."""
    event: HourlyWorkOrder.Completed | HourlyWorkOrder.Cancelled = recorded.event
    if event.service_code == LONG_TERM:
        put(rows, event, _PLAN, stage=event.stage)


def _give_up(rows: Rows, event: Any, visits: list[int]) -> None:  # noqa: ANN401 - one of the events above
    stage = Stage.CANCELLED.value
    for number in visits:
        put(rows, event, _part(number), stage=stage, worker_number=None)


def _part(number: int) -> str:
    return f"visit-{number:04d}"


def _times(time: Window) -> dict[str, datetime]:
    starts_at, ends_at = bounds(time)
    return {"starts_at": starts_at, "ends_at": ends_at}
