"""Cleaning (保洁): 日常保洁, 新居开荒 and 擦玻璃."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.errors import InvalidInputError, RuleViolationError
from domain.names import stored_as
from domain.orders.booking import ONLINE, Booking, OrderedWork
from domain.orders.order_money import AREA_DIFFERENCE, PriceDifference
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import HOME_VISIT, Stage, Transitions
from domain.orders.windows import check_happened

REGULAR: Final = "BJ-01"  # 日常保洁
NEW_HOME: Final = "BJ-02"  # 新居开荒
WINDOWS: Final = "BJ-03"  # 擦玻璃

_WINDOW_CLEANING: Final[Transitions] = {
    **HOME_VISIT,
    Stage.ARRIVED: frozenset({Stage.SAFETY_CONFIRMED}),
    Stage.SAFETY_CONFIRMED: frozenset({Stage.IN_SERVICE}),
}
_TRANSITIONS: Final[Mapping[str, Transitions]] = {
    REGULAR: HOME_VISIT,
    NEW_HOME: HOME_VISIT,
    WINDOWS: _WINDOW_CLEANING,
}


class RoomsNotAcceptedError(RuleViolationError):
    """A room of a new home is not accepted yet (逐间验收)."""

    code = "rooms_not_accepted"
    sentence = "还有房间未通过验收。"


@dataclass(frozen=True, kw_only=True)
class AreaReview:
    """What a survey measured, and the price of that area in the order's price book.

    Attributes:
        area_tenths: the measured area in tenths of ㎡.
        total_fen: the price of the whole order by this area.
        lines: its rule trace, as in Booking.
        consent: how the customer agreed; needed where the price rises.
    """

    area_tenths: int
    total_fen: int
    lines: list[dict[str, Any]]
    happened_at: datetime
    consent: str = ""


@stored_as("cleaning_order")
class CleaningOrder(ServiceOrder):
    """An order for cleaning.

    `details`: whatever the price was asked by; for 新居开荒 also "survey" (bool,
    勘测) and "rooms" (list of names, for 逐间验收), both optional.
    """

    class AreaReviewed(ServiceOrder.Event):
        """A survey measured the home (面积复核); the price follows it."""

        area_tenths: int
        total_fen: int
        lines: list[dict[str, Any]]
        happened_at: datetime

    class RoomInspected(ServiceOrder.Event):
        """A room was accepted or has to be done again (逐间验收)."""

        room: str
        accepted: bool
        happened_at: datetime
        note: str = ""

    @classmethod
    def book(cls, order_id: UUID, booking: Booking, *, by: str, at: datetime) -> Self:
        """Book a cleaning; online it awaits payment, else the call back.

        Raises:
            InvalidInputError: see booking.check_booking; or not a cleaning service.
        """
        if booking.service_code not in _TRANSITIONS:
            raise InvalidInputError(field="service_code")
        _check_details(booking.details)
        return cls._book(order_id, booking, by=by, at=at)

    def review_area(self, review: AreaReview, *, by: str, at: datetime) -> None:
        """Take the surveyed area; the price's difference is charged or goes back.

        A reservation has no online money, so there it is only stated.

        Raises:
            WrongStageError: no survey is awaited.
            InvalidInputError: no area, a price below 1 fen or other than its
                lines, or a higher price without consent.
        """
        self.check_stage({Stage.AWAITING_SURVEY})
        check_happened(review.happened_at, at)
        difference_fen = review.total_fen - self.price_fen
        _check_review(review, difference_fen)
        self._state(self.AreaReviewed, at, by, Stage.AREA_REVIEWED, **_facts(review))
        if self.payment_mode == ONLINE:
            difference = PriceDifference(
                amount_fen=difference_fen,
                reason_code=AREA_DIFFERENCE,
                consent=review.consent,
                reasons=("面积复核退差",),
            )
            self.settle_difference(difference, by=by, at=at)

    def inspect_room(
        self, room: str, *, accepted: bool, happened_at: datetime, by: str, at: datetime
    ) -> None:
        """Accept a room, or have it done again; the last word counts.

        Raises:
            WrongStageError: the order does not await inspection.
            InvalidInputError: the order has no such room.
        """
        self.check_stage({Stage.AWAITING_INSPECTION})
        if room not in self.details.get("rooms", []):
            raise InvalidInputError(field="room")
        check_happened(happened_at, at)
        facts = {"room": room, "accepted": accepted, "happened_at": happened_at}
        self._state(self.RoomInspected, at, by, self.stage, **facts)

    def transitions(self) -> Transitions:
        """Which stages the field may report after which."""
        return _TRANSITIONS[self.service_code]

    def ordered_work(self) -> OrderedWork | None:
        """The surveyed area, where there was a survey."""
        if self.payment_mode != ONLINE:
            return None
        booked = OrderedWork.booked(self.details)
        return replace(booked, quantity=self.area_tenths) if self.area_tenths else booked

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case CleaningOrder.Booked():
                super().evolve(event)
                self.area_tenths = 0
                self.rooms: dict[str, bool] = {}
            case CleaningOrder.AreaReviewed():
                self.stage = event.stage
                self.area_tenths = event.area_tenths
                self.price_fen = event.total_fen
            case CleaningOrder.RoomInspected():
                self.stage = event.stage
                self.rooms[event.room] = event.accepted
            case _:
                super().evolve(event)

    def _stage_when_settled(self) -> str:
        surveyed = self.service_code == NEW_HOME and self.details.get("survey")
        return Stage.AWAITING_SURVEY if surveyed else Stage.AWAITING_ASSIGNMENT

    def _check_inspected(self, by: str) -> None:
        """A person accepts every room; the 24-hour rule only needs none refused."""
        refused = not all(self.rooms.values())
        missing = set(self.details.get("rooms", [])) - set(self.rooms)
        if refused or (missing and not by.startswith("system:")):
            raise RoomsNotAcceptedError


def _facts(review: AreaReview) -> dict[str, Any]:
    return {name: fact for name, fact in vars(review).items() if name != "consent"}


def _check_details(details: dict[str, Any]) -> None:
    rooms = details.get("rooms", [])
    if not isinstance(rooms, list) or len(set(rooms)) < len(rooms):
        raise InvalidInputError(field="rooms")


def _check_review(review: AreaReview, difference_fen: int) -> None:
    if review.area_tenths < 1 or review.total_fen < 1:
        raise InvalidInputError(field="area")
    if review.total_fen != sum(line["amount_fen"] for line in review.lines):
        raise InvalidInputError(field="total_fen")
    if difference_fen > 0 and not review.consent:
        raise InvalidInputError(field="consent")
