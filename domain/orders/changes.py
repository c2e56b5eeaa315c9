"""Changing or giving up what was agreed, and the policy that says what it costs."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from domain.errors import InvalidInputError
from domain.orders.windows import Window
from domain.sealed import check_sealed

UNPAID: Final = "unpaid"  # nobody paid in time: the order expires (超时关闭)
EMPTY_TRIP: Final = "empty_trip"  # somebody came for nothing (空跑)


@dataclass(frozen=True, kw_only=True)
class PolicyApplied:
    """Which version of a policy decided, and its steps in words."""

    version: int
    trace: list[str]

    def facts(self) -> dict[str, Any]:
        """The fields as an event names them."""
        return {"policy_version": self.version, "policy_trace": list(self.trace)}


@dataclass(frozen=True, kw_only=True)
class Rescheduling:
    """New windows and why; the policy says whether the change was free.

    Attributes:
        seats: the capacity the new windows hold; None where the order holds none.
        counted: whether it is one of the customer's changes, of which few are free.
        total_fen: the order's price in the new windows; None where it stays as it was.
        lines: the rule trace of that price, as in Booking.
    """

    windows: list[Window]
    reason_code: str
    policy: PolicyApplied
    seats: dict[str, Any] | None = None
    counted: bool = True
    total_fen: int | None = None
    lines: list[dict[str, Any]] | None = None

    def facts(self) -> dict[str, Any]:
        """The fields as an event names them."""
        facts = {name: fact for name, fact in vars(self).items() if name != "policy"}
        facts["windows"] = [dict(each) for each in self.windows]
        return facts | self.policy.facts()


@dataclass(frozen=True, kw_only=True)
class Cancellation:
    """Why an order ends undone and what of the money stays.

    Attributes:
        reason_code: a short name, e.g. "customer", "company", "no_show", "unpaid".
        fee_fen: kept of what was paid (违约金, 空跑费).
        fee_tax_class: "" where the fee bears no VAT.
        note: sealed words.
    """

    reason_code: str
    policy: PolicyApplied
    fee_fen: int = 0
    fee_tax_class: str = ""
    note: str = ""

    def facts(self) -> dict[str, Any]:
        """The fields as an event names them."""
        facts = asdict(self)
        del facts["policy"]
        return facts | self.policy.facts()


def check_cancellation(cancellation: Cancellation) -> None:
    """Check the form.

    Raises:
        InvalidInputError: no reason, a fee below 0, or a note in clear text.
    """
    if not cancellation.reason_code or cancellation.fee_fen < 0:
        raise InvalidInputError(field="cancellation")
    check_sealed(note=cancellation.note)
