"""Cleaning work (保洁作业): what only cleaning orders know, survey and rooms."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from application.commands import Command, Decision, Outcome
from application.dispatching import FieldReport
from application.log import Log
from domain.catalogue.price_book import price_book
from domain.catalogue.quotes import Quote, effort, quote
from domain.orders.cleaning import AreaReview, CleaningOrder
from domain.orders.windows import bounds


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was measured at the place; `consent` how the customer agreed to pay more."""

    area_tenths: int
    report: FieldReport
    consent: str = ""


class CleaningWork:
    """Commands on a cleaning order beside those that all orders share."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def review_area(self, order_id: UUID, survey: Survey, command: Command) -> Outcome:
        """Take the surveyed area (面积复核); the price follows it at the booked price book.

        Raises NotFoundError, WrongStageError where no survey is awaited, and
        InvalidInputError where more is to be paid without consent.
        """

        def decide() -> Decision:
            order = self._log.load(CleaningOrder, order_id)
            order.review_area(_review(order, survey), by=command.actor, at=command.at)
            return Decision([order], _answer(order))

        return self._log.run(command, decide)

    def inspect_room(
        self, order_id: UUID, room: str, report: FieldReport, command: Command, *, accepted: bool
    ) -> Outcome:
        """Accept a room or have it done again (逐间验收).

        Raises NotFoundError, WrongStageError, and InvalidInputError for no such room.
        """

        def decide() -> Decision:
            order = self._log.load(CleaningOrder, order_id)
            order.inspect_room(
                room,
                accepted=accepted,
                happened_at=report.happened_at,
                by=command.actor,
                at=command.at,
            )
            return Decision([order], _answer(order))

        return self._log.run(command, decide)


def _review(order: CleaningOrder, survey: Survey) -> AreaReview:
    priced = _price(order, survey.area_tenths)
    return AreaReview(
        area_tenths=survey.area_tenths,
        total_fen=priced.total_fen,
        lines=[line.as_dict() for line in priced.lines],
        happened_at=survey.report.happened_at,
        consent=survey.consent,
    )


def _price(order: CleaningOrder, area_tenths: int) -> Quote:
    """What the measured area would have cost at booking: same book, same start."""
    options: dict[str, str] = order.details.get("options", {})
    starts_at, _ = bounds(order.windows[0])
    needed = effort(order.service_code, area_tenths, options)
    return quote(
        order.service_code,
        area_tenths,
        options,
        window_start=starts_at,
        window_end=starts_at + timedelta(minutes=needed.duration_minutes),
        district=order.contact["district"],
        at=order.created_on,
        book=price_book(order.price_book_version),
    )


def _answer(order: CleaningOrder) -> dict[str, Any]:
    return {"order_id": str(order.id), "stage": order.stage}
