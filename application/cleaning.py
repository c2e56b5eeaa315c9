"""Cleaning work (保洁作业): what only cleaning orders know, survey and rooms."""

from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from application.commands import Command, Decision, Outcome
from application.dispatching import FieldReport
from application.lines import Asked, HomeVisit, Seal
from application.log import Log
from application.tariffs import Tariffs
from domain.catalogue.quotes import Effort
from domain.orders.booking import OrderedWork
from domain.orders.cleaning import AreaReview, CleaningOrder
from domain.orders.date_prices import price_of
from domain.orders.windows import bounds


class CleaningLine(HomeVisit):
    """Cleaning: a new home may be surveyed first, and accepted room by room."""

    def details(self, asked: Asked, needed: Effort, seal: Seal) -> dict[str, Any]:
        """With the rooms and the wish for a survey, where there are any."""
        asked_of_it = {
            name: asked.form[name] for name in ("rooms", "survey") if asked.form.get(name)
        }
        return super().details(asked, needed, seal) | asked_of_it


LINE: Final = CleaningLine(CleaningOrder)


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was measured at the place; `consent` how the customer agreed to pay more."""

    area_tenths: int
    report: FieldReport
    consent: str = ""


class CleaningWork:
    """Commands on a cleaning order beside those that all orders share."""

    def __init__(self, log: Log, tariffs: Tariffs) -> None:
        self._log = log
        self._tariffs = tariffs

    def review_area(self, order_id: UUID, survey: Survey, command: Command) -> Outcome:
        """Take the surveyed area (面积复核); the price follows it at the booked price book.

        Raises NotFoundError, WrongStageError where no survey is awaited, and
        InvalidInputError where more is to be paid without consent.
        """

        def decide() -> Decision:
            order = self._log.load(CleaningOrder, order_id)
            order.review_area(self._review(order, survey), by=command.actor, at=command.at)
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

    def _review(self, order: CleaningOrder, survey: Survey) -> AreaReview:
        tariff = self._tariffs.of(order.catalogue_revision, order.price_book_version)
        work = replace(OrderedWork.booked(order.details), quantity=survey.area_tenths)
        starts_at, _ = bounds(order.priced_windows[0])
        priced = price_of(order, work, tariff, starts_at)
        return AreaReview(
            area_tenths=survey.area_tenths,
            total_fen=priced.total_fen,
            lines=priced.lines,
            happened_at=survey.report.happened_at,
            consent=survey.consent,
        )


def _answer(order: CleaningOrder) -> dict[str, Any]:
    return {"order_id": str(order.id), "stage": order.stage}
