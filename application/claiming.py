"""Commands that take seats or people: what of the log's refusals a person is told."""

from collections.abc import Callable

from application.capacity import SlotFullError
from application.commands import ClaimRefusedError, Command, Decision, Outcome
from application.log import Log
from domain.errors import RuleViolationError


class WorkerBusyError(RuleViolationError):
    """The worker has other work or leave in that interval, travel included."""

    code = "worker_busy"
    sentence = "该服务人员在此时间段已有安排（含路途时间）。"


def run_claiming(log: Log, command: Command, decide: Callable[[], Decision]) -> Outcome:
    """Run the command.

    Raises WorkerBusyError or SlotFullError where others hold what it takes, and
    what `decide` raises.
    """
    try:
        return log.run(command, decide)
    except ClaimRefusedError as refused:
        if refused.kind == "worker":
            raise WorkerBusyError(claim=refused.claim) from refused
        if refused.kind == "seats":
            raise SlotFullError(claim=refused.claim) from refused
        raise
