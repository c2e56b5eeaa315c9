"""Closing an account (注销账户): asked for, a time to think it over, personal data erased.

After the closing was asked for nothing new begins, so what is open can only
become less; once nothing is, the customer is erased and never comes back. The
same person may register again, as a new customer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.claims import Claim, ReleaseUnique
from domain.errors import InvalidInputError, RuleViolationError

IDENTITY_CLAIM: Final = "external_identity"
# So long may the customer think it over; the laws name no term (PIPL art. 47).
CLOSING_PERIOD: Final = timedelta(days=7)


class Standing(StrEnum):
    """Where a customer stands with us."""

    ACTIVE = "active"
    CLOSING = "closing"
    ERASED = "erased"


class AccountClosingError(RuleViolationError):
    """The account is being closed, so nothing new begins."""

    code = "account_closing"
    sentence = "账户正在注销中，不能进行此操作；如需继续使用，请先撤销注销申请。"


class AccountErasedError(RuleViolationError):
    """The account was closed and its personal data destroyed."""

    code = "account_erased"
    sentence = "该账户已注销，个人信息已删除。"


class NotClosingError(RuleViolationError):
    """No closing was asked for."""

    code = "not_closing"
    sentence = "该账户没有正在进行的注销申请。"


class ClosingPeriodError(RuleViolationError):
    """The time to think it over is not past."""

    code = "closing_period"
    sentence = "注销冷静期尚未结束。"


class ClosingCustomer(EventSourced):
    """The part of a customer that closes the account; Customer derives from it."""

    class Event(EventSourced.Event):
        """A fact about the customer."""

    class ClosingRequested(Event):
        """Deletion was asked for, by the customer or by staff for them (申请注销).

        Nothing new begins from here; nothing is erased before `closes_at`.
        """

        closes_at: datetime
        by: str
        reason_code: str

    class ClosingWithdrawn(Event):
        """The customer stays after all (撤销注销)."""

        by: str

    class Erased(Event):
        """The account is closed for ever (已注销); its keys are destroyed on account of this.

        `classes` of keys, see application.vault.KeyClass; `identities` are the
        keys of the claims that are free again.
        """

        classes: list[str]
        by: str
        reason_code: str
        identities: list[str]

        def claims(self) -> tuple[Claim, ...]:
            """The outer identities may register anew."""
            return tuple(ReleaseUnique(IDENTITY_CLAIM, key) for key in self.identities)

    def request_closing(self, reason_code: str, *, by: str, at: datetime) -> bool:
        """Ask for the deletion of all personal data.

        Returns:
            False if that was asked for before; the term goes on.

        Raises:
            AccountErasedError: it is done already.
            InvalidInputError: no reason.
        """
        self.check_not_erased()
        if not reason_code:
            raise InvalidInputError(field="reason_code")
        if self.standing == Standing.CLOSING:
            return False
        facts = {"closes_at": at + CLOSING_PERIOD, "by": by, "reason_code": reason_code}
        self.trigger_event(self.ClosingRequested, timestamp=at, **facts)
        return True

    def withdraw_closing(self, *, by: str, at: datetime) -> None:
        """Take the request back, as long as nothing is erased.

        Raises:
            NotClosingError: nothing was asked for.
            AccountErasedError: it is too late.
        """
        self._check_closing()
        self.trigger_event(self.ClosingWithdrawn, timestamp=at, by=by)

    def erase(self, classes: Sequence[str], *, by: str, at: datetime) -> None:
        """Close the account for ever; that nothing is open is for the caller to prove.

        Raises:
            NotClosingError, AccountErasedError: see withdraw_closing.
            ClosingPeriodError: the term is not over.
        """
        self._check_closing()
        if self.closes_at is None or at < self.closes_at:
            raise ClosingPeriodError
        facts = {
            "classes": list(classes),
            "by": by,
            "reason_code": self.closing_reason,
            "identities": list(self.identities),
        }
        self.trigger_event(self.Erased, timestamp=at, **facts)

    def check_active(self) -> None:
        """Raise AccountClosingError or AccountErasedError where nothing new may begin."""
        self.check_not_erased()
        if self.standing == Standing.CLOSING:
            raise AccountClosingError

    def check_not_erased(self) -> None:
        """Raise AccountErasedError where the person is gone."""
        if self.standing == Standing.ERASED:
            raise AccountErasedError

    def is_erased(self) -> bool:
        """Whether the account was closed for ever."""
        return bool(self.standing == Standing.ERASED)

    def _check_closing(self) -> None:
        self.check_not_erased()
        if self.standing != Standing.CLOSING:
            raise NotClosingError

    def _begin(self, identity: str) -> None:
        """How every customer begins, known by the key of one outer identity."""
        self.identities: tuple[str, ...] = (identity,)
        self._stand(Standing.ACTIVE)
        self.erased_at: datetime | None = None

    def _stand(
        self,
        standing: Standing,
        *,
        asked_at: datetime | None = None,
        closes_at: datetime | None = None,
        reason_code: str = "",
        version: int = 0,
    ) -> None:
        self.standing = standing
        self.closing_version = version
        self.closing_asked_at = asked_at
        self.closes_at = closes_at
        self.closing_reason = reason_code

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case ClosingCustomer.ClosingRequested():
                self._stand(
                    Standing.CLOSING,
                    asked_at=event.timestamp,
                    closes_at=event.closes_at,
                    reason_code=event.reason_code,
                    version=event.originator_version,
                )
            case ClosingCustomer.ClosingWithdrawn():
                self._stand(Standing.ACTIVE)
            case ClosingCustomer.Erased():
                self.standing = Standing.ERASED
                self.erased_at = event.timestamp
                self.erased_classes = event.classes
            case _:
                super().evolve(event)
