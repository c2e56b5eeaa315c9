"""Staff of the office (后台人员) and what they may do, by grants of roles."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.claims import Claim, TakeUnique
from domain.errors import InvalidInputError, NotFoundError, RuleViolationError
from domain.names import stored_as

ROLES: Final[dict[str, str]] = {
    "dispatcher": "调度",
    "finance": "财务",
    "administrator": "管理员",
}

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")


class GrantNotFoundError(NotFoundError):
    """There is no such grant in force."""

    code = "grant_not_found"
    sentence = "没有找到该授权。"


class StaffDisabledError(RuleViolationError):
    """The account is disabled already, or is not disabled."""

    code = "staff_disabled"
    sentence = "账号状态不允许此操作。"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A role in one unit ("" for all) from an instant until another (None: open)."""

    grant_id: UUID
    role: str
    unit: str
    from_at: datetime
    until_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it is in force in [from_at, until_at)."""
        return self.from_at <= at and (self.until_at is None or at < self.until_at)


@stored_as("staff")
class Staff(EventSourced):
    """One member of staff; secrets of the log-in are not in the log."""

    class Event(EventSourced.Event):
        """A fact about the account; `by` stated it."""

        by: str

    class Registered(Event, EventSourced.Opened):
        """An account was opened; `login_name` is in lower case."""

        login_name: str
        display_name: str

        def claims(self) -> tuple[Claim, ...]:
            """A log-in name is one person's for ever."""
            return (TakeUnique("staff_login", self.login_name),)

    class Granted(Event):
        """A role was given (授权)."""

        grant_id: UUID
        role: str
        unit: str
        from_at: datetime
        until_at: datetime | None = None

    class Revoked(Event):
        """A grant was taken back (撤销授权)."""

        grant_id: UUID

    class PasswordChanged(Event):
        """The password is another one; neither is in the log."""

    class Disabled(Event):
        """The account gives no access (停用)."""

        reason_code: str

    class Enabled(Event):
        """The account gives access again (启用)."""

    @classmethod
    def register(
        cls, staff_id: UUID, login_name: str, display_name: str, *, by: str, at: datetime
    ) -> Self:
        """Open an account without any role.

        Raises:
            InvalidInputError: the log-in name is not 2–32 of a–z 0–9 . _ -, or
                no display name.
        """
        login = login_name.strip().lower()
        if not _LOGIN.fullmatch(login) or not display_name.strip():
            raise InvalidInputError(field="login_name")
        facts = {"login_name": login, "display_name": display_name.strip()}
        return cls._create(cls.Registered, id=staff_id, timestamp=at, by=by, **facts)

    def grant(self, grant: Grant, *, by: str, at: datetime) -> None:
        """Give a role.

        Raises:
            InvalidInputError: unknown role, used id, or an end before the start.
        """
        if grant.role not in ROLES or grant.grant_id in self.grants:
            raise InvalidInputError(field="role")
        if grant.until_at is not None and grant.until_at <= grant.from_at:
            raise InvalidInputError(field="until_at")
        self.trigger_event(self.Granted, timestamp=at, by=by, **asdict(grant))

    def revoke(self, grant_id: UUID, *, by: str, at: datetime) -> None:
        """Take a grant back.

        Raises:
            GrantNotFoundError: it was never given, or is taken back.
        """
        if grant_id not in self.grants:
            raise GrantNotFoundError
        self.trigger_event(self.Revoked, timestamp=at, by=by, grant_id=grant_id)

    def change_password(self, *, by: str, at: datetime) -> None:
        """State that the password changed."""
        self.trigger_event(self.PasswordChanged, timestamp=at, by=by)

    def disable(self, reason_code: str, *, by: str, at: datetime) -> None:
        """End access at once; grants stay on record.

        Raises:
            StaffDisabledError: it is disabled.
        """
        if self.disabled:
            raise StaffDisabledError
        self.trigger_event(self.Disabled, timestamp=at, by=by, reason_code=reason_code)

    def enable(self, *, by: str, at: datetime) -> None:
        """Give access again, with the grants in force.

        Raises:
            StaffDisabledError: it is not disabled.
        """
        if not self.disabled:
            raise StaffDisabledError
        self.trigger_event(self.Enabled, timestamp=at, by=by)

    def roles(self, at: datetime) -> frozenset[str]:
        """The roles in force at that instant, in whichever unit; none if disabled."""
        if self.disabled:
            return frozenset()
        return frozenset(grant.role for grant in self.grants.values() if grant.holds(at))

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case Staff.Registered():
                self.login_name = event.login_name
                self.display_name = event.display_name
                self.disabled = False
                self.grants: dict[UUID, Grant] = {}
            case Staff.Granted():
                self.grants[event.grant_id] = _grant(event)
            case Staff.Revoked():
                del self.grants[event.grant_id]
            case Staff.Disabled():
                self.disabled = True
            case Staff.Enabled():
                self.disabled = False
            case Staff.PasswordChanged():
                pass
            case _:
                super().evolve(event)


def _grant(given: Staff.Granted) -> Grant:
    return Grant(
        grant_id=given.grant_id,
        role=given.role,
        unit=given.unit,
        from_at=given.from_at,
        until_at=given.until_at,
    )
