"""Keeping workers (人员管理): what they can do, and whether they are given work."""

from collections.abc import Callable, Sequence
from uuid import UUID

from application.commands import Command, Decision, Outcome
from application.log import Log
from domain.workers import Worker


class WorkerKeeping:
    """Commands on a worker; the answer holds worker_id and status.

    Every method raises NotFoundError where there is no such worker. What they are
    rostered for and can no longer do ends by a policy of the roster.
    """

    def __init__(self, log: Log) -> None:
        self._log = log

    def change_skills(
        self, worker_id: UUID, skills: Sequence[str], districts: Sequence[str], command: Command
    ) -> Outcome:
        """Replace skills and districts. Raises WorkerNotActiveError, InvalidInputError."""
        by, at = command.actor, command.at
        return self._on(
            worker_id,
            command,
            lambda worker: worker.change_skills(list(skills), list(districts), by=by, at=at),
        )

    def suspend(self, worker_id: UUID, reason_code: str, command: Command) -> Outcome:
        """Give no new work (停派). Raises WorkerNotActiveError."""
        by, at = command.actor, command.at
        return self._on(
            worker_id, command, lambda worker: worker.suspend(reason_code, by=by, at=at)
        )

    def reinstate(self, worker_id: UUID, command: Command) -> Outcome:
        """Give work again (恢复). Raises WorkerNotSuspendedError."""
        by, at = command.actor, command.at
        return self._on(worker_id, command, lambda worker: worker.reinstate(by=by, at=at))

    def leave(self, worker_id: UUID, reason_code: str, command: Command) -> Outcome:
        """End the engagement for good (离职). Raises WorkerNotActiveError."""
        by, at = command.actor, command.at
        return self._on(worker_id, command, lambda worker: worker.leave(reason_code, by=by, at=at))

    def _on(self, worker_id: UUID, command: Command, do: Callable[[Worker], None]) -> Outcome:
        def decide() -> Decision:
            worker = self._log.load(Worker, worker_id)
            do(worker)
            return Decision([worker], {"worker_id": str(worker.id), "status": worker.status})

        return self._log.run(command, decide)
