"""Policies of the roster (排班规则): who cannot serve any more gives no seats."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from application.commands import Command, Decision
from application.log import Log
from application.policies import Services
from application.policy import Desk, Policy, Start, policy_command
from application.projections.projection import Recorded
from domain.errors import RuleViolationError
from domain.shifts import ROSTERED_AHEAD, Shift, check_fit, shift_id
from domain.time import shanghai_day
from domain.workers import Worker


def _unfit_shifts_end(services: Services, desk: Desk, recorded: Recorded) -> None:
    command = policy_command(unfit_shifts_end.name, recorded, desk.clock.now())
    worker_id = recorded.event.originator_id
    services.log.run(command, lambda: _withdraw_unfit(services.log, worker_id, command))


def _late_shift_ends(services: Services, desk: Desk, recorded: Recorded) -> None:
    """Who planned the shift may have looked at the worker just before the suspension."""
    event: Shift.Rostered = recorded.event
    log = services.log
    worker, shift = log.load(Worker, event.worker_id), log.load(Shift, event.originator_id)
    if _why_unfit(worker, shift):
        command = policy_command(late_shift_ends.name, recorded, desk.clock.now())
        log.run(command, lambda: _withdraw_unfit(log, event.worker_id, command))


def _withdraw_unfit(log: Log, worker_id: UUID, command: Command) -> Decision:
    """End the shifts from today on that the worker could not be given now."""
    worker, ended = log.load(Worker, worker_id), []
    for shift in _shifts_ahead(log, worker_id, shanghai_day(command.at)):
        reason = _why_unfit(worker, shift)
        if reason:
            shift.withdraw(reason, by=command.actor, at=command.at)
            ended.append(shift)
    return Decision(ended)


def _shifts_ahead(log: Log, worker_id: UUID, today: date) -> Iterator[Shift]:
    for ahead in range(ROSTERED_AHEAD.days + 1):
        shift = log.find(Shift, shift_id(worker_id, today + timedelta(days=ahead)))
        if shift is not None:
            yield shift


def _why_unfit(worker: Worker, shift: Shift) -> str:
    """The code of the rule that forbids the shift; empty where none does."""
    if shift.duty is None:
        return ""
    try:
        check_fit(worker, shift.duty)
    except RuleViolationError as refusal:
        return refusal.code
    return ""


unfit_shifts_end = Policy("unfit_shifts_end", Start.BEGINNING, _unfit_shifts_end)
late_shift_ends = Policy("late_shift_ends", Start.BEGINNING, _late_shift_ends)
