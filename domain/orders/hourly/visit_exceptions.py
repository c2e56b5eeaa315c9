"""Exceptions of one visit (异常): entries of the plan's own list that name the visit."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from domain.orders.hourly.plan_facts import PlanFacts
from domain.orders.order_exceptions import ExceptionReport


class VisitExceptions(PlanFacts):
    """What goes wrong with one visit says nothing of the others."""

    def report_of_visit(
        self, number: int, report: ExceptionReport, *, by: str, at: datetime
    ) -> bool:
        """Report it of one visit, unless one of its kind is open there; whether it was reported.

        Raises: as `report_exception`.
        """
        if report.kind in self._open_of_visit(number).values():
            return False
        of_visit = replace(report, details={"visit": number, **report.details})
        self.report_exception(of_visit, by=by, at=at)
        return True

    def resolve_of_visit(
        self, number: int, kinds: Collection[str], resolution_code: str, *, by: str, at: datetime
    ) -> None:
        """Resolve every open exception of these kinds of one visit; none is no error."""
        for exception, kind in self._open_of_visit(number).items():
            if kind in kinds:
                self.resolve_exception(exception, resolution_code, by=by, at=at)

    def _open_of_visit(self, number: int) -> dict[int, str]:
        """The kinds of its open exceptions, by their number."""
        return {
            exception: kind
            for exception, kind in self.open_exceptions.items()
            if self.visit_exceptions.get(exception) == number
        }
