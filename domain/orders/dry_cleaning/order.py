"""Dry-cleaning (上门干洗): 衣物, 鞋 and 家纺, collected, washed and brought back.

The order stands where its slowest garment stands. Two trips are agreed, the
pick-up (取件) and the return (送回), each with a driver of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

from domain.capacity import HeldSeats, held_seats
from domain.customers import check_contact
from domain.errors import InvalidInputError, RuleViolationError
from domain.names import stored_as
from domain.orders.assignment import Assignment, check_assignment
from domain.orders.booking import Booking
from domain.orders.changes import Cancellation, PolicyApplied
from domain.orders.dry_cleaning.garment_work import GarmentWork
from domain.orders.dry_cleaning.garments import SETTLED, SLOWEST_FIRST
from domain.orders.errors import WindowError
from domain.orders.rescheduling_policy import NO_FEE_RULES
from domain.orders.stages import RESCHEDULABLE, Stage, Transitions
from domain.orders.windows import Window, bounds, check_windows
from domain.sealed import check_sealed

PICKUP: Final = "pickup"  # 取件
RETURN: Final = "return"  # 送回

# So long at least a laundry needs from the end of the pick-up (catalogue sheet d1).
WASHING_TIME: Final[Mapping[str, timedelta]] = {
    "GX-01": timedelta(days=3),  # 衣物
    "GX-02": timedelta(days=3),  # 鞋
    "GX-03": timedelta(days=4),  # 家纺
}
_AT_HOME: Final = frozenset({Stage.DELIVERED, *SETTLED})
RETURN_AHEAD: Final = frozenset(SLOWEST_FIRST) - _AT_HOME


class GarmentsCollectedError(RuleViolationError):
    """The garments are in the company's hands; it can only refuse to wash some."""

    code = "garments_collected"
    sentence = "衣物已取走，订单不能取消；不洗的衣物请办理拒洗退回。"


class ReturnTooSoonError(WindowError):
    """The laundry needs longer than from the pick-up to the agreed return."""

    code = "return_too_soon"
    sentence = "送回时间须在取件结束至少 {days} 天后。"


@stored_as("dry_cleaning_order")
class DryCleaningOrder(GarmentWork):
    """An order for dry-cleaning.

    `details`: "items" (base units by item code); optional "item_remarks" (sealed
    words by item), "declared_values_fen" (保价 of one garment, by item) and
    "return_contact" (as Booking.contact, where the return goes elsewhere).
    """

    WINDOW_PURPOSES = (PICKUP, RETURN)
    COMPLETABLE = SETTLED
    RESCHEDULING_RULES = NO_FEE_RULES
    WAITED_FOR = frozenset(
        {Stage.AWAITING_ASSIGNMENT, Stage.AWAITING_ACCEPTANCE, Stage.AWAITING_PICKUP}
    )

    @classmethod
    def book(cls, order_id: UUID, booking: Booking, *, by: str, at: datetime) -> Self:
        """Book a dry-cleaning; it awaits its payment.

        Raises:
            InvalidInputError: see booking.check_booking; or not a dry-cleaning service,
                no items, or malformed details.
            ReturnTooSoonError: the laundry needs longer.
        """
        if booking.service_code not in WASHING_TIME:
            raise InvalidInputError(field="service_code")
        _check_details(booking.details)
        for windows in (booking.windows, *(booking.alternatives or [])):
            _check_gap(booking.service_code, windows)
        return cls._book(order_id, booking, by=by, at=at)

    # -- the two trips

    def windows_to_cover(self, windows: Sequence[Window] | None = None) -> Sequence[Window]:
        """The pick-up; the return has its own driver, see `assign_return`."""
        agreed = self.windows if windows is None else windows
        return [_window_for(agreed, PICKUP)]

    def check_new_windows(self, windows: Sequence[Window], at: datetime) -> None:
        """Other windows before the pick-up.

        Raises:
            ReturnTooSoonError: the laundry needs longer.
            WrongStageError, WindowError: see ServiceOrder.check_new_windows.
        """
        super().check_new_windows(windows, at)
        _check_gap(self.service_code, windows)

    def reschedule_return(
        self, back: Window, *, reason_code: str, policy: PolicyApplied, by: str, at: datetime
    ) -> None:
        """Agree another return window until the garments are delivered; its driver is free.

        Raises:
            WrongStageError: they are delivered, or the order is closed.
            WindowError, ReturnTooSoonError: the new time is not possible.
        """
        self.check_stage(RESCHEDULABLE | RETURN_AHEAD)
        check_windows([back], [RETURN], at, self.AHEAD)
        windows = [dict(_window_for(self.windows, PICKUP)), dict(back)]
        _check_gap(self.service_code, windows)
        facts = {
            "windows": windows,
            "seats": self._seats_ahead(windows),
            "reason_code": reason_code,
            "releases": list(self.held_for_return),
            **policy.facts(),
        }
        self._state(self.ReturnRescheduled, at, by, self.stage, **facts)

    def assign_return(self, assignment: Assignment, *, by: str, at: datetime) -> None:
        """Give the return trip to a driver; who had it before is free.

        Raises:
            WrongStageError: nothing is collected yet, or all is delivered.
            IntervalTooShortError, InvalidInputError: see check_assignment.
        """
        self.check_stage(RETURN_AHEAD)
        check_assignment(assignment, [_window_for(self.windows, RETURN)])
        facts = {"releases": list(self.held_for_return), **assignment.facts()}
        self._state(self.ReturnAssigned, at, by, self.stage, **facts)

    # -- where the order goes

    def transitions(self) -> Transitions:
        """None: the field reports garment by garment, see `advance`."""
        return {}

    def _stage_when_accepted(self) -> str:
        return Stage.AWAITING_PICKUP

    def _check_cancellable(self, why: Cancellation) -> None:
        super()._check_cancellable(why)
        if self.garments:
            raise GarmentsCollectedError

    def _seats_ahead(self, windows: Sequence[Window]) -> HeldSeats | None:
        """Seats for the trips still ahead; an order that held none goes on without."""
        if self.seats is None:
            return None
        ahead = windows[1:] if self.garments else windows
        crew: int = self.seats["seats"]
        return held_seats(self.service_code, self.contact["district"], ahead, crew)


def return_district(order: DryCleaningOrder) -> str:
    """Where the return goes: elsewhere, or whence the garments came."""
    back: dict[str, str] = order.details.get("return_contact") or order.contact
    return back["district"]


def _window_for(windows: Sequence[Window], purpose: str) -> Window:
    for each in windows:
        if each.get("purpose") == purpose:
            return each
    raise WindowError(purpose=purpose)


def _check_gap(service_code: str, windows: Sequence[Window]) -> None:
    """The return begins when the laundry can be ready."""
    _, collected_by = bounds(_window_for(windows, PICKUP))
    returned_from, _ = bounds(_window_for(windows, RETURN))
    needed = WASHING_TIME[service_code]
    if returned_from < collected_by + needed:
        raise ReturnTooSoonError(days=needed.days)


def _check_details(details: dict[str, Any]) -> None:
    items = details.get("items")
    if not isinstance(items, dict) or not items or not all(map(_is_count, items.values())):
        raise InvalidInputError(field="items")
    remarks = details.get("item_remarks", {})
    values = details.get("declared_values_fen", {})
    if (remarks.keys() | values.keys()) - items.keys():
        raise InvalidInputError(field="items")
    check_sealed(**remarks)
    if not all(map(_is_count, values.values())):
        raise InvalidInputError(field="declared_values_fen")
    if details.get("return_contact"):
        check_contact(details["return_contact"])


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
