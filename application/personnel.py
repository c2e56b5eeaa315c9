"""Personnel (人员): staff accounts and workers, as the administrator keeps them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from application.access import (
    CredentialStore,
    Sessions,
    Subject,
    SubjectKind,
    check_password,
)
from application.commands import Command, Decision, Outcome
from application.log import Log
from application.logging_in import staff_id_of
from application.numbers import Numbers
from application.vault import KeyClass, Vault
from domain.errors import RuleViolationError
from domain.staff import Grant, Staff
from domain.workers import Engagement, Worker


class LoginNameTakenError(RuleViolationError):
    """Another account has the log-in name."""

    code = "login_name_taken"
    sentence = "该登录名已被使用。"


@dataclass(frozen=True, kw_only=True)
class NewWorker:
    """A worker in clear; name and phone are sealed before they are kept."""

    name: str
    phone: str
    skills: Sequence[str]
    districts: Sequence[str]


class Personnel:
    """Registers staff and workers."""

    def __init__(
        self,
        log: Log,
        vault: Vault,
        numbers: Numbers,
        credentials: CredentialStore,
        sessions: Sessions,
    ) -> None:
        self._log = log
        self._vault = vault
        self._numbers = numbers
        self._credentials = credentials
        self._sessions = sessions

    def register_staff(
        self,
        login_name: str,
        display_name: str,
        roles: Sequence[str],
        password: str,
        command: Command,
    ) -> Outcome:
        """Open an account with roles from now on; the answer holds staff_id.

        Raises LoginNameTakenError, WeakPasswordError, InvalidInputError.
        """
        check_password(password)
        staff_id = staff_id_of(login_name)

        def decide() -> Decision:
            if self._log.find(Staff, staff_id) is not None:
                raise LoginNameTakenError
            staff = Staff.register(
                staff_id, login_name, display_name, by=command.actor, at=command.at
            )
            for role in roles:
                staff.grant(_grant(role, command), by=command.actor, at=command.at)
            return Decision([staff], {"staff_id": str(staff_id)})

        outcome = self._log.run(command, decide)
        # After the append, so that a log-in name lost to another command keeps that
        # one's password; on a repeat only where the first try broke off before this.
        if not outcome.repeated or not self._credentials.has_password(staff_id):
            self._credentials.set_password(staff_id, password)
        return outcome

    def change_password(self, staff_id: UUID, password: str, command: Command) -> Outcome:
        """Set another password and end every session. Raises WeakPasswordError."""

        def decide() -> Decision:
            staff = self._log.load(Staff, staff_id)
            staff.change_password(by=command.actor, at=command.at)
            self._credentials.set_password(staff_id, password)
            self._sessions.revoke_all(Subject(SubjectKind.STAFF, staff_id))
            return Decision([staff])

        return self._log.run(command, decide)

    def grant(self, staff_id: UUID, role: str, command: Command) -> Outcome:
        """Give a role from now on; the answer holds grant_id."""
        given = _grant(role, command)

        def do(staff: Staff) -> None:
            staff.grant(given, by=command.actor, at=command.at)

        return self._on_staff(staff_id, do, {"grant_id": str(given.grant_id)}, command)

    def revoke(self, staff_id: UUID, grant_id: UUID, command: Command) -> Outcome:
        """Take a role back; it ends at once."""

        def do(staff: Staff) -> None:
            staff.revoke(grant_id, by=command.actor, at=command.at)

        return self._on_staff(staff_id, do, {}, command)

    def register_worker(self, new: NewWorker, command: Command) -> Outcome:
        """Engage a worker; the answer holds worker_id and the running number (工号)."""

        def decide() -> Decision:
            worker_id = uuid5(command.id, "worker")
            engagement = Engagement(
                number=self._numbers.next("worker"),
                name=self._vault.seal(worker_id, KeyClass.WORKER, new.name),
                phone=self._vault.seal(worker_id, KeyClass.WORKER, new.phone),
                skills=list(new.skills),
                districts=list(new.districts),
            )
            worker = Worker.register(worker_id, engagement, by=command.actor, at=command.at)
            return Decision([worker], {"worker_id": str(worker_id), "number": engagement.number})

        return self._log.run(command, decide)

    def _on_staff(
        self,
        staff_id: UUID,
        do: Callable[[Staff], None],
        answer: dict[str, str],
        command: Command,
    ) -> Outcome:
        def decide() -> Decision:
            staff = self._log.load(Staff, staff_id)
            do(staff)
            return Decision([staff], answer)

        return self._log.run(command, decide)


def _grant(role: str, command: Command) -> Grant:
    return Grant(
        grant_id=uuid5(command.id, f"grant:{role}"), role=role, unit="", from_at=command.at
    )
